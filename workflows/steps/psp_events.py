"""What PSPs tell of one payment: facts come unasked, doubled, early and late; none is lost."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

from workflows.domain.events import PspEvent
from workflows.domain.psp import Ready


class PspEvents:
    """Facts that came for one run: each is kept until it is taken, and taken once."""

    def __init__(self) -> None:
        self._unread: list[PspEvent] = []
        self._known: set[tuple[str, str]] = set()
        self._used_up: dict[str, tuple[datetime, datetime]] = {}
        """When the completion began that used up an approval, and when it was answered."""

    @property
    def has_unread(self) -> bool:
        return bool(self._unread)

    def is_new(self, event: PspEvent) -> bool:
        """However often a fact comes, it is new once."""
        identity = (event.psp, event.event_id)
        if identity in self._known:
            return False
        self._known.add(identity)
        return True

    def keep(self, event: PspEvent, came: datetime) -> None:
        """Until it is taken. `came`: before it was checked."""
        if not self._is_used_up(event, came):
            self._unread.append(event)

    def has_word_of(self, key: str) -> bool:
        """Whether a fact about this instruction waits to be taken."""
        return any(event.key == key for event in self._unread)

    def take(self, key: str) -> PspEvent | None:
        """The first fact about this instruction."""
        for event in self._unread:
            if event.key == key:
                self._unread.remove(event)
                return event
        return None

    def take_first(self) -> PspEvent:
        """Raises IndexError if there is none."""
        return self._unread.pop(0)

    def use_up_approvals(self, key: str, began: datetime) -> None:
        """The player must act again: what was told of their part by now is about what they did
        before, and so is what the PSP dates before the completion `began` that used it up."""
        self._used_up[key] = began, workflow.now()
        self._unread = [
            event
            for event in self._unread
            if event.key != key or not isinstance(event.reply, Ready)
        ]

    def _is_used_up(self, event: PspEvent, came: datetime) -> bool:
        if event.key not in self._used_up or not isinstance(event.reply, Ready):
            return False
        began, answered = self._used_up[event.key]
        occurred_at = _moment(event.occurred_at)
        return came <= answered or (occurred_at is not None and occurred_at < began)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None

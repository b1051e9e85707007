"""Webhooks that wait to be delivered, again and again until they are accepted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass
class Event:
    """`body` is what is sent, byte for byte; the signature is made anew each time."""

    id: str
    type: str
    account: str
    reference: str
    body: bytes
    subject: str = ""
    """What belongs together, for whoever keeps that in order."""
    due_at: float | None = None
    """Unix seconds; None: delivered, or withheld."""
    deliveries_left: int = 1
    attempts: int = 0
    last_answer: str | None = None
    created_at: float = field(default_factory=time.time)
    delivered_at: float | None = None


class Events(Protocol):
    """Where events are kept, and which of them comes first."""

    paused: bool

    def add(self, event: Event) -> None:
        """Due when it says so, or when the order of things here has it."""
        ...

    def next(self, limit: int) -> list[Event]:
        """What is to be delivered now or first, the first first."""
        ...

    def delivered(self, event: Event, answer: str) -> None: ...

    def refused(self, event: Event, answer: str, due_at: float) -> None: ...

    def resend(self, event_id: str) -> bool:
        """Once more under the same id; False where there is no such event."""
        ...

    def pause(self, paused: bool) -> None: ...

    def read(self, prefix: str) -> list[Event]:
        """The oldest first."""
        ...

    def more(self, event: Event) -> Mapping[str, Any]:
        """What is shown of it beside what every PSP shows."""
        ...


class Outbox:
    def __init__(self, events: Events, *, first_pause: float, longest_pause: float) -> None:
        """The pauses, in seconds, are those after an event that was not accepted."""
        self._events = events
        self._first_pause, self._longest_pause = first_pause, longest_pause
        self.bell = asyncio.Event()
        """Set when there may be something to send."""

    @property
    def paused(self) -> bool:
        return self._events.paused

    def put(
        self,
        id_: str,
        type_: str,
        account: str,
        reference: str,
        body: bytes,
        *,
        subject: str = "",
        withheld: bool = False,
    ) -> None:
        """Withheld: sent only when somebody says resend."""
        due_at = None if withheld else time.time()
        self._events.add(Event(id_, type_, account, reference, body, subject, due_at))
        self.bell.set()

    def next(self, limit: int) -> list[Event]:
        return [] if self.paused else self._events.next(limit)

    def delivered(self, event: Event, answer: str) -> None:
        self._events.delivered(event, answer)

    def refused(self, event: Event, answer: str) -> None:
        pause = min(self._first_pause * 2 ** min(event.attempts, 20), self._longest_pause)
        self._events.refused(event, answer, time.time() + pause)

    def resend(self, event_id: str) -> bool:
        """Once more under the same id; False where there is no such event."""
        found = self._events.resend(event_id)
        self.bell.set()
        return found

    def pause(self, paused: bool) -> None:
        self._events.pause(paused)
        self.bell.set()

    def read(self, prefix: str = "") -> list[dict[str, Any]]:
        """The oldest first."""
        return [
            {
                "id": event.id,
                "type": event.type,
                "reference": event.reference,
                "state": _state(event),
                "attempts": event.attempts,
                "last_answer": event.last_answer,
                **self._events.more(event),
            }
            for event in self._events.read(prefix)
        ]


def _state(event: Event) -> str:
    if event.due_at is not None:
        return "waiting"
    return "withheld" if event.delivered_at is None else "delivered"

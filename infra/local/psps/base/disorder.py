"""The disorder of webhooks that may be ordered of a PSP that keeps them in memory.

in_order: one after the other, the oldest first
duplicate: each twice, the same body
withheld: not at all, until somebody says resend
reordered: held back until none came for a moment, then the newest first
delayed: `seconds` later
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from infra.local.psps.base.outbox import Event

_REORDER_SECONDS = 0.3


class Mode(BaseModel):
    """For the events from now on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["in_order", "duplicate", "withheld", "reordered", "delayed"] = "in_order"
    seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 0.0


class DisorderedEvents:
    """Events in memory, in the disorder of `mode`."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self.paused = False
        self.mode = Mode()

    def add(self, event: Event) -> None:
        self._events.append(event)
        now = time.time()
        match self.mode.mode:
            case "withheld":
                event.due_at = None
            case "delayed":
                event.due_at = now + self.mode.seconds
            case "reordered":
                for each in self._events:
                    if each.due_at is not None or each is event:
                        each.due_at = now + _REORDER_SECONDS
            case mode:
                event.due_at = now
                event.deliveries_left = 2 if mode == "duplicate" else 1

    def next(self, limit: int) -> list[Event]:
        waiting = [event for event in self._events if event.due_at is not None]
        now = time.time()
        due = [event for event in waiting if (event.due_at or 0.0) <= now]
        if not due:
            return sorted(waiting, key=lambda event: event.due_at or 0.0)[:limit]
        return (due[::-1] if self.mode.mode == "reordered" else due)[:limit]

    def delivered(self, event: Event, answer: str) -> None:
        event.attempts += 1
        event.last_answer = answer
        event.delivered_at = time.time()
        event.deliveries_left -= 1
        event.due_at = time.time() if event.deliveries_left > 0 else None

    def refused(self, event: Event, answer: str, due_at: float) -> None:
        event.attempts += 1
        event.last_answer = answer
        event.due_at = due_at

    def resend(self, event_id: str) -> bool:
        return _make_due([event for event in self._events if event.id == event_id]) > 0

    def resend_withheld(self) -> int:
        """Returns how many."""
        never_sent = [e for e in self._events if e.due_at is None and e.attempts == 0]
        return _make_due(never_sent)

    def pause(self, paused: bool) -> None:
        self.paused = paused

    def read(self, prefix: str) -> list[Event]:
        return [event for event in self._events if event.reference.startswith(prefix)]

    def more(self, event: Event) -> Mapping[str, Any]:
        return {"merchant_account": event.account}


def _make_due(events: list[Event]) -> int:
    for event in events:
        event.due_at, event.deliveries_left = time.time(), 1
    return len(events)

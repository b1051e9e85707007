"""Webhooks that wait to be delivered, and the disorder that may be ordered for them.

in_order: one after the other, the oldest first
duplicate: each twice, the same body
withheld: not at all, until somebody says resend
reordered: held back until none came for a moment, then the newest first
delayed: `seconds` later
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0
_REORDER_SECONDS = 0.3


class Mode(BaseModel):
    """For the events from now on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["in_order", "duplicate", "withheld", "reordered", "delayed"] = "in_order"
    seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 0.0


@dataclass
class Event:
    """`body` is what is sent, byte for byte; the signature is made anew each time."""

    id: str
    type: str
    account: str
    reference: str
    body: bytes
    due_at: float | None = None
    """Unix seconds; None: delivered, or withheld."""
    deliveries_left: int = 1
    attempts: int = 0
    last_answer: str | None = None


class Outbox:
    def __init__(self) -> None:
        self._events: list[Event] = []
        self.mode = Mode()
        self.paused = False
        self.bell = asyncio.Event()
        """Set when there may be something to send."""

    def put(self, id_: str, type_: str, account: str, reference: str, body: bytes) -> None:
        event = Event(id_, type_, account, reference, body)
        self._events.append(event)
        now = time.time()
        match self.mode.mode:
            case "withheld":
                return
            case "delayed":
                event.due_at = now + self.mode.seconds
            case "reordered":
                for each in self._events:
                    if each.due_at is not None or each is event:
                        each.due_at = now + _REORDER_SECONDS
            case mode:
                event.due_at = now
                event.deliveries_left = 2 if mode == "duplicate" else 1
        self.bell.set()

    def change(self, mode: Mode) -> None:
        self.mode = mode

    def next(self) -> Event | None:
        """The one to deliver now or first."""
        waiting = [event for event in self._events if event.due_at is not None]
        if self.paused or not waiting:
            return None
        now = time.time()
        due = [event for event in waiting if (event.due_at or 0.0) <= now]
        if not due:
            return min(waiting, key=lambda event: event.due_at or 0.0)
        return due[-1] if self.mode.mode == "reordered" else due[0]

    def delivered(self, event: Event, answer: str) -> None:
        event.attempts += 1
        event.last_answer = answer
        event.deliveries_left -= 1
        event.due_at = time.time() if event.deliveries_left > 0 else None

    def refused(self, event: Event, answer: str) -> None:
        pause = min(_FIRST_PAUSE * 2 ** min(event.attempts, 20), _LONGEST_PAUSE)
        event.attempts += 1
        event.last_answer = answer
        event.due_at = time.time() + pause

    def resend(self, event_id: str = "") -> int:
        """Once more under the same id; without one all that were withheld. Returns how many."""
        chosen = [
            event
            for event in self._events
            if event.id == event_id
            or (not event_id and event.due_at is None and event.attempts == 0)
        ]
        for event in chosen:
            event.due_at, event.deliveries_left = time.time(), 1
        self.bell.set()
        return len(chosen)

    def pause(self, paused: bool) -> None:
        self.paused = paused
        self.bell.set()

    def read(self, prefix: str = "") -> list[dict[str, Any]]:
        """The oldest first."""
        return [
            {
                "id": event.id,
                "type": event.type,
                "merchant_account": event.account,
                "reference": event.reference,
                "state": _state(event),
                "attempts": event.attempts,
                "last_answer": event.last_answer,
            }
            for event in self._events
            if event.reference.startswith(prefix)
        ]


def _state(event: Event) -> str:
    if event.due_at is not None:
        return "waiting"
    return "delivered" if event.attempts else "withheld"

"""What an event says, apart from its name: told again it is a repetition, and no run need hear it.

`meaning` is all that the PSP vouches for, the date among it: the same thing done a second time is
news. `gist` is what was done to what, and how it ended: of a payment that is told too much, only
what is new in that is passed on.
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from workflows.domain.events import PspEvent
from workflows.domain.late_events import said_by


def meaning_of(event: PspEvent) -> str:
    """Of hearsay no other event is the same: what nobody signed must not stand in for a fact."""
    unsigned = set(event.unsigned)
    reply = orjson.loads(orjson.dumps(event.reply))
    parts: dict[str, Any] = {
        "fact": _short(event),
        "amount": event.amount,
        "account": event.account,
        "about": event.about,
        "at": None if "occurred_at" in unsigned else event.occurred_at,
        "reply": {name: reply[name] for name in reply if f"reply.{name}" not in unsigned},
        "hearsay": event.event_id if event.hearsay else None,
    }
    return _digest(parts)


def gist_of(event: PspEvent) -> str:
    return _digest({"fact": _short(event), "amount": event.amount})


def _short(event: PspEvent) -> list[Any]:
    name = getattr(event.reply, "psp_ref", None)
    ended = said_by(event.reply)
    return [event.psp, event.key, event.operation, event.unasked, ended, name]


def _digest(parts: dict[str, Any]) -> str:
    written = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(written).hexdigest()[:32]

"""Whether two tellings of an event agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from workflows.domain.events import PspEvent


def agree(first: dict[str, Any], later: PspEvent) -> bool:
    """In all that is signed. An event of which all is signed was compared in the database."""
    unsigned = first.get("unsigned") or ()
    if not unsigned:
        return False
    again = orjson.loads(orjson.dumps(later))
    return _without(first, unsigned) == _without(again, unsigned)


def _without(event: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    rest = {name: value for name, value in event.items() if name not in names}
    reply = {n: value for n, value in event["reply"].items() if f"reply.{n}" not in names}
    return {**rest, "reply": reply}

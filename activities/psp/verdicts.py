"""What is said instead of asking: by what was asked before."""

from __future__ import annotations

from typing import Any

import asyncpg
from pydantic import TypeAdapter

from workflows.domain.money import Money
from workflows.domain.psp import (
    Fenced,
    MerchantAccount,
    Outcome,
    Parked,
    Reply,
    Rival,
    SlowLane,
    Unknown,
)

_REPLY: TypeAdapter[Reply] = TypeAdapter(Reply)

LOOK_FIRST = Unknown("it was asked before, and what came of it is not known: look first")


def said_instead(row: asyncpg.Record) -> Outcome | None:
    match row["verdict"]:
        case "ask":
            return None
        case "answered":
            return _REPLY.validate_python(row["answer"])
        case "look_first":
            return LOOK_FIRST
        case "parked":
            return Parked(row["stop_id"], row["case_id"])
        case "rival":
            return Fenced("rival", _rival(row["rival"]))
        case "slow_lane":
            return SlowLane("its rate is set, or its breaker is not closed")
        case why:
            return Fenced(why)


def _rival(row: dict[str, Any]) -> Rival:
    return Rival(
        key=row["key"],
        operation=row["operation"],
        account=MerchantAccount(row["psp"], row["account"]),
        amount=Money(row["amount_minor"], row["currency"]),
    )

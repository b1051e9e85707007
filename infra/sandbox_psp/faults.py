"""Faults to order: the next matching requests meet them, whatever they ask.

A fault is on the wire, in front of the idempotency keys: a repeat is answered as if the first
answer had arrived. What each does:

lost_before, lost_after: the connection is closed without an answer, before or after executing
status_500_before, status_500_after: 500 · status_503, status_429: with Retry-After, not executed
garbage: executed, the answer is cut in the middle of the JSON
html_200: not executed, a page of HTML with status 200 comes from something in front of us
slow: executed at once, answered after `slow_seconds`
reset: executed, the answer begins and then the connection is reset
"""

from __future__ import annotations

import random
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from infra.sandbox_psp.store import Store

Kind = Literal[
    "lost_before",
    "lost_after",
    "status_500_before",
    "status_500_after",
    "status_503",
    "status_429",
    "garbage",
    "html_200",
    "slow",
    "reset",
]


class Fault(BaseModel):
    """`times` null: until deleted. `probability` of each matching request, by dice of `seed`."""

    model_config = ConfigDict(extra="forbid")

    operation: Literal["authorization", "capture", "void", "refund", "payout", "status", "*"]
    fault: Kind
    times: Annotated[int, Field(ge=1)] | None = 1
    probability: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0
    seed: int | None = None
    merchant_account: Literal["primary", "secondary"] | None = None
    """Without it, whichever account asks."""


class Faults:
    """Kept over a restart, where the dice begin anew."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ordered: dict[int, tuple[Fault, random.Random]] = {}
        for row in store.rows("SELECT id, told FROM faults ORDER BY id"):
            self._remember(row["id"], Fault.model_validate_json(row["told"]))

    def order(self, fault: Fault) -> None:
        self._store.run("INSERT INTO faults (told) VALUES (?)", fault.model_dump_json())
        row = self._store.row("SELECT max(id) AS id FROM faults")
        assert row is not None  # noqa: S101
        self._remember(row["id"], fault)

    def strike(self, operation: str, account: str) -> Kind | None:
        """The fault this request meets, the oldest first; it is used up by that."""
        for number, (fault, dice) in self._ordered.items():
            if fault.operation not in (operation, "*"):
                continue
            if fault.merchant_account not in (None, account):
                continue
            if dice.random() >= fault.probability:
                continue
            if fault.times is not None:
                self._use(number, fault)
            return fault.fault
        return None

    def read(self) -> list[Fault]:
        return [fault for fault, _ in self._ordered.values()]

    def delete(self) -> None:
        self._store.run("DELETE FROM faults")
        self._ordered.clear()

    def _remember(self, number: int, fault: Fault) -> None:
        self._ordered[number] = (fault, random.Random(fault.seed))  # noqa: S311

    def _use(self, number: int, fault: Fault) -> None:
        assert fault.times is not None  # noqa: S101
        fault.times -= 1
        if fault.times > 0:
            told = fault.model_dump_json()
            self._store.run("UPDATE faults SET told = ? WHERE id = ?", told, number)
        else:
            self._store.run("DELETE FROM faults WHERE id = ?", number)
            del self._ordered[number]

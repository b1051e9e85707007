"""Everything a fake PSP truly did, in order: the truth that proofs compare our books with."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from infra.local.psps.base.wire import rfc3339

Operation = Literal[
    "authorization",
    "capture",
    "void",
    "refund",
    "refund_failed",
    "payout",
    "chargeback",
    "chargeback_reversed",
]


@dataclass(frozen=True)
class Done:
    """`amount` in minor units by the ISO exponent of `currency` (upper case)."""

    operation: Operation
    id: str
    """The PSP's own."""
    reference: str
    """The merchant's own key for it: `<payment id>:<step>`."""
    merchant_account: str
    """By our name: primary, secondary."""
    amount: int
    currency: str | None
    code: str | None = None
    """The PSP's own word for a decline; None: approved."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """What this PSP alone enters."""


class Entries(Protocol):
    """Where entries are kept. `at` in them is in Unix seconds."""

    def add(self, entry: Mapping[str, Any]) -> None: ...

    def read(self, prefix: str, operation: str, limit: int | None) -> list[dict[str, Any]]:
        """The oldest first; of every operation where none is named."""
        ...


class Journal:
    def __init__(self, entries: Entries) -> None:
        self._entries = entries

    def enter(self, done: Done) -> None:
        """With the effect itself: once, and only when it is decided."""
        self._entries.add(
            {
                "operation": done.operation,
                "id": done.id,
                "reference": done.reference,
                "merchant_account": done.merchant_account,
                "amount": done.amount,
                "currency": done.currency,
                "outcome": "approved" if done.code is None else "declined",
                "code": done.code,
                **done.more,
                "at": time.time(),
            }
        )

    def read(
        self, *, prefix: str = "", operation: str = "", limit: int | None = None
    ) -> list[dict[str, Any]]:
        """The oldest first."""
        entries = self._entries.read(prefix, operation, limit)
        return [{**entry, "at": rfc3339(entry["at"])} for entry in entries]

"""Everything the lookalike truly did, in order: the truth that proofs compare our books with."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal

from infra.sandbox_psp.wire import rfc3339

Operation = Literal["authorization", "capture", "void", "refund", "payout"]


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
    currency: str
    code: str | None = None
    """The PSP's own word for a decline; None: approved."""


class Journal:
    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []

    def enter(self, done: Done) -> None:
        """With the effect itself: once, and only when it is decided."""
        self._entries.append(
            {
                "operation": done.operation,
                "id": done.id,
                "reference": done.reference,
                "merchant_account": done.merchant_account,
                "amount": done.amount,
                "currency": done.currency,
                "outcome": "approved" if done.code is None else "declined",
                "code": done.code,
                "at": rfc3339(time.time()),
            }
        )

    def read(self, *, prefix: str = "", operation: str = "") -> list[dict[str, Any]]:
        """The oldest first."""
        return [
            entry
            for entry in self._entries
            if entry["reference"].startswith(prefix) and operation in ("", entry["operation"])
        ]

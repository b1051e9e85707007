"""One thing the PSP did or refused: its row, and how callers see it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, fields
from typing import Any

import orjson

from infra.sandbox_psp.cards import CHALLENGED, MESSAGES
from infra.sandbox_psp.store import Store
from infra.sandbox_psp.wire import rfc3339

_PREFIXES = {
    "authorization": "auth",
    "capture": "cap",
    "void": "void",
    "refund": "ref",
    "payout": "pay",
}


@dataclass(kw_only=True)
class Operation:
    """A row of `operations`. `code` says why it is declined, `decide_at` when it is decided."""

    id: str
    operation: str
    merchant_account: str
    reference: str
    amount: int
    currency: str | None
    idempotency_key: str
    trace_id: str | None
    created_at: float
    updated_at: float
    status: str = "approved"
    code: str | None = None
    player_id: str | None = None
    payment_token: str | None = None
    return_url: str | None = None
    authorization_id: str | None = None
    capture_id: str | None = None
    captured: int = 0
    released: int = 0
    refunded: int = 0
    voided: int = 0
    authenticated: str | None = None
    """The three_ds object as JSON."""
    decide_at: float | None = None
    decide_code: str | None = None

    @property
    def subject(self) -> str:
        """What its webhooks are put in order by: the authorization it belongs to, or itself."""
        return self.authorization_id or self.id

    @property
    def is_hosted(self) -> bool:
        return self.operation == "authorization" and self.payment_token in (None, *CHALLENGED)

    @property
    def is_open(self) -> bool:
        return self.status in ("pending", "requires_action")

    def decline(self, code: str | None) -> None:
        """Approved where there is no code."""
        self.status, self.code = ("approved", None) if code is None else ("declined", code)

    def view(self, pages_url: str) -> dict[str, Any]:
        checked = self.operation == "authorization" and self.status == "approved"
        asks = self.status == "requires_action"
        return {
            "id": self.id,
            "operation": self.operation,
            "status": self.status,
            "reference": self.reference,
            "merchant_account": self.merchant_account,
            "amount": self.amount,
            "currency": self.currency,
            "authorization_id": self.authorization_id,
            "capture_id": self.capture_id,
            "decline": self.code and {"code": self.code, "message": MESSAGES[self.code]},
            "redirect_url": f"{pages_url}/pay/{self.id}" if asks else None,
            "three_ds": self.authenticated and orjson.loads(self.authenticated),
            "avs": "Y" if checked else None,
            "cvv_result": "M" if checked else None,
            "created_at": rfc3339(self.created_at),
            "updated_at": rfc3339(self.updated_at),
        }


_COLUMNS = [each.name for each in fields(Operation)]
_INSERT = (
    f"INSERT INTO operations ({', '.join(_COLUMNS)}) "  # noqa: S608
    f"VALUES ({', '.join('?' for _ in _COLUMNS)})"
)
_UPDATE = f"UPDATE operations SET {', '.join(f'{c} = ?' for c in _COLUMNS)} WHERE id = ?"  # noqa: S608


def new_id(operation: str) -> str:
    return f"{_PREFIXES[operation]}_{secrets.token_hex(12)}"


def insert(store: Store, operation: Operation) -> None:
    store.run(_INSERT, *(getattr(operation, column) for column in _COLUMNS))


def update(store: Store, operation: Operation) -> None:
    operation.updated_at = time.time()
    store.run(_UPDATE, *(getattr(operation, column) for column in _COLUMNS), operation.id)


def find(store: Store, id_: str, operation: str) -> Operation | None:
    row = store.row("SELECT * FROM operations WHERE id = ? AND operation = ?", id_, operation)
    return None if row is None else Operation(**dict(row))


def find_referenced(store: Store, merchant_account: str, reference: str) -> Operation | None:
    """The latest, should several have been executed under one reference."""
    row = store.row(
        "SELECT * FROM operations WHERE merchant_account = ? AND reference = ? "
        "ORDER BY rowid DESC LIMIT 1",
        merchant_account,
        reference,
    )
    return None if row is None else Operation(**dict(row))


def authorizations_under(store: Store, merchant_account: str, reference: str) -> list[Operation]:
    rows = store.rows(
        "SELECT * FROM operations WHERE merchant_account = ? AND reference = ? "
        "AND operation = 'authorization' ORDER BY rowid",
        merchant_account,
        reference,
    )
    return [Operation(**dict(row)) for row in rows]

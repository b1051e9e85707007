"""One thing the PSP did or refused: its row, and how callers see it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, fields
from typing import Any

import orjson

from infra.local.psps.base.wire import rfc3339
from infra.local.psps.sandbox.cards import CHALLENGED, MESSAGES, SALES
from infra.local.psps.sandbox.database import Database

_PREFIXES = {
    "authorization": "auth",
    "capture": "cap",
    "void": "void",
    "refund": "ref",
    "payout": "pay",
    "chargeback": "cb",
    "chargeback_reversed": "cbr",
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
    method: str | None = None
    payment_token: str | None = None
    return_url: str | None = None
    authorization_id: str | None = None
    capture_id: str | None = None
    captured: int = 0
    released: int = 0
    refunded: int = 0
    charged_back: int = 0
    voided: int = 0
    taken_at_once: int = 0
    """Of an authorization: by the merchant's wish."""
    initiated_by: str = "merchant"
    """`dashboard`, `issuer` or `expiry` where no call of the merchant's did it: it has no reference
    of its own then."""
    payment_reference: str | None = None
    """The merchant's reference of the authorization whose money it moved, where it is told."""
    authenticated: str | None = None
    """The three_ds object as JSON."""
    decide_at: float | None = None
    decide_code: str | None = None

    @property
    def subject(self) -> str:
        """What its webhooks are put in order by: the authorization it belongs to, or itself."""
        return self.authorization_id or self.id

    @property
    def is_sale(self) -> bool:
        """The money is taken with the authorization: there is nothing to capture."""
        by_method = self.method in SALES
        return self.operation == "authorization" and (by_method or bool(self.taken_at_once))

    @property
    def is_taken(self) -> bool:
        """Whether money of it can go back: a capture, or a sale."""
        return self.status == "approved" and (self.operation == "capture" or self.is_sale)

    @property
    def is_hosted(self) -> bool:
        return self.operation == "authorization" and self.payment_token in (None, *CHALLENGED)

    @property
    def is_open(self) -> bool:
        return self.status in ("pending", "requires_action")

    def decline(self, code: str | None) -> None:
        """Approved where there is no code."""
        self.status, self.code = ("approved", None) if code is None else ("declined", code)
        if self.is_sale and code is None:
            self.captured = self.amount

    def view(self, pages_url: str) -> dict[str, Any]:
        checked = self.operation == "authorization" and self.status == "approved"
        asks = self.status == "requires_action"
        return {
            "id": self.id,
            "operation": self.operation,
            "status": self.status,
            "reference": self.reference,
            "initiated_by": self.initiated_by,
            "payment_reference": self.payment_reference,
            "merchant_account": self.merchant_account,
            "amount": self.amount,
            "currency": self.currency,
            "authorization_id": self.authorization_id,
            "capture_id": self.capture_id,
            "captured": self.is_sale and self.status == "approved",
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


def insert(database: Database, operation: Operation) -> None:
    database.run(_INSERT, *(getattr(operation, column) for column in _COLUMNS))


def update(database: Database, operation: Operation) -> None:
    operation.updated_at = time.time()
    database.run(_UPDATE, *(getattr(operation, column) for column in _COLUMNS), operation.id)


def find(database: Database, id_: str, operation: str) -> Operation | None:
    row = database.row("SELECT * FROM operations WHERE id = ? AND operation = ?", id_, operation)
    return None if row is None else Operation(**dict(row))


def find_taken(database: Database, id_: str) -> Operation | None:
    """What a refund names: a capture, or a sale."""
    for operation in ("capture", "authorization"):
        found = find(database, id_, operation)
        if found is not None and (operation == "capture" or found.is_sale):
            return found
    return None


def captures_of(database: Database, authorization_id: str) -> list[Operation]:
    rows = database.rows(
        "SELECT * FROM operations WHERE operation = 'capture' AND authorization_id = ? "
        "AND status = 'approved' ORDER BY rowid",
        authorization_id,
    )
    return [Operation(**dict(row)) for row in rows]


def find_referenced(database: Database, merchant_account: str, reference: str) -> Operation | None:
    """The latest, should several have been executed under one reference."""
    row = database.row(
        "SELECT * FROM operations WHERE merchant_account = ? AND reference = ? "
        "ORDER BY rowid DESC LIMIT 1",
        merchant_account,
        reference,
    )
    return None if row is None else Operation(**dict(row))


def authorizations_under(
    database: Database, merchant_account: str, reference: str
) -> list[Operation]:
    rows = database.rows(
        "SELECT * FROM operations WHERE merchant_account = ? AND reference = ? "
        "AND operation = 'authorization' ORDER BY rowid",
        merchant_account,
        reference,
    )
    return [Operation(**dict(row)) for row in rows]

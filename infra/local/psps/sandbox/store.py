"""What the sandbox PSP keeps, and how each effect is journalled and told.

Every method runs within a transaction of the database.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import replace
from typing import Any, cast

import orjson

from infra.local.psps.base import journal
from infra.local.psps.base.context import Context
from infra.local.psps.base.journal import Done
from infra.local.psps.base.wire import rfc3339
from infra.local.psps.sandbox import operations
from infra.local.psps.sandbox.database import Database
from infra.local.psps.sandbox.modes import CurrentModes
from infra.local.psps.sandbox.operations import Operation


class Store:
    def __init__(self, context: Context, database: Database, modes: CurrentModes) -> None:
        self.context, self.database = context, database
        self._modes = modes
        self.promised = asyncio.Event()
        """Set when there is a new pending operation. Read only after the commit."""

    def view(self, operation: Operation) -> dict[str, Any]:
        return operation.view(self.context.url)

    def execute(self, operation: Operation) -> Operation:
        operations.insert(self.database, operation)
        if operation.decide_at is not None:
            self.promised.set()
        if not operation.is_open:
            self.enter(operation)
            if self._modes.now.webhooks == "all":
                self._put(operation, self.view(operation), withheld=False)
        return operation

    def decide(self, operation: Operation, code: str | None) -> None:
        """The result that a pending or requires_action operation promised."""
        operation.decline(code)
        operation.decide_at = None
        operations.update(self.database, operation)
        self.enter(operation)
        self.tell(operation)

    def tell(self, operation: Operation, *, named: bool = True) -> None:
        """By webhook. Not named: without the merchant's reference of the payment."""
        view = self.view(operation)
        if not named:
            view["payment_reference"] = None
        self._put(operation, view, withheld=self._modes.now.webhooks == "none")

    def enter(self, operation: Operation) -> None:
        """Into the journal, with the effect itself. A void that gives back what a sale took is a
        refund there, but for what it released."""
        back = operation.refunded if operation.operation == "void" else 0
        if back:
            self.enter_as("refund", replace(operation, amount=back))
        self.enter_as(operation.operation, replace(operation, amount=operation.amount - back))
        if operation.is_sale and operation.status == "approved":
            self.enter_as("capture", operation)

    def enter_as(self, name: str, of: Operation) -> None:
        """What nobody gave a reference is entered under that of the payment."""
        self.context.journal.enter(
            Done(
                cast(journal.Operation, name),
                of.id,
                of.reference or of.payment_reference or "",
                of.merchant_account,
                of.amount,
                of.currency,
                of.code,
                more={
                    "player_id": of.player_id,
                    "idempotency_key": of.idempotency_key,
                    "trace_id": of.trace_id,
                },
            )
        )

    def _put(self, result: Operation, view: dict[str, Any], *, withheld: bool) -> None:
        id_ = f"evt_{secrets.token_hex(12)}"
        kind = f"{result.operation}.{result.status}"
        message = {"id": id_, "type": kind, "created_at": rfc3339(time.time()), "data": view}
        self.context.outbox.put(
            id_,
            kind,
            result.merchant_account,
            result.reference,
            orjson.dumps(message),
            subject=result.subject,
            withheld=withheld,
        )

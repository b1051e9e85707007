"""Where an operation and its journal entry and its webhook become one effect.

Every method runs within a transaction of the store.
"""

from __future__ import annotations

import asyncio
from typing import Any

from infra.sandbox_psp import journal, operations
from infra.sandbox_psp.modes import CurrentModes
from infra.sandbox_psp.operations import Operation
from infra.sandbox_psp.outbox import Outbox
from infra.sandbox_psp.store import Store


class Books:
    def __init__(self, store: Store, modes: CurrentModes, outbox: Outbox, pages_url: str) -> None:
        self.store = store
        self._modes, self._outbox, self._pages_url = modes, outbox, pages_url
        self.promised = asyncio.Event()
        """Set when there is a new pending operation. Read only after the commit."""

    def view(self, operation: Operation) -> dict[str, Any]:
        return operation.view(self._pages_url)

    def execute(self, operation: Operation) -> Operation:
        operations.insert(self.store, operation)
        if operation.decide_at is not None:
            self.promised.set()
        if not operation.is_open:
            journal.enter(self.store, operation)
            if self._modes.now.webhooks == "all":
                self._outbox.put(operation, self.view(operation), withheld=False)
        return operation

    def decide(self, operation: Operation, code: str | None) -> None:
        """The result that a pending or requires_action operation promised."""
        operation.decline(code)
        operation.decide_at = None
        operations.update(self.store, operation)
        journal.enter(self.store, operation)
        withheld = self._modes.now.webhooks == "none"
        self._outbox.put(operation, self.view(operation), withheld=withheld)

"""Orders to the PSP's other hands: `POST /_control/sandbox/<command>`, from loopback alone.

`reference` is the merchant's of an authorization, or the PSP's own id of it; without an `amount` it
is all that there is. With `named` false the webhook does not tell the merchant's reference.

refund, chargeback {reference, amount, named}: of what was captured
refund-fails {reference, named}: the last refund that was made by hand comes back
chargeback-reversed {reference, named}: the dispute is won
capture {reference, amount, named}, void, lapse {reference, named}: of a hold
twice {reference}: an authorization, capture or payout is done again, under another id
after-all {reference}: a payout that was declined is paid
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.psps.base.orders import Handler, from_loopback
from infra.local.psps.base.wire import json_response
from infra.local.psps.sandbox import by_hand
from infra.local.psps.sandbox.bodies import read
from infra.local.psps.sandbox.errors import SandboxError
from infra.local.psps.sandbox.operations import Operation
from infra.local.psps.sandbox.store import Store

_FIND = """
SELECT * FROM operations WHERE (reference = ?1 OR id = ?1) AND initiated_by = 'merchant'
    AND status IN ('approved', 'declined') ORDER BY status, rowid LIMIT 1
"""


class Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    reference: Annotated[str, Field(min_length=1)]
    amount: Annotated[int, Field(ge=1)] | None = None
    named: bool = True


Act = Callable[[Operation, Command], Operation]


class Commands:
    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        store = self._store
        acts: dict[str, Act] = {
            "refund": lambda of, c: by_hand.refund(store, of, c.amount, named=c.named),
            "refund-fails": lambda of, c: by_hand.fail_refund(store, of, named=c.named),
            "capture": lambda of, c: by_hand.capture(store, of, c.amount, named=c.named),
            "void": lambda of, c: by_hand.void(store, of, named=c.named),
            "lapse": lambda of, c: by_hand.void(store, of, named=c.named, by="expiry"),
            "chargeback": lambda of, c: by_hand.charge_back(store, of, c.amount, named=c.named),
            "chargeback-reversed": lambda of, c: by_hand.reverse(store, of, named=c.named),
            "twice": lambda of, _: by_hand.do_twice(store, of),
            "after-all": lambda of, _: by_hand.do_after_all(store, of),
        }
        return [
            Route(
                f"/_control/sandbox/{name}",
                from_loopback(self._handler(act), SandboxError),
                methods=["POST"],
            )
            for name, act in acts.items()
        ]

    def _handler(self, act: Act) -> Handler:
        async def handle(request: Request) -> Response:
            command = await read(request, Command)
            with self._store.database.transaction():
                row = self._store.database.row(_FIND, command.reference)
                if row is None:
                    raise SandboxError(404, "not_found", "nothing was done under this reference")
                done = act(Operation(**dict(row)), command)
                return json_response(self._store.view(done))

        return handle

"""What somebody in Stripe's dashboard, the payer's bank or time itself would do, by order.

`POST /_control/stripe/<command>` with JSON; a `reference` is the payment intent's id, or the key of
the request that made it. Amounts are in Stripe's units; without one it is all that there is.

refund {reference, amount}: refunded in the dashboard → refund.created, charge.refunded
capture {reference, amount}: captured by hand → payment_intent.succeeded
cancel {reference}: canceled by hand → payment_intent.canceled
lapse {reference}: the hold is too old → charge.expired, payment_intent.canceled (automatic)
dispute {reference, amount}: the bank takes it back → charge.dispute.created, …funds_withdrawn
dispute-closed {reference, won}: → …closed, and …funds_reinstated when it was won
early-fraud-warning {reference}: nothing moves → radar.early_fraud_warning.created
stored-error {times, executed}: the next requests with a key are answered with a 500, for good
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.psps.base.orders import Handler, from_loopback
from infra.local.psps.base.wire import Refused, json_response
from infra.local.psps.stripe import confirming, disputing, refunding, rules, views
from infra.local.psps.stripe.models import Charge, Intent, new_id
from infra.local.psps.stripe.rules import Call
from infra.local.psps.stripe.store import Store


class Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    reference: str = ""
    amount: Annotated[int, Field(ge=1)] | None = None
    won: bool = False
    times: Annotated[int, Field(ge=1, le=1000)] = 1
    executed: bool = False


Act = Callable[[Intent, Command], views.View]


class Commands:
    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        acts: dict[str, Act] = {
            "refund": self._refund,
            "capture": self._capture,
            "cancel": self._cancel,
            "lapse": self._lapse,
            "dispute": self._dispute,
            "dispute-closed": self._close_dispute,
            "early-fraud-warning": self._warn,
        }
        handlers = {name: self._handler(act) for name, act in acts.items()}
        return [
            Route(f"/_control/stripe/{name}", from_loopback(handler), methods=["POST"])
            for name, handler in {**handlers, "stored-error": self.store_errors}.items()
        ]

    async def store_errors(self, request: Request) -> Response:
        command = await _read(request)
        self._store.errors_to_keep += [command.executed] * command.times
        return json_response({"to_come": len(self._store.errors_to_keep)})

    def _handler(self, act: Act) -> Handler:
        async def handle(request: Request) -> Response:
            command = await _read(request)
            intent = self._store.named(command.reference)
            if intent is None:
                raise _refused("there is no such payment intent", 404)
            return json_response(act(intent, command))

        return handle

    def _refund(self, intent: Intent, command: Command) -> views.View:
        charge = _captured(intent)
        left = charge.captured - charge.refunded
        amount = _at_most(command, left)
        call = Call(intent.account, "", "", {"reason": "requested_by_customer"})
        return views.refund(refunding.give_back(self._store, call, intent, charge, amount))

    def _capture(self, intent: Intent, command: Command) -> views.View:
        if not intent.capturable or intent.charge is None:
            raise _refused("nothing of it is held")
        amount = _at_most(command, intent.capturable)
        confirming.take(self._store, intent, intent.charge, amount, key="")
        return self._store.view(intent)

    def _cancel(self, intent: Intent, command: Command) -> views.View:
        if not intent.capturable:
            raise _refused("nothing of it is held")
        rules.end(self._store, intent, "requested_by_customer", key="")
        return self._store.view(intent)

    def _lapse(self, intent: Intent, command: Command) -> views.View:
        if not intent.capturable or intent.charge is None:
            raise _refused("nothing of it is held")
        rules.end(self._store, intent, "automatic", key="")
        self._store.tell_charge("expired", intent.charge, intent, key="")
        return self._store.view(intent)

    def _dispute(self, intent: Intent, command: Command) -> views.View:
        charge = _captured(intent)
        if charge.disputed:
            raise _refused("it is disputed already")
        amount = _at_most(command, charge.captured)
        return views.dispute(disputing.open_(self._store, intent, charge, amount))

    def _close_dispute(self, intent: Intent, command: Command) -> views.View:
        closed = disputing.close(self._store, intent, won=command.won)
        if closed is None:
            raise _refused("it is not disputed")
        return views.dispute(closed)

    def _warn(self, intent: Intent, command: Command) -> views.View:
        warning = views.early_fraud_warning(new_id("issfr"), _captured(intent), intent)
        self._store.tell_of("radar.early_fraud_warning.created", intent.account, warning)
        return warning


def _captured(intent: Intent) -> Charge:
    charge = intent.charge
    if charge is None or not charge.captured:
        raise _refused("nothing of it is captured")
    return charge


def _at_most(command: Command, left: int) -> int:
    amount = left if command.amount is None else command.amount
    if not 0 < amount <= left:
        raise _refused("there is not so much of it")
    return amount


async def _read(request: Request) -> Command:
    try:
        return Command.model_validate_json(await request.body() or b"{}")
    except ValidationError as failure:
        wrong = [".".join(map(str, each["loc"])) for each in failure.errors()]
        raise _refused(f"wrong: {', '.join(wrong)}", 422) from None


def _refused(why: str, status: int = 409) -> Refused:
    return Refused(json_response({"error": why}, status))

"""A verified webhook: its envelope, and the account for which it was signed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import Field

from activities.psp.wire import InDoubt
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Fact, Operation

from .client import Client
from .messages import Moved
from .reading import Message
from .references import any_key_in

Model = TypeVar("Model", bound=Message)


class EventHead(Message):
    """The envelope of every event; `resource` is read later, by its type."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,128}$")]
    event_type: Annotated[str, Field(pattern=r"^[A-Z0-9_.\-]{1,100}$")]
    create_time: str = ""
    resource: Annotated[dict[str, Any], Field(repr=False, default_factory=dict)]

    @property
    def names_a_key(self) -> bool:
        """Whether a key of ours stands anywhere in it, in whatever field."""
        return any_key_in(orjson.dumps(self.resource).decode())


class Unfit(Exception):
    """The event contradicts itself, or is about another merchant."""


@dataclass(frozen=True)
class Webhook:
    """For one of our accounts, the one whose webhook id was signed."""

    head: EventHead
    client: Client
    account: str

    def resource(self, model: type[Model]) -> Model:
        """Raises ValidationError."""
        return model.model_validate(self.head.resource)

    def event(
        self, key: str, operation: Operation, reply: Fact, amount: Money, name: str = ""
    ) -> PspEvent:
        """`name`: PayPal's, as a lookup takes it."""
        return PspEvent(
            psp="paypal",
            event_id=self.head.id,
            key=key,
            operation=operation,
            reply=reply,
            amount=amount,
            occurred_at=self.head.create_time,
            raw_type=self.head.event_type,
            account=self.account,
            about=(name,) if name else (),
        )

    def unasked(
        self, key: str, operation: Operation, done: Approved, about: Iterable[str | None]
    ) -> PspEvent:
        """What no instruction of ours explains. `key`: of the authorization, or empty."""
        event = self.event(key, operation, done, done.amount)
        known = dict.fromkeys(psp_id for psp_id in about if psp_id)
        return replace(event, unasked=True, about=tuple(known))

    def moved(self, model: type[Moved] = Moved) -> Moved:
        """Raises ValidationError, or Unfit for another merchant's."""
        moved = self.resource(model)
        try:
            self.client.pays(moved.payee)
        except InDoubt:
            raise Unfit from None
        return moved

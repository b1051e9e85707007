"""Stripe's webhooks as they stand on the wire, around the object that they are about."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from .messages import Id, Message, Units


class EventHead(Message):
    """Of any event, whatever it is about."""

    type: str


class EventRequest(Message):
    """The call of the API that caused the event; its key tells whether it was ours."""

    idempotency_key: str | None = None


class EventData(Message):
    """The thing as it was when the event was made, read later by what it is."""

    object: dict[str, Any]


class Event(Message):
    """A webhook is one event (docs.stripe.com/api/events/object). `created` is in Unix seconds."""

    id: Id
    object: Literal["event"]
    type: str
    created: Annotated[int, Field(ge=0, lt=2**33)]
    data: EventData
    request: EventRequest | str | None = None
    """None where no call of the API caused it; a text in API versions before 2017-05-25."""

    @property
    def asked_by(self) -> str:
        """The idempotency key of the call that caused it; empty where none is told."""
        known = self.request if isinstance(self.request, EventRequest) else None
        return (known and known.idempotency_key) or ""


class Dispute(Message):
    """A chargeback, or an inquiry that may become one. `amount` is what is disputed; that money
    moved is said by its balance transactions alone."""

    id: Id
    object: Literal["dispute"]
    amount: Units
    currency: str
    status: str
    charge: Id | None = None
    payment_intent: Id | None = None
    balance_transactions: list[dict[str, Any]] | None = None
    """Of the money that was withdrawn, and of that which was given back."""

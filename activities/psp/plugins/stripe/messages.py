"""Stripe's answers and webhooks as they stand on the wire.

Fields that we do not know are ignored; fields that we need must be there and of their type.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

KEY = "paysaga_key"
"""The member of `metadata` with the key of the authorization or refund that made the object."""
TRACE = "paysaga_trace_id"

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,255}$")]
"""Ids are put into paths: nothing that means something there."""
Units = Annotated[int, Field(ge=0)]
Metadata = dict[str, str]


class Message(BaseModel):
    # Strict: an amount of "50" or true is a PSP that changed its dialect, not an amount.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Card(Message):
    brand: str | None = None
    network: str | None = None


class PaymentMethod(Message):
    card: Card | None = None


class Checks(Message):
    address_line1_check: str | None = None
    address_postal_code_check: str | None = None
    cvc_check: str | None = None


class ThreeDSecure(Message):
    electronic_commerce_indicator: str | None = None
    result: str | None = None
    transaction_id: str | None = None
    version: str | None = None


class ChargedCard(Card):
    checks: Checks | None = None
    three_d_secure: ThreeDSecure | None = None


class MethodDetails(Message):
    card: ChargedCard | None = None


class Charge(Message):
    id: Id
    object: Literal["charge"]
    amount: Units
    currency: str
    captured: bool
    metadata: Metadata | None = None
    payment_intent: Id | None = None
    payment_method_details: MethodDetails | None = None


class Problem(Message):
    """`error` of an answer, and `last_payment_error` of a payment intent."""

    type: str
    code: str | None = None
    decline_code: str | None = None
    advice_code: str | None = None
    network_decline_code: str | None = None
    network_advice_code: str | None = None
    param: str | None = None
    payment_method: PaymentMethod | None = None
    payment_intent: Intent | None = None


class ToUrl(Message):
    url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None


class NextAction(Message):
    type: str
    redirect_to_url: ToUrl | None = None


class Intent(Message):
    id: Id
    object: Literal["payment_intent"]
    status: str
    amount: Units
    currency: str
    amount_capturable: Units | None = None
    amount_received: Units | None = None
    cancellation_reason: str | None = None
    last_payment_error: Problem | None = None
    latest_charge: Id | Charge | None = None
    metadata: Metadata = Field(default_factory=dict)
    next_action: NextAction | None = None

    @property
    def key(self) -> str | None:
        return self.metadata.get(KEY)

    @property
    def charge(self) -> Charge | None:
        """Where it was expanded."""
        return self.latest_charge if isinstance(self.latest_charge, Charge) else None

    @property
    def redirect_url(self) -> str | None:
        step = self.next_action
        if step is None or step.type != "redirect_to_url" or step.redirect_to_url is None:
            return None
        return step.redirect_to_url.url


class Refund(Message):
    id: Id
    object: Literal["refund"]
    status: str | None = None
    amount: Units
    currency: str
    failure_reason: str | None = None
    metadata: Metadata | None = None
    payment_intent: Id | None = None

    @property
    def key(self) -> str | None:
        return (self.metadata or {}).get(KEY)


class Fault(Message):
    error: Problem


class Intents(Message):
    object: Literal["list", "search_result"]
    data: list[Intent]
    has_more: bool


class Refunds(Message):
    object: Literal["list"]
    data: list[Refund]
    has_more: bool


class EventHead(Message):
    """Of any event, whatever it is about."""

    type: str


class EventRequest(Message):
    idempotency_key: str | None = None


class EventData(Message):
    object: dict[str, Any]


class Event(Message):
    id: Id
    object: Literal["event"]
    type: str
    created: Annotated[int, Field(ge=0, lt=2**33)]
    data: EventData
    request: EventRequest | None = None
    """None where no call of the API caused it."""


Problem.model_rebuild()

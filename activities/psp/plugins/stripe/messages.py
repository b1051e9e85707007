"""Stripe's answers and webhooks as they stand on the wire.

Fields that we do not know are ignored; fields that we need must be there and of their type.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

KEY = "paysaga_key"
"""The member of `metadata` with the key of the authorization or refund that made the object."""
TRACE = "paysaga_trace_id"
CAPTURE = "paysaga_capture"
"""The member of a payment intent's `metadata` with the key of the capture that we asked for."""
PAGE = "paysaga_page"
"""The member that a payment intent has which a Checkout Session of ours makes."""

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,255}$")]
"""Ids are put into paths: nothing that means something there."""
Url = Annotated[str, Field(pattern=r"^https?://\S+$")]
Units = Annotated[int, Field(ge=0)]
Metadata = dict[str, str]


class Message(BaseModel):
    # Strict: an amount of "50" or true is a PSP that changed its dialect, not an amount.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Card(Message):
    """`network` where the card was charged, `brand` of the card itself."""

    brand: str | None = None
    network: str | None = None


class PaymentMethod(Message):
    card: Card | None = None


class Checks(Message):
    """`pass`, `fail`, `unavailable` or `unchecked`, each; None where nobody asked."""

    address_line1_check: str | None = None
    address_postal_code_check: str | None = None
    cvc_check: str | None = None


class ThreeDSecure(Message):
    """docs.stripe.com/api/charges/object, `payment_method_details.card.three_d_secure`. Stripe
    never tells the CAVV."""

    electronic_commerce_indicator: str | None = None
    result: str | None = None
    transaction_id: str | None = None
    version: str | None = None


class ChargedCard(Card):
    checks: Checks | None = None
    three_d_secure: ThreeDSecure | None = None


class MethodDetails(Message):
    type: str | None = None
    card: ChargedCard | None = None


class Outcome(Message):
    """Whether a charge reached the network, and what was said of it there or before."""

    type: str | None = None
    reason: str | None = None
    network_status: str | None = None
    risk_level: str | None = None
    advice_code: str | None = None
    network_advice_code: str | None = None
    network_decline_code: str | None = None


class Charge(Message):
    """One try to take the money; the last one is the intent's `latest_charge`. `captured` is false
    of a hold."""

    id: Id
    object: Literal["charge"]
    amount: Units
    currency: str
    captured: bool
    amount_captured: Units | None = None
    metadata: Metadata | None = None
    outcome: Outcome | None = None
    payment_intent: Id | None = None
    payment_method_details: MethodDetails | None = None
    refunds: Refunds | None = None
    """Old API versions list them in the charge."""


class Tried(Message):
    """As much of a charge as a refusal may show."""

    id: Id
    outcome: Outcome | None = None


class Problem(Message):
    """`error` of an answer, and `last_payment_error` of a payment intent."""

    type: str
    code: str | None = None
    decline_code: str | None = None
    advice_code: str | None = None
    network_decline_code: str | None = None
    network_advice_code: str | None = None
    charge: Id | None = None
    param: str | None = None
    payment_method: PaymentMethod | None = None
    payment_intent: Annotated[Intent | Refused, Field(union_mode="left_to_right")] | None = None

    @property
    def intent(self) -> Intent | None:
        """Where it is told in full."""
        return self.payment_intent if isinstance(self.payment_intent, Intent) else None

    @property
    def outcome(self) -> Outcome | None:
        """What Stripe's own filter did, where the refusal brings the intent along."""
        return self.payment_intent.outcome if self.payment_intent else None


class ToUrl(Message):
    """The issuer's page or the wallet's."""

    url: Url | None = None


class NextAction(Message):
    """Only `redirect_to_url` is an address; other types show something of their own."""

    type: str
    redirect_to_url: ToUrl | None = None


class Refused(Message):
    """As much of a payment intent as a refusal may show."""

    id: Id | None = None
    status: str | None = None
    currency: str | None = None
    latest_charge: Id | Tried | None = None
    metadata: Metadata | None = None

    @property
    def outcome(self) -> Outcome | None:
        """None where the charge was told as an id alone."""
        return self.latest_charge.outcome if isinstance(self.latest_charge, Tried) else None


class Intent(Message):
    """Authorization, capture and void in one object (docs.stripe.com/api/payment_intents). `amount`
    is what was asked for, in Stripe's units of `currency`."""

    id: Id
    object: Literal["payment_intent"]
    status: str
    amount: Units
    currency: str
    amount_capturable: Units | None = None
    amount_received: Units | None = None
    cancellation_reason: str | None = None
    capture_method: str | None = None
    last_payment_error: Problem | None = None
    latest_charge: Id | Charge | None = None
    metadata: Metadata = Field(default_factory=dict)
    next_action: NextAction | None = None

    @property
    def key(self) -> str | None:
        """Of our authorization; None where the intent is none of ours."""
        return self.metadata.get(KEY)

    @property
    def charge(self) -> Charge | None:
        """Where it was expanded."""
        return self.latest_charge if isinstance(self.latest_charge, Charge) else None

    @property
    def charge_id(self) -> str | None:
        """Of the last try, expanded or not."""
        latest = self.latest_charge
        return latest.id if isinstance(latest, Charge) else latest

    @property
    def outcome(self) -> Outcome | None:
        """None where the charge is not there to be read."""
        return self.charge.outcome if self.charge else None

    @property
    def is_sale(self) -> bool:
        """Its money is taken with the authorization: nothing of it waits for a capture."""
        return self.capture_method in ("automatic", "automatic_async")

    @property
    def is_of_a_page(self) -> bool:
        """The player may try again there for as long as the page is open."""
        return PAGE in self.metadata

    @property
    def redirect_url(self) -> str | None:
        """Where the player acts; None for steps that are no page."""
        step = self.next_action
        if step is None or step.type != "redirect_to_url" or step.redirect_to_url is None:
            return None
        return step.redirect_to_url.url


class Refund(Message):
    """docs.stripe.com/api/refunds/object. `status` is missing in old API versions."""

    id: Id
    object: Literal["refund"]
    status: str | None = None
    amount: Units
    currency: str
    charge: Id | None = None
    failure_reason: str | None = None
    metadata: Metadata | None = None
    payment_intent: Id | None = None

    @property
    def key(self) -> str | None:
        """Of our refund; None where it was made in the dashboard."""
        return (self.metadata or {}).get(KEY)


class Session(Message):
    """Stripe's hosted page for one payment."""

    id: Id
    object: Literal["checkout.session"]
    status: str | None = None
    amount_total: Units | None = None
    currency: str | None = None
    metadata: Metadata | None = None
    payment_intent: Id | Intent | None = None
    url: Url | None = None

    @property
    def key(self) -> str | None:
        """Of our authorization; None where the page is none of ours."""
        return (self.metadata or {}).get(KEY)

    @property
    def intent(self) -> Intent | None:
        """Where it was expanded."""
        return self.payment_intent if isinstance(self.payment_intent, Intent) else None

    @property
    def intent_id(self) -> str | None:
        """None until the player begins to pay."""
        made = self.payment_intent
        return made.id if isinstance(made, Intent) else made


class Fault(Message):
    """The body of every answer from 400 on."""

    error: Problem


class Intents(Message):
    """A page of the list, or of the search, which lags behind by a minute."""

    object: Literal["list", "search_result"]
    data: list[Intent]
    has_more: bool


class Refunds(Message):
    """The youngest first."""

    object: Literal["list"]
    data: list[Refund]
    has_more: bool


class SessionPage(Message):
    """The youngest first."""

    object: Literal["list"]
    data: list[Session]
    has_more: bool


Charge.model_rebuild()
Problem.model_rebuild()

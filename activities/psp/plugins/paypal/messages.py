"""PayPal's answers as they stand on the wire: fields that we need, of their type, and no others.

Names, addresses and e-mail addresses that PayPal tells along are not read.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AliasChoices, BeforeValidator, Field, ValidationError, model_validator

from workflows.domain.money import Money

from .amounts import money_of
from .reading import Id, IdIfAny, Message, Text, adornment, nothing

_WORD = re.compile(r"[A-Z0-9_]{1,80}", re.ASCII)

PAYER_LINKS = ("payer-action", "approve", "redirect")
"""Where the payer goes on, in the order of their age: PayPal renamed `approve`."""


class AmountMessage(Message):
    """A decimal string; the places are PayPal's (`amounts.py`)."""

    currency_code: str
    value: Text

    @property
    def money(self) -> Money:
        """Raises InDoubt."""
        return money_of(self.value, self.currency_code)


class Link(Message):
    """HATEOAS: by its relation, never by its place in the list."""

    href: Annotated[str, Field(repr=False)]
    rel: str = ""


def _those_that_can_be_read(links: object) -> tuple[Link, ...]:
    found = []
    for each in links if isinstance(links, list | tuple) else ():
        with suppress(ValidationError):
            found.append(Link.model_validate(each))
    return tuple(found)


Links = Annotated[tuple[Link, ...], BeforeValidator(_those_that_can_be_read)]


def payer_link(links: Links) -> str | None:
    """Where the payer acts: an https address (http on this machine alone), or None."""
    for rel in PAYER_LINKS:
        for link in links:
            if link.rel == rel and _is_for_browsers(link.href):
                return link.href
    return None


def linked_id(links: Links, rel: str, collection: str) -> str | None:
    """The id at the end of `…/<collection>/<id>`, where a link of this relation has one."""
    for link in links:
        steps = urlsplit(link.href).path.rstrip("/").split("/")
        if link.rel == rel and len(steps) > 2 and steps[-2] == collection:
            return steps[-1]
    return None


def _is_for_browsers(href: str) -> bool:
    parts = urlsplit(href)
    near = parts.hostname in ("127.0.0.1", "localhost", "::1")
    return parts.scheme == "https" or (parts.scheme == "http" and near)


class Payee(Message):
    """Who was paid, compared with the account's `merchant_id`."""

    merchant_id: str | None = None


class RelatedIds(Message):
    """What the thing belongs to, as PayPal tells it of captures and refunds."""

    order_id: IdIfAny = None
    authorization_id: IdIfAny = None
    capture_id: IdIfAny = None


class SupplementaryData(Message):
    """Only the related ids are read of it."""

    related_ids: Annotated[RelatedIds, adornment(RelatedIds)] = RelatedIds()


class ProcessorResponse(Message):
    """Of cards: the processor's codes as they came (`processor_codes.py`)."""

    response_code: Text | None = None
    payment_advice_code: Text | None = None
    avs_code: Text | None = None
    cvv_code: Text | None = None


class StatusDetails(Message):
    """Why a status is what it is, such as DECLINED_BY_RISK_FRAUD_FILTERS."""

    reason: Text | None = None


class NetworkReference(Message):
    """Of cards: the scheme."""

    network: Text | None = None


class Moved(Message):
    """What authorizations, captures and refunds have in common."""

    id: Id
    status: str
    amount: AmountMessage
    invoice_id: str | None = None
    custom_id: str | None = None
    status_details: StatusDetails = StatusDetails()
    processor_response: Annotated[ProcessorResponse | None, adornment(nothing)] = None
    network_transaction_reference: Annotated[NetworkReference | None, adornment(nothing)] = None
    supplementary_data: Annotated[SupplementaryData, adornment(SupplementaryData)] = (
        SupplementaryData()
    )
    payee: Payee = Payee()
    links: Links = ()

    @property
    def order_id(self) -> str | None:
        """From the related ids, else from the link upwards."""
        order_id = self.supplementary_data.related_ids.order_id
        return order_id or linked_id(self.links, "up", "orders")


class Payments(Message):
    """What an order has come to. One that cannot be read costs no other."""

    authorizations: tuple[Moved, ...] = ()
    captures: tuple[Moved, ...] = ()
    refunds: tuple[Moved, ...] = ()
    unread: frozenset[str] = frozenset()
    """The kinds of which one could not be read: what is not among the others may be that one."""

    @model_validator(mode="before")
    @classmethod
    def _each_for_itself(cls, payments: object) -> object:
        if not isinstance(payments, dict):
            return payments
        read: dict[str, Any] = {}
        unread = set()
        for kind in ("authorizations", "captures", "refunds"):
            found = []
            shown = payments.get(kind)
            for each in shown if isinstance(shown, list | tuple) else (shown,) if shown else ():
                try:
                    found.append(Moved.model_validate(each))
                except ValidationError:
                    unread.add(kind)
            read[kind] = tuple(found)
        return read | {"unread": frozenset(unread)}


class PurchaseUnit(Message):
    """We order one; `custom_id` and `invoice_id` are the authorization's key."""

    custom_id: str | None = None
    invoice_id: str | None = None
    amount: AmountMessage | None = None
    payee: Payee = Payee()
    payments: Payments = Payments()


class AuthenticationResult(Message):
    """POSSIBLE, NO or UNKNOWN."""

    liability_shift: Text | None = None


class Card(Message):
    """Where it was paid by card; a wallet has none."""

    brand: Text | None = None
    authentication_result: Annotated[AuthenticationResult | None, adornment(nothing)] = None


class PaymentSource(Message):
    """How it was paid, as far as we read it."""

    card: Annotated[Card | None, adornment(nothing)] = None


class Order(Message):
    """Orders 2.13. Its status says how far the payer is; what is held stands in the units."""

    id: Id
    status: str
    intent: str | None = None
    purchase_units: Annotated[tuple[PurchaseUnit, ...], Field(strict=False)] = ()
    payment_source: Annotated[PaymentSource, adornment(PaymentSource)] = PaymentSource()
    links: Links = ()

    @property
    def is_sale(self) -> bool:
        """It takes the money and holds nothing first."""
        return self.intent == "CAPTURE"


class ErrorDetail(Message):
    """`issue` is PayPal's word for what is wrong; Payouts write a sentence."""

    issue: Text = ""
    field: Text | None = None
    links: Annotated[Links, Field(validation_alias=AliasChoices("links", "link"))] = ()


class ErrorMessage(Message):
    """PayPal's own shape of every refusal: with a name, and what exactly in the details."""

    name: Annotated[str, Field(min_length=1)]
    details: Annotated[tuple[ErrorDetail, ...], Field(strict=False)] = ()
    links: Links = ()

    @property
    def code(self) -> str:
        """The first issue that is a word of PayPal's and no sentence, else the name."""
        words = (detail.issue for detail in self.details if _WORD.fullmatch(detail.issue))
        return next(words, self.name if _WORD.fullmatch(self.name) else "ERROR")

    @property
    def is_about_a_batch(self) -> bool:
        """Payouts say in a sentence that the batch's id was used before."""
        text = " ".join(f"{detail.field} {detail.issue}" for detail in self.details)
        return self.name == "USER_BUSINESS_ERROR" and (not text or "batch" in text.lower())

    @property
    def all_links(self) -> Links:
        """Those of the refusal itself, then those of its details."""
        return (*self.links, *(link for detail in self.details for link in detail.links))

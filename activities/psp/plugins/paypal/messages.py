"""PayPal's answers as they stand on the wire: fields that we need, of their type, and no others.

Names, addresses and e-mail addresses that PayPal tells along are not read.
"""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from workflows.domain.money import Money

from .amounts import money_of

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,64}$")]
"""Ids are put into paths: nothing that means something there."""

_WORD = re.compile(r"[A-Z0-9_]{1,80}", re.ASCII)

PAYER_LINKS = ("payer-action", "approve", "redirect")
"""Where the payer goes on, in the order of their age: PayPal renamed `approve`."""


class Message(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, told: object) -> object:
        if not isinstance(told, dict):
            return told
        return {name: value for name, value in told.items() if value is not None}


class AmountMessage(Message):
    currency_code: str
    value: str

    @property
    def money(self) -> Money:
        """Raises InDoubt."""
        return money_of(self.value, self.currency_code)


class Link(Message):
    href: Annotated[str, Field(repr=False)]
    rel: str = ""


Links = tuple[Link, ...]


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
    merchant_id: str | None = None


class RelatedIds(Message):
    order_id: Id | None = None
    authorization_id: Id | None = None
    capture_id: Id | None = None


class SupplementaryData(Message):
    related_ids: RelatedIds = RelatedIds()


class ProcessorResponse(Message):
    response_code: str | None = None
    payment_advice_code: str | None = None
    avs_code: str | None = None
    cvv_code: str | None = None


class StatusDetails(Message):
    reason: str | None = None


class NetworkReference(Message):
    network: str | None = None


class Moved(Message):
    """What authorizations, captures and refunds have in common."""

    id: Id
    status: str
    amount: AmountMessage
    invoice_id: str | None = None
    custom_id: str | None = None
    status_details: StatusDetails = StatusDetails()
    processor_response: ProcessorResponse | None = None
    network_transaction_reference: NetworkReference | None = None
    supplementary_data: SupplementaryData = SupplementaryData()
    payee: Payee = Payee()
    links: Annotated[Links, Field(strict=False)] = ()

    @property
    def order_id(self) -> str | None:
        told = self.supplementary_data.related_ids.order_id
        return told or linked_id(self.links, "up", "orders")


class Payments(Message):
    authorizations: Annotated[tuple[Moved, ...], Field(strict=False)] = ()
    captures: Annotated[tuple[Moved, ...], Field(strict=False)] = ()
    refunds: Annotated[tuple[Moved, ...], Field(strict=False)] = ()


class PurchaseUnit(Message):
    custom_id: str | None = None
    invoice_id: str | None = None
    amount: AmountMessage | None = None
    payee: Payee = Payee()
    payments: Payments = Payments()


class AuthenticationResult(Message):
    liability_shift: str | None = None


class Card(Message):
    brand: str | None = None
    authentication_result: AuthenticationResult | None = None


class PaymentSource(Message):
    card: Card | None = None


class Order(Message):
    id: Id
    status: str
    intent: str | None = None
    purchase_units: Annotated[tuple[PurchaseUnit, ...], Field(strict=False)] = ()
    payment_source: PaymentSource = PaymentSource()
    links: Annotated[Links, Field(strict=False)] = ()


class ErrorDetail(Message):
    issue: str = ""
    field: str | None = None
    links: Annotated[
        Links, Field(strict=False, validation_alias=AliasChoices("links", "link"))
    ] = ()


class ErrorMessage(Message):
    """PayPal's own shape of every refusal: with a name, and what exactly in the details."""

    name: Annotated[str, Field(min_length=1)]
    details: Annotated[tuple[ErrorDetail, ...], Field(strict=False)] = ()
    links: Annotated[Links, Field(strict=False)] = ()

    @property
    def code(self) -> str:
        """The first issue that is a word of PayPal's and no sentence, else the name."""
        words = (detail.issue for detail in self.details if _WORD.fullmatch(detail.issue))
        return next(words, self.name if _WORD.fullmatch(self.name) else "ERROR")

    @property
    def is_about_a_batch(self) -> bool:
        """Payouts say in a sentence that the batch's id was used before."""
        told = " ".join(f"{detail.field} {detail.issue}" for detail in self.details)
        return self.name == "USER_BUSINESS_ERROR" and (not told or "batch" in told.lower())

    @property
    def all_links(self) -> Links:
        return (*self.links, *(link for detail in self.details for link in detail.links))

"""Adyen's answers and webhooks as they stand on the wire.

Fields that we do not know are ignored; fields that we need must be there and of their type. What
only adorns an answer (a reason's text, a brand, additional data) and is of another type is as if
it were not there: it must not lose the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Ref = Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,64}$")]
"""References are put into paths: nothing that means something there."""


def _text(given: object) -> str | None:
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    return given if isinstance(given, str) else None


def _word(given: object) -> str:
    return _text(given) or ""


def _members(given: object) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {}


def _method(given: object) -> object:
    """Some answers name a method by a word alone."""
    return {"brand": given} if isinstance(given, str) else _members(given)


def _action(given: object) -> object:
    """What is no action is none: the player is not sent anywhere."""
    members = _members(given)
    return members if all(isinstance(members.get(n, ""), str) for n in _OF_ACTION) else {}


def _listed(given: object) -> list[Any]:
    return given if isinstance(given, list) else []


_OF_ACTION = ("type", "method", "url")
Adornment = Annotated[str | None, BeforeValidator(_text)]
Adornments = Annotated[dict[str, Any], BeforeValidator(_members)]


class Message(BaseModel):
    """Unknown members pass. Types are strict: a number in a text is another dialect."""

    # Strict: an amount of "50" or true is a PSP that changed its dialect, not an amount.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class AmountMessage(Message):
    """In Adyen's minor units, which are not everywhere those of ISO 4217: `amounts.py`."""

    value: Annotated[int, Field(ge=0, le=10**17)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class ActionMessage(Message):
    """What the player has to do; only a redirect by GET is an address."""

    type: str = ""
    method: str = "GET"
    url: str = ""


class MethodMessage(Message):
    """Of it only the brand is read, for the scheme."""

    type: Adornment = None
    brand: Adornment = None


class PaymentMessage(Message):
    """Of `/payments` and `/payments/details`."""

    result: Annotated[str, Field(alias="resultCode")]
    psp_ref: Annotated[Ref | None, Field(alias="pspReference")] = None
    reference: Annotated[str | None, Field(alias="merchantReference")] = None
    amount: AmountMessage | None = None
    refusal: Annotated[Adornment, Field(alias="refusalReason")] = None
    refusal_code: Annotated[Adornment, Field(alias="refusalReasonCode")] = None
    additional: Annotated[Adornments, Field(alias="additionalData")] = {}
    action: Annotated[ActionMessage, BeforeValidator(_action)] = ActionMessage()
    method: Annotated[MethodMessage, BeforeValidator(_method), Field(alias="paymentMethod")] = (
        MethodMessage()
    )


class LinkMessage(Message):
    """Of `/paymentLinks`. `status`: active, paymentPending, completed, expired, paid."""

    id: Ref
    url: Annotated[str, Field(pattern=r"^https?://\S+$")]
    status: str
    reference: str
    merchant_account: Annotated[str, Field(alias="merchantAccount")]
    amount: AmountMessage


class ModificationMessage(Message):
    """That a capture, a cancellation or a refund was received."""

    psp_ref: Annotated[Ref, Field(alias="pspReference")]
    status: str
    merchant_account: Annotated[str, Field(alias="merchantAccount")]
    reference: str | None = None
    payment: Annotated[str | None, Field(alias="paymentPspReference")] = None
    payment_reference: Annotated[str | None, Field(alias="paymentReference")] = None
    amount: AmountMessage | None = None


class SubmittedMessage(Message):
    """That a payout by Payout v68 was taken in; it is not confirmed yet."""

    psp_ref: Annotated[Ref, Field(alias="pspReference")]
    result: Annotated[str, Field(alias="resultCode")]
    refusal: Annotated[Adornment, Field(alias="refusalReason")] = None
    additional: Annotated[Adornments, Field(alias="additionalData")] = {}


class ConfirmedMessage(Message):
    """Whatever it says, a webhook tells what became of the payout."""

    psp_ref: Annotated[Ref, Field(alias="pspReference")]
    response: str


class PartyMessage(Message):
    """The balance account that a transfer leaves."""

    id: Adornment = None


class TransferMessage(Message):
    """Of Transfers: as it is answered, listed, looked at and told by webhook."""

    psp_ref: Annotated[Ref, Field(alias="id")]
    status: str
    amount: AmountMessage
    reference: str | None = None
    reason: Adornment = None
    balance_account: Annotated[
        PartyMessage, BeforeValidator(_members), Field(alias="balanceAccount")
    ] = PartyMessage()
    events: Annotated[list[Any], BeforeValidator(_listed)] = []
    sequence: Annotated[int | None, Field(alias="sequenceNumber")] = None
    updated_at: Annotated[Adornment, Field(alias="updatedAt")] = None

    @property
    def was_booked(self) -> bool:
        """Whether the money had left us before."""
        return any(isinstance(e, dict) and e.get("status") == "booked" for e in self.events)


class TransfersMessage(Message):
    """Of the list of transfers, by our reference."""

    transfers: Annotated[list[TransferMessage], Field(alias="data")]


class FaultMessage(Message):
    """Of Checkout and Payout; the younger APIs name the type by the address of a page."""

    code: Annotated[str, BeforeValidator(_text), Field(alias="errorCode", min_length=1)]
    kind: Annotated[str, BeforeValidator(_word), Field(alias="errorType")] = ""
    page: Annotated[str, BeforeValidator(_word), Field(alias="type")] = ""


class ItemMessage(Message):
    """One event of a webhook, as `webhooks.py` read it. Only the first eight are signed."""

    psp_ref: Annotated[str, Field(alias="pspReference", min_length=1)]
    original: Annotated[str, Field(alias="originalReference")] = ""
    merchant_account: Annotated[str, Field(alias="merchantAccountCode")]
    reference: Annotated[str, Field(alias="merchantReference")] = ""
    amount: AmountMessage
    code: Annotated[str, Field(alias="eventCode")]
    success: Annotated[str, Field(pattern=r"^(true|false)$")]
    at: Annotated[str, BeforeValidator(_word), Field(alias="eventDate")] = ""
    reason: Adornment = None
    method: Annotated[Adornment, Field(alias="paymentMethod")] = None
    additional: Annotated[Adornments, Field(alias="additionalData")] = {}

    @property
    def succeeded(self) -> bool:
        """Whether what `code` names came about: of CAPTURE_FAILED true is a failure."""
        return self.success == "true"

"""Adyen's answers and webhooks as they stand on the wire.

Fields that we do not know are ignored; fields that we need must be there and of their type.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Ref = Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,64}$")]
"""References are put into paths: nothing that means something there."""


class Message(BaseModel):
    # Strict: an amount of "50" or true is a PSP that changed its dialect, not an amount.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class AmountMessage(Message):
    value: Annotated[int, Field(ge=0, le=10**17)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class ActionMessage(Message):
    type: str = ""
    method: str = "GET"
    url: str = ""


class MethodMessage(Message):
    type: str | None = None
    brand: str | None = None


class PaymentMessage(Message):
    """Of `/payments` and `/payments/details`."""

    result: Annotated[str, Field(alias="resultCode")]
    psp_ref: Annotated[Ref | None, Field(alias="pspReference")] = None
    reference: Annotated[str | None, Field(alias="merchantReference")] = None
    amount: AmountMessage | None = None
    refusal: Annotated[str | None, Field(alias="refusalReason")] = None
    refusal_code: Annotated[str | None, Field(alias="refusalReasonCode")] = None
    additional: Annotated[dict[str, Any], Field(alias="additionalData")] = {}
    action: ActionMessage | None = None
    method: Annotated[MethodMessage | None, Field(alias="paymentMethod")] = None


class LinkMessage(Message):
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
    psp_ref: Annotated[Ref, Field(alias="pspReference")]
    result: Annotated[str, Field(alias="resultCode")]
    refusal: Annotated[str | None, Field(alias="refusalReason")] = None
    additional: Annotated[dict[str, Any], Field(alias="additionalData")] = {}


class ConfirmedMessage(Message):
    psp_ref: Annotated[Ref, Field(alias="pspReference")]
    response: str


class FaultMessage(Message):
    code: Annotated[str, Field(alias="errorCode", min_length=1)]
    kind: Annotated[str, Field(alias="errorType", min_length=1)]


class ItemMessage(Message):
    """One event of a webhook. Only the first eight are signed."""

    psp_ref: Annotated[str, Field(alias="pspReference")]
    original: Annotated[str, Field(alias="originalReference")] = ""
    merchant_account: Annotated[str, Field(alias="merchantAccountCode")]
    reference: Annotated[str, Field(alias="merchantReference")] = ""
    amount: AmountMessage
    code: Annotated[str, Field(alias="eventCode")]
    success: Annotated[str, Field(pattern=r"^(true|false)$")]
    at: Annotated[str, Field(alias="eventDate")] = ""
    reason: str | None = None
    method: Annotated[str | None, Field(alias="paymentMethod")] = None
    additional: Annotated[dict[str, Any], Field(alias="additionalData")] = {}

    @property
    def succeeded(self) -> bool:
        return self.success == "true"

"""The sandbox PSP's answers and webhooks as they stand on the wire.

Fields that we do not know are ignored; fields that we need must be there and of their type.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from workflows.domain.money import MAX_MINOR_UNITS, Money
from workflows.domain.psp import Approved, Authentication, Operation, Pending, Reply

from .declines import declined

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,128}$")]
"""Ids are put into paths: nothing that means something there."""

NOTHING = Money(0, "EUR")
"""What a void of an unknown reference released: zero of a currency that nobody told. The amount of
a void is compared with nothing."""

OPERATIONS = {
    "authorization": Operation.AUTHORIZE,
    "capture": Operation.CAPTURE,
    "void": Operation.VOID,
    "refund": Operation.REFUND,
    "payout": Operation.PAYOUT,
    "chargeback": Operation.CHARGEBACK,
    "chargeback_reversed": Operation.CHARGEBACK_REVERSED,
}
_NEVER_ASKED = {"chargeback", "chargeback_reversed"}


class Message(BaseModel):
    """Unknown members pass. Types are strict: a number in a text is another dialect."""

    # Strict: an amount of "50" or true is a PSP that changed its dialect, not an amount.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Decline(Message):
    """The code alone: soft or hard is our table's affair."""

    code: str = ""


class ThreeDs(Message):
    """What the player proved on the page, or a proof that came along."""

    scheme: str | None = None
    version: str | None = None
    eci: str | None = None
    cavv: str | None = None
    ds_trans_id: str | None = None
    liability_shift: bool | None = None


class OperationMessage(Message):
    """Every answer, lookup and webhook is one operation. `amount` is in minor units of ISO 4217;
    `reference` is our key."""

    id: Id
    operation: str
    status: str
    reference: str
    merchant_account: str
    amount: Annotated[int, Field(ge=0, le=MAX_MINOR_UNITS)]
    currency: str | None
    """None only where a void met nothing."""
    authorization_id: Id | None = None
    capture_id: Id | None = None
    captured: bool = False
    """Of an authorization: it was a sale, the money is taken."""
    initiated_by: str = "merchant"
    payment_reference: str | None = None
    """Of what the merchant did not ask for: their reference of the authorization it is about."""
    decline: Decline | None = None
    redirect_url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    three_ds: ThreeDs | None = None
    avs: str | None = None
    cvv_result: str | None = None

    @property
    def money(self) -> Money:
        """Raises MoneyError for a currency that is none."""
        if self.met_nothing:
            return NOTHING
        return Money(self.amount, self.currency or "")

    @property
    def unasked(self) -> bool:
        """Whether somebody else did it: in its dashboard, or the payer's bank."""
        return self.initiated_by != "merchant" or self.operation in _NEVER_ASKED

    @property
    def about(self) -> tuple[str, ...]:
        """The PSP's ids by which the payment is found. Those of a refund that came to nothing begin
        with its own: that is what was undone."""
        failed = self.operation == "refund" and self.status == "declined"
        ids = (self.id if failed else None, self.capture_id, self.authorization_id)
        return tuple(dict.fromkeys(each for each in ids if each is not None))

    @property
    def met_nothing(self) -> bool:
        """A void by our reference where nothing was authorized."""
        return self.operation == "void" and self.amount == 0 and self.currency is None

    def reply(self) -> Reply:
        """What it says. Any word but approved and declined is no answer yet."""
        match self.status:
            case "approved":
                sale = self.operation == "authorization" and self.captured
                return Approved(self.id, self.money, self._authentication(), captured=sale)
            case "declined":
                no = declined(self.decline.code if self.decline else "")
                return replace(no, authentication=self._authentication())
            case _:
                return Pending(self.id, self.redirect_url)

    def _authentication(self) -> Authentication | None:
        if self.three_ds is None and self.avs is None and self.cvv_result is None:
            return None
        proof = self.three_ds or ThreeDs()
        return Authentication(**proof.model_dump(), avs=self.avs, cvv=self.cvv_result)


class EventMessage(Message):
    """One webhook is one event; `type` is `<operation>.<status>`."""

    id: Id
    type: str
    created_at: str
    data: OperationMessage


class EventHead(Message):
    """Of an event that may be about something else than money."""

    type: str


class Fault(Message):
    """Its word for what is wrong: `not_found`, `too_many_requests`, …"""

    code: str


class FaultMessage(Message):
    """The body of every answer from 400 on."""

    error: Fault

"""What PSPs said to a payment: checks of the card, declines, every question and its answer."""

from __future__ import annotations

from pydantic import BaseModel, Field

from workflows.domain.declines import Retry
from workflows.domain.risk import ApprovalReason
from workflows.domain.routing.limits import Ended
from workflows.domain.waiting import WaitingOn


class ThreeDSecure(BaseModel):
    scheme: str | None = None
    version: str | None = None
    ds_trans_id: str | None = None
    liability_shift: bool | None = None
    cavv_present: bool | None = Field(
        None, description="the issuer gave a CAVV, whether or not the PSP shows it"
    )
    avs: str | None = None
    cvv: str | None = None


class _Verdict(BaseModel):
    reason: str | None
    code: str | None = Field(None, description="the PSP's own, as it came")
    soft: bool | None = Field(None, description="another merchant account might have said yes")
    retry: str | None = Field(
        None,
        description="what the PSP or the card scheme lets us do with the same card: "
        + ", ".join(Retry),
    )
    retry_after_seconds: int | None = None
    scheme: str | None = None
    scheme_code: str | None = Field(None, description="the issuer's own response code")
    advice_code: str | None = Field(None, description="of the scheme or the PSP, as it came")


class Decline(_Verdict):
    """Why not, in our normalised words, beside the PSP's own code."""

    reason: str = Field(examples=["insufficient_funds"])
    ended: str | None = Field(
        None,
        description="why no other merchant account was asked: " + ", ".join(Ended),
    )


class RouteView(BaseModel):
    """Who said where the payment was to go. The routing receipt tells why."""

    policy: str
    version: int
    rule: str | None = Field(description="null: the policy's default decided")
    refusal: str | None = Field(description="why no merchant account was asked")


class AttemptView(_Verdict):
    """One question to one PSP and how it ended."""

    psp: str
    merchant_account: str
    step: str = Field(examples=["authorize:1"])
    outcome: str = Field(examples=["approved", "declined", "not_sent"])
    reason: str | None = None


class WaitsFor(BaseModel):
    """What keeps a payout from going on, and who can change that."""

    on: WaitingOn
    reasons: list[ApprovalReason] = Field(
        description="of an approval: why a second person is needed"
    )
    stop_id: int | None = Field(description="of the stop by hand under which it is parked")
    case_id: str | None = Field(description="of the case about the player that is looked at first")
    psp: str | None = Field(description="whose word is awaited")
    psp_ref: str | None = Field(description="what that PSP calls it")
    until: str | None = Field(description="the end of a postponement")

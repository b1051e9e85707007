"""What we ask of a payment service provider (PSP), and what can come back.

An instruction is one question to one PSP. Its key is the business (`<payment id>:<step>`), is the
idempotency key at the PSP and our reference there: whatever the PSP tells us later names it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from .declines import Advice
from .money import Money


class Operation(StrEnum):
    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    PAYOUT = "payout"


COMPLETE = "complete"
"""The second half of an authorization: a call, and no operation of its own."""


@dataclass(frozen=True)
class MerchantAccount:
    """Our contract with one PSP for one brand and region."""

    psp: str
    id: str


# --- instructions -----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Instruction:
    key: str
    account: MerchantAccount
    amount: Money
    trace_id: str

    @property
    def payment_id(self) -> str:
        return payment_of(self.key)


@dataclass(frozen=True, kw_only=True)
class AuthorizeInstruction(Instruction):
    """Hold an amount. Without a `payment_token` the PSP's hosted page asks the player for one."""

    method: str
    payment_token: str | None
    player_id: str
    return_url: str
    authentication: Authentication | None = None
    """The player's proof, given through another PSP: who takes it asks for no challenge."""


@dataclass(frozen=True, kw_only=True)
class CompleteInstruction(Instruction):
    """Go on with an authorization for which the player has done their part at the PSP.

    It belongs to the authorization: what comes of it is told under `authorize_key`.
    """

    authorize_key: str
    psp_ref: str | None
    """What the PSP called the authorization when it promised an answer."""
    parameters: dict[str, str] = field(default_factory=dict)
    """What the PSP gave the player's browser on the way back: the query of the return URL."""


@dataclass(frozen=True, kw_only=True)
class CaptureInstruction(Instruction):
    psp_ref: str
    """The PSP's id of the authorization."""


@dataclass(frozen=True, kw_only=True)
class VoidInstruction(Instruction):
    """Release what an authorization still holds; by its key when the PSP never told us its id."""

    authorize_key: str
    psp_ref: str | None
    after_capture: bool = False
    """Only the rest is released: a part of the hold was captured before."""


@dataclass(frozen=True, kw_only=True)
class RefundInstruction(Instruction):
    psp_ref: str
    """The PSP's id of the capture."""
    authorization_ref: str | None = None
    """The PSP's id of the authorization, which some PSPs refund instead."""


@dataclass(frozen=True, kw_only=True)
class PayoutInstruction(Instruction):
    method: str
    destination: str
    player_id: str


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """Ask what became of an instruction: never moves money, may be repeated."""

    key: str
    operation: Operation
    account: MerchantAccount
    psp_ref: str | None
    trace_id: str
    amount: Money | None = None
    parent_ref: str | None = None
    """The PSP's id of what the instruction acts on: of the authorization, or of the capture."""
    asked_at: str = ""
    """When the instruction was first sent, RFC 3339: keys are honoured for a limited time."""


# --- outcomes ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Authentication:
    """3-D Secure and card checks; an ECI means nothing without its scheme."""

    scheme: str | None = None
    eci: str | None = None
    cavv: str | None = field(default=None, repr=False)
    """The PSP's own text, where it tells it. Never in a log line."""
    cavv_present: bool | None = None
    version: str | None = None
    ds_trans_id: str | None = None
    liability_shift: bool | None = None
    avs: str | None = None
    cvv: str | None = None

    @property
    def is_reusable(self) -> bool:
        """Whether it proves to another PSP that the player was authenticated, or was to be."""
        return bool(self.cavv and self.ds_trans_id) and self.eci in _PROVED

    @property
    def handed_over(self) -> Authentication:
        """Of the proof alone: what one PSP checked of the card says nothing to another."""
        return Authentication(
            self.scheme, self.eci, self.cavv, None, self.version, self.ds_trans_id
        )


_PROVED = {"05", "06", "02", "01"}
"""Of Visa and others, and of Mastercard: authenticated, or attempted with a proof."""


@dataclass(frozen=True)
class Approved:
    """Done at the PSP. `amount` is what the PSP says it did."""

    psp_ref: str
    amount: Money
    authentication: Authentication | None = None
    kind: Literal["approved"] = "approved"


@dataclass(frozen=True)
class Declined:
    """Certainly not done. Soft: another merchant account may say yes; hard: nobody will."""

    reason: str
    soft: bool
    code: str
    """The PSP's own code, kept as it came."""
    advice: Advice | None = None
    """Whether, and when, the same card may be tried again."""
    authentication: Authentication | None = None
    """What the player had proved before."""
    kind: Literal["declined"] = "declined"


@dataclass(frozen=True)
class Pending:
    """The PSP works on it, or the player must act at `redirect_url`; the result comes later."""

    psp_ref: str
    redirect_url: str | None = None
    kind: Literal["pending"] = "pending"


@dataclass(frozen=True)
class NotSent:
    """Provably never left us."""

    why: str
    kind: Literal["not_sent"] = "not_sent"


@dataclass(frozen=True)
class Unknown:
    """It may have happened. Only asking, hearing or voiding ends the doubt."""

    why: str
    kind: Literal["unknown"] = "unknown"


@dataclass(frozen=True)
class NotFound:
    """A lookup's answer: the PSP knows no such instruction.

    `safe_to_repeat`: it honours idempotency keys, so the same instruction under the same key
    cannot be done twice, even if the first one is still on its way.
    """

    safe_to_repeat: bool = False
    kind: Literal["not_found"] = "not_found"


@dataclass(frozen=True)
class NoStatus:
    """A lookup's answer: this PSP cannot be asked about it.

    `safe_to_repeat`: it honours idempotency keys and still remembers this one, so the same
    instruction under the same key gives the answer to the first. Without it, only a webhook or a
    report tells.
    """

    safe_to_repeat: bool = False
    kind: Literal["no_status"] = "no_status"


@dataclass(frozen=True)
class Ready:
    """The player has done their part: the authorization can be completed."""

    psp_ref: str
    kind: Literal["ready"] = "ready"


Reply = Approved | Declined | Pending
Outcome = Approved | Declined | Pending | NotSent | Unknown
Finding = Approved | Declined | Pending | Ready | NotFound | NoStatus | Unknown
Fact = Approved | Declined | Pending | Ready
"""What a webhook or a report can tell."""


# --- facts from outside -----------------------------------------------------------------------


@dataclass(frozen=True)
class PspEvent:
    """A verified webhook or report line: a fact, not a command."""

    psp: str
    event_id: str
    key: str
    """The key of the instruction it is about (our reference at the PSP)."""
    operation: Operation
    reply: Fact
    amount: Money
    occurred_at: str = ""
    """RFC 3339, the PSP's clock."""
    raw_type: str = ""
    account: str | None = None
    """The merchant account it names, where the PSP tells it."""

    @property
    def payment_id(self) -> str:
        return payment_of(self.key)


def key_of(payment_id: str, step: str, number: int | None = None) -> str:
    """`in_1:authorize:2`: the business and the step, never a run, an attempt or a random number."""
    return f"{payment_id}:{step}" if number is None else f"{payment_id}:{step}:{number}"


def payment_of(key: str) -> str:
    return key.partition(":")[0]

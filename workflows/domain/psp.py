"""What we ask of a payment service provider (PSP), and what can come back.

An instruction is one question to one PSP. Its key is the business (`<payment id>:<step>`), is the
idempotency key at the PSP and our reference there: whatever the PSP tells us later names it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Literal

from .authentication import Authentication as Authentication
from .declines import Advice
from .identity import is_of_a_sale, payment_of
from .money import Money


class Operation(StrEnum):
    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    PAYOUT = "payout"
    CHARGEBACK = "chargeback"
    """A fact alone: the payer's bank took captured money back. Nobody instructs it."""
    CHARGEBACK_REVERSED = "chargeback_reversed"
    """A fact alone: what a chargeback took has come back to us."""


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
    looked: bool = False
    """We have looked, and the PSP knows nothing of it: it may be asked again."""
    order: str = ""  # The digest of the payment's order: nothing else is asked for.

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
    country: str | None = None
    """The player's, ISO 3166-1 alpha-2, where the platform told it."""


@dataclass(frozen=True, kw_only=True)
class SellInstruction(AuthorizeInstruction):
    """Authorize an amount and take it, in one call. It is an authorization like any other (of one
    payment one alone may stand) whose yes says `captured`; its key's step is `sale`."""


def asked_under(
    key: str, account: MerchantAccount, instruction: AuthorizeInstruction
) -> AuthorizeInstruction:
    """The same wish at this account, as a sale or as a hold: the key's step says which."""
    kind = SellInstruction if is_of_a_sale(key) else AuthorizeInstruction
    wish = {each.name: getattr(instruction, each.name) for each in fields(instruction)}
    return kind(**wish | {"key": key, "account": account})


@dataclass(frozen=True, kw_only=True)
class CompleteInstruction(Instruction):
    """Go on with an authorization for which the player has done their part at the PSP: what comes
    of it is told under `authorize_key`."""

    authorize_key: str
    psp_ref: str | None
    """What the PSP called the authorization when it promised an answer."""
    parameters: dict[str, str] = field(default_factory=dict)
    """What the PSP gave the player's browser on the way back: the query of the return URL."""


@dataclass(frozen=True, kw_only=True)
class CaptureInstruction(Instruction):
    psp_ref: str
    """The PSP's id of the authorization."""
    authorize_key: str


@dataclass(frozen=True, kw_only=True)
class VoidInstruction(Instruction):
    """Release what an authorization holds, or give back what a sale took; by its key if need be."""

    authorize_key: str
    psp_ref: str | None
    after_capture: bool = False
    """Only the rest is released: a part of the hold was captured before."""
    method: str = ""
    sale: bool = False
    """What was taken goes back; of what was not taken yet nothing may be taken any more."""


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
class Approved:
    """Done at the PSP. `amount` is what the PSP says it did."""

    psp_ref: str
    amount: Money
    authentication: Authentication | None = None
    captured: bool = False
    """Of an authorization: it was a sale, the money is taken and there is no hold to capture.
    `psp_ref` is then what a refund names as the capture."""
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
    """Provably never left us, or the PSP certainly did nothing.

    `key_is_dead`: the PSP keeps giving a stored error under this key and knows of nothing done:
    under the next key it may be asked once more.
    """

    why: str
    key_is_dead: bool = False
    kind: Literal["not_sent"] = "not_sent"


@dataclass(frozen=True)
class Unknown:
    """It may have happened. Only asking, hearing or voiding ends the doubt.

    `answered`: the PSP did answer, with an error of its own.
    """

    why: str
    answered: bool = False
    kind: Literal["unknown"] = "unknown"


@dataclass(frozen=True)
class Rival:
    """An instruction that was asked before, and excludes the one that is to be asked."""

    key: str
    operation: str
    account: MerchantAccount
    amount: Money


@dataclass(frozen=True)
class Fenced:
    """Not sent: something that excludes it came first, the `rival`, or the payment is `over`, its
    money not set aside (`nothing_held`), or nobody opened it (`unknown_payment`)."""

    why: str
    rival: Rival | None = None
    kind: Literal["fenced"] = "fenced"


@dataclass(frozen=True)
class Parked:
    """Not sent: it is stopped by hand, or until a case about the player is resolved. Wait for the
    signal `resume`, and ask again."""

    stop_id: int | None = None
    case_id: str | None = None
    kind: Literal["parked"] = "parked"


@dataclass(frozen=True)
class SlowLane:
    """Of the quick lane alone: no answer here. Whoever asks again on the PSP's own queue gets one,
    also of a call that is under way."""

    why: str
    kind: Literal["slow_lane"] = "slow_lane"


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
Outcome = Approved | Declined | Pending | NotSent | Unknown | Fenced | Parked | SlowLane
Finding = Approved | Declined | Pending | Ready | NotFound | NoStatus | Unknown
Fact = Approved | Declined | Pending | Ready
"""What a webhook or a report can tell."""

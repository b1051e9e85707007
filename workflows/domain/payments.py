"""What deposits, payouts and refunds have in common: a noun, a version, facts that grow."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from .cascading import CascadeLimits
from .declines import Advice
from .identity import Kind
from .money import Money
from .psp import (
    Approved,
    Authentication,
    Declined,
    Instruction,
    MerchantAccount,
    NotSent,
    Parked,
    VoidInstruction,
)
from .risk import ApprovalReason


class CaptureMethod(StrEnum):
    AUTOMATIC = "automatic"
    MANUAL = "manual"


@dataclass(frozen=True)
class Attempt:
    """One question to one PSP and how it ended: the list operators read on a payment."""

    key: str
    account: MerchantAccount
    outcome: str
    reason: str | None = None
    code: str | None = None
    soft: bool | None = None
    advice: Advice | None = None
    psp_ref: str | None = None
    """The PSP's id of what was done."""
    captured: bool | None = None
    """Of an authorization that was a sale: true."""
    released: tuple[str, ...] = ()
    """Of a void: the PSP's ids of what it named, and of what the PSP says it let go of."""


NOTHING_DONE = "nothing_done"
"""How an attempt ended whose key the PSP answers with a stored error, having done nothing."""


def attempt_of(instruction: Instruction, outcome: Approved | Declined | NotSent) -> Attempt:
    key, account, kind = instruction.key, instruction.account, outcome.kind
    match outcome:
        case Declined(reason=reason, code=code, soft=soft, advice=advice):
            named = _named(instruction)
            return Attempt(key, account, kind, reason, code, soft, advice, released=named)
        case NotSent(why=why, key_is_dead=dead):
            return Attempt(key, account, NOTHING_DONE if dead else kind, why)
        case Approved(psp_ref=psp_ref):
            named = _named(instruction, psp_ref)
            sale = outcome.captured or None
            return Attempt(key, account, kind, psp_ref=psp_ref, captured=sale, released=named)


def _named(instruction: Instruction, *refs: str) -> tuple[str, ...]:
    if not isinstance(instruction, VoidInstruction):
        return ()
    return tuple(dict.fromkeys(ref for ref in (instruction.psp_ref, *refs) if ref))


@dataclass(frozen=True)
class Problem:
    """Why a payment did not go through, in our normalised words."""

    reason: str
    code: str | None = None
    soft: bool | None = None
    advice: Advice | None = None
    ended: str | None = None
    """Why no other merchant account was asked after the last."""


@dataclass(frozen=True)
class RouteTaken:
    """Who said where the payment was to go; the receipt tells the rest."""

    policy: str
    version: int
    rule: str | None = None
    """None: the policy's default decided."""
    refusal: str | None = None


REFUND_FAILED = "refund_failed"
"""How a refund is undone that somebody made at the PSP: what it had taken is there again."""


@dataclass(frozen=True)
class Reversal:
    """Captured money that left us at the PSP without us, or came back: booked by an entry."""

    operation: str
    """refund, refund_failed, chargeback or chargeback_reversed. What undoes a thing that was not
    heard of before is remembered alone: no entry goes with it, nor with that thing then."""
    psp_ref: str
    """The PSP's id of it."""
    amount: Money
    at: str
    """RFC 3339, the PSP's clock."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a payment so far. Absent means not (yet) true."""

    account: MerchantAccount | None = None
    psp_ref: str | None = None
    authentication: Authentication | None = None
    redirect_url: str | None = None
    captured: Money | None = None
    capture_id: str | None = None
    capture_ref: str | None = None
    """The PSP's id of the capture, which a refund names."""
    problem: Problem | None = None
    attempts: tuple[Attempt, ...] = field(default=())
    approver: str | None = None
    """The second person."""
    approver_credential: str | None = None
    """With which they decided."""
    decision_reason: str | None = None
    postponed_until: str | None = None
    route: RouteTaken | None = None
    stop_id: int | None = None
    """The stop by hand under which it is parked."""
    case_id: str | None = None
    """The case about the player for which it is parked."""
    reversals: tuple[Reversal, ...] = ()
    """What somebody else did with the captured money at the PSP, in the order in which we heard."""
    returns: tuple[str, ...] = ()
    """When a paid payout or refund came back, by the PSP's clock, RFC 3339."""
    returned_by: tuple[str, ...] = ()
    """The facts that told it: each gives the money back once, whatever happened since."""
    approval_reasons: tuple[ApprovalReason, ...] = ()
    """Of a payout: why a second person had to decide."""


# --- routing ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class RoutingHints:
    """What may be known of the player and the card beyond the order; None is not known."""

    player_country: str | None = None
    card_country: str | None = None
    bin: str | None = None
    """6 to 8 digits."""
    card_type: str | None = None
    """credit, debit, prepaid or charge."""
    scheme: str | None = None
    risk_band: str | None = None
    utc_offset_minutes: int | None = None
    """Of the player's clock, by which rules about hours and weekdays go."""


@dataclass(frozen=True, kw_only=True)
class RouteRequest:
    """Without a payment id the answer is given and not kept."""

    kind: Kind
    brand: str
    region: str
    method: str
    currency: str
    payment_id: str = ""
    player_id: str = ""
    amount: Money | None = None
    segment: str | None = None
    facts: RoutingHints = RoutingHints()
    number: int = 1
    """How often the payment has been routed, this time included: one answer to each number."""


@dataclass(frozen=True)
class Route:
    """Merchant accounts in the order in which to ask them, and who said so."""

    candidates: tuple[MerchantAccount, ...]
    policy: str = ""
    """Empty: nothing is known of policies."""
    policy_version: int = 0
    rule: str | None = None
    """None: the policy's default decided."""
    refusal: str | None = None
    """Why there is no candidate."""
    limits: CascadeLimits | None = None
    reuses_3ds: tuple[str, ...] = ()
    """Of the candidates, as `psp/id`, those that take a 3-D Secure result given elsewhere."""
    sells: tuple[str, ...] = ()
    """Of the candidates, as `psp/id`, those that are asked to take the money at once where the
    order says so. The others hold it first."""
    stopped: bool = False
    """No candidate, and only because of stops by hand: it is worth while to wait."""

    @property
    def taken(self) -> RouteTaken | None:
        if self.policy == "":
            return None
        return RouteTaken(self.policy, self.policy_version, self.rule, self.refusal)


class Stoppable(StrEnum):
    """What can be stopped by hand just before it is asked for."""

    CAPTURES = "captures"
    PAYOUTS = "payouts"


@dataclass(frozen=True, kw_only=True)
class MoveRequest:
    """Asked just before money is captured or paid out at this account.

    Without an account: all accounts that could take the payment are stopped by hand. It is parked
    until one of those stops is lifted, and is routed again then; so it is if the answer is Go.
    """

    payment_id: str
    kind: Kind
    account: MerchantAccount | None
    brand: str
    region: str
    operation: Stoppable
    player_id: str


@dataclass(frozen=True)
class Go:
    kind: Literal["go"] = "go"


Moved = Go | Parked

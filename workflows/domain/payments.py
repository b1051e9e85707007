"""What deposits, payouts and refunds have in common: a noun, a version, facts that grow."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from .declines import Advice
from .money import Money
from .psp import (
    Approved,
    Authentication,
    Declined,
    Instruction,
    MerchantAccount,
    NotSent,
    VoidInstruction,
)
from .routing.cascade import CascadeLimits
from .wallet import Player


class Kind(StrEnum):
    DEPOSIT = "deposit"
    PAYOUT = "payout"
    REFUND = "refund"


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
    released: tuple[str, ...] = ()
    """Of a void: the PSP's ids of what it named, and of what the PSP says it let go of."""


def attempt_of(instruction: Instruction, outcome: Approved | Declined | NotSent) -> Attempt:
    key, account, kind = instruction.key, instruction.account, outcome.kind
    match outcome:
        case Declined(reason=reason, code=code, soft=soft, advice=advice):
            return Attempt(key, account, kind, reason, code, soft, advice, _named(instruction))
        case NotSent(why=why):
            return Attempt(key, account, kind, why)
        case Approved(psp_ref=psp_ref):
            return Attempt(key, account, kind, released=_named(instruction, psp_ref))


def _named(instruction: Instruction, *told: str) -> tuple[str, ...]:
    if not isinstance(instruction, VoidInstruction):
        return ()
    return tuple(dict.fromkeys(ref for ref in (instruction.psp_ref, *told) if ref))


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
    decision_reason: str | None = None
    postponed_until: str | None = None
    route: RouteTaken | None = None
    stop_id: int | None = None
    """The stop by hand under which it is parked."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """The state of one payment at one version, as the registry keeps and shows it."""

    payment_id: str
    version: int
    """2, 3, 4 … without gaps; version 1 is the opening, written by the API."""
    status: str
    final: bool
    facts: Facts
    at: str
    """RFC 3339, the run's clock."""


@dataclass(frozen=True, kw_only=True)
class Recalled:
    """A payment as the registry remembers it, whether its run is there or not."""

    payment_id: str
    kind: Kind
    player: Player
    amount: Money
    status: str
    version: int
    final: bool
    facts: Facts
    trace_id: str

    def attempt(self, key: str) -> Attempt | None:
        return next((attempt for attempt in self.facts.attempts if attempt.key == key), None)

    def succeeded(self, key: str) -> bool:
        attempt = self.attempt(key)
        return attempt is not None and attempt.outcome == "approved"


class CaseKind(StrEnum):
    CONTRADICTION = "contradiction"
    IN_DOUBT = "in_doubt"
    UNRELEASED = "unreleased"
    UNEXPECTED_EVENT = "unexpected_event"
    UNKNOWN_REFERENCE = "unknown_reference"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Something a person decides. Unique by key, so that opening it twice is opening it once."""

    key: str
    payment_id: str
    kind: CaseKind
    summary: str
    money_at_risk: Money | None
    facts: dict[str, str]


# --- screening and routing --------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ScreenRequest:
    """Ask risk and compliance whether this payment may go on."""

    kind: Kind
    player: Player
    amount: Money
    method: str
    region: str
    segment: str | None
    as_of: str


@dataclass(frozen=True)
class Cleared:
    needs_approval: bool = False
    """A second person must say yes first (VIP or large)."""
    kind: Literal["cleared"] = "cleared"


@dataclass(frozen=True)
class Stopped:
    reason: str
    kind: Literal["stopped"] = "stopped"


Verdict = Cleared | Stopped


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
    """Without a payment id (runs of older versions) the answer is given and not kept."""

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
    """Empty: nothing is known of policies (answers of older versions)."""
    policy_version: int = 0
    rule: str | None = None
    """None: the policy's default decided."""
    refusal: str | None = None
    """Why there is no candidate."""
    limits: CascadeLimits | None = None
    reuses_3ds: tuple[str, ...] = ()
    """Of the candidates, as `psp/id`, those that take a 3-D Secure result given elsewhere."""
    stopped: bool = False
    """No candidate, and only because of stops by hand: it is worth while to wait."""

    @property
    def taken(self) -> RouteTaken | None:
        if self.policy == "":
            return None
        return RouteTaken(self.policy, self.policy_version, self.rule, self.refusal)


class Movement(StrEnum):
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
    operation: Movement


@dataclass(frozen=True)
class Go:
    kind: Literal["go"] = "go"


@dataclass(frozen=True)
class Parked:
    """It is stopped by hand: wait for the signal `resume`, and ask again."""

    stop_id: int
    kind: Literal["parked"] = "parked"


Moved = Go | Parked

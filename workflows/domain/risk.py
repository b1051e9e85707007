"""Screening: who may pay and be paid how much, and when one person is not enough."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from .identity import Kind
from .money import Money
from .thresholds import Bounds, is_above, is_below
from .wallet import Player

VIP = "vip"


class ApprovalReason(StrEnum):
    """Why a second person must agree to a payout."""

    VIP = "vip"
    LARGE_AMOUNT = "large_amount"
    LARGE_TOGETHER = "large_together"
    """With the player's other payouts of the window, which alone or before it was not large."""


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
    payment_id: str = ""


@dataclass(frozen=True)
class Cleared:
    needs_approval: bool = False
    """A second person must say yes first (VIP or large)."""
    why: tuple[ApprovalReason, ...] = ()
    kind: Literal["cleared"] = "cleared"


@dataclass(frozen=True)
class Stopped:
    reason: str
    kind: Literal["stopped"] = "stopped"


Verdict = Cleared | Stopped


@dataclass(frozen=True, kw_only=True)
class RiskPlayer:
    """What compliance knows of a player; of a stranger, nothing."""

    kyc: str = "unknown"
    blocked: bool = False
    vip: bool = False
    country: str | None = None


@dataclass(frozen=True, kw_only=True)
class RiskRules:
    """What holds for everybody."""

    deposit_minimum: Bounds
    deposit_maximum: Bounds
    payout_minimum: Bounds
    payout_maximum: Bounds
    approval_above: Bounds
    """A payout above this needs a second person, alone or with the player's others of a window."""
    blocked_regions: Collection[str]
    payout_requires_kyc: bool


def screened(
    request: ScreenRequest, player: RiskPlayer, together: Money, rules: RiskRules
) -> Verdict:
    """`together`: the amount, of a payout with the player's other ones of the window."""
    reason = _reason_against(request, player, rules)
    if reason is not None:
        return Stopped(reason)
    why = _why_a_second_person(request, player, together, rules)
    return Cleared(needs_approval=bool(why), why=why)


def _reason_against(request: ScreenRequest, player: RiskPlayer, rules: RiskRules) -> str | None:
    payout = request.kind is Kind.PAYOUT
    minimum = rules.payout_minimum if payout else rules.deposit_minimum
    maximum = rules.payout_maximum if payout else rules.deposit_maximum
    broken = (
        ("player_blocked", player.blocked),
        ("region_blocked", request.region in rules.blocked_regions),
        ("region_blocked", player.country in rules.blocked_regions),
        ("kyc_rejected", player.kyc == "rejected"),
        ("kyc_required", payout and rules.payout_requires_kyc and player.kyc != "verified"),
        ("limit_minimum", is_below(request.amount, minimum)),
        ("limit_exceeded", is_above(request.amount, maximum)),
    )
    return next((reason for reason, is_broken in broken if is_broken), None)


def _why_a_second_person(
    request: ScreenRequest, player: RiskPlayer, together: Money, rules: RiskRules
) -> tuple[ApprovalReason, ...]:
    if request.kind is not Kind.PAYOUT:
        return ()
    is_large = is_above(request.amount, rules.approval_above)
    reasons = (
        (ApprovalReason.VIP, player.vip or request.segment == VIP),
        (ApprovalReason.LARGE_AMOUNT, is_large),
        (ApprovalReason.LARGE_TOGETHER, not is_large and is_above(together, rules.approval_above)),
    )
    return tuple(reason for reason, applies in reasons if applies)

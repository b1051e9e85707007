"""The wallet's words: the only truth about a player's balance, moved by command alone.

Every command is unique by its key: the same key with the same content gives the recorded result,
with another content it is refused. What can close a payment names its `kind`: on the way to the
wallet it is JSON, in which a claw-back has the members of a credit.

Accounts are named `player:<brand>:<player>:available`, `player:<brand>:<player>:held`,
`psp:<psp>:<merchant account>` and `receivable:<brand>:<player>`, one per currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from .money import Money
from .psp import MerchantAccount


@dataclass(frozen=True)
class Player:
    """A player exists within one brand only."""

    brand: str
    id: str


@dataclass(frozen=True, kw_only=True)
class Credit:
    """Money captured at a PSP becomes the player's: PSP clearing -> available."""

    key: str
    player: Player
    amount: Money
    source: MerchantAccount
    payment_id: str
    kind: Literal["credit"] = "credit"


@dataclass(frozen=True, kw_only=True)
class Debit:
    """Money leaves the player at once: available -> PSP clearing."""

    key: str
    player: Player
    amount: Money
    destination: MerchantAccount
    payment_id: str


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Money is set aside: available -> held. It can be neither played nor paid twice.

    With `against` (the key of a credit) all unreleased holds against that credit together never
    exceed it: this is how refunds are bounded by what was captured.
    """

    key: str
    player: Player
    amount: Money
    payment_id: str
    against: str | None = None
    order: str = ""
    """The digest of the payment's order: money is set aside for what was ordered alone."""


@dataclass(frozen=True, kw_only=True)
class CaptureHold:
    """The held money has left: held -> PSP clearing. Resolves the hold, once, in full."""

    key: str
    hold_key: str
    destination: MerchantAccount
    kind: Literal["capture_hold"] = "capture_hold"


@dataclass(frozen=True, kw_only=True)
class Release:
    """The held money is the player's again: held -> available. Resolves the hold, once, in full."""

    key: str
    hold_key: str
    if_held: bool = False
    """What was never held needs no release: that is no refusal."""
    kind: Literal["release"] = "release"


@dataclass(frozen=True, kw_only=True)
class ClawBack:
    """Captured money left the PSP without us: available -> PSP clearing, as far as it is there.

    The rest is owed by the player (`receivable:<brand>:<player>`): no balance goes below zero.
    """

    key: str
    player: Player
    amount: Money
    source: MerchantAccount
    payment_id: str
    kind: Literal["claw_back"] = "claw_back"


@dataclass(frozen=True, kw_only=True)
class Restore:
    """What was clawed back has come back: PSP clearing -> what is owed first, then available."""

    key: str
    player: Player
    amount: Money
    source: MerchantAccount
    payment_id: str
    kind: Literal["restore"] = "restore"


class RefusalReason(StrEnum):
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXCEEDS_CREDIT = "exceeds_credit"
    HOLD_RESOLVED = "hold_resolved"
    UNKNOWN_HOLD = "unknown_hold"
    UNKNOWN_CREDIT = "unknown_credit"
    KEY_CONFLICT = "key_conflict"
    ON_ITS_WAY = "on_its_way"
    """A PSP may be paying the held money out: it cannot be given back."""
    UNKNOWN_PAYMENT = "unknown_payment"
    """Nobody opened this payment, or it is about other money."""
    PAYMENT_OVER = "payment_over"
    GIVEN_BACK = "given_back"
    """What a sale took went back to the payer, or may have: it is not the player's."""


@dataclass(frozen=True)
class Posted:
    """Done, now or when the same command came first (`replayed`)."""

    transfer_id: int
    replayed: bool = False
    kind: Literal["posted"] = "posted"


@dataclass(frozen=True)
class Refused:
    """Nothing moved."""

    reason: RefusalReason
    kind: Literal["refused"] = "refused"


WalletResult = Posted | Refused

"""What the registry keeps of a payment: versions, each written once, and what they stand on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from .identity import Kind
from .money import Money
from .payments import Attempt, Facts
from .psp import MerchantAccount, Rival
from .wallet import CaptureHold, ClawBack, Credit, Player, Release, Restore


class Superseded(Exception):
    """The payment is over, by a decision that this run does not know: the run follows it."""


class Unfinished(Exception):
    """The payment cannot end yet: something was asked of a PSP that this run knows nothing of."""


class Overtaken(Exception):
    """What excludes this instruction was asked before: the run goes on with that."""

    def __init__(self, rival: Rival) -> None:
        super().__init__(f"{rival.key} was asked before")
        self.rival = rival


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
    amends: bool = False
    """It is written only behind the very version that was looked at: the payment may be over."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a payment's run ended. The registry has the rest: histories are kept for months."""

    payment_id: str
    version: int
    status: str
    final: bool


def content_hash(record: Record) -> str:
    """Of all that a version tells but when: what is the same is a repetition."""
    content = (record.status, record.final, record.facts)
    return hashlib.sha256(repr(content).encode()).hexdigest()


@dataclass(frozen=True)
class Recorded:
    """What the registry made of a record."""

    version: int | None
    """Under which it stands. None, of an amendment: somebody was quicker, look again."""
    superseded: bool = False
    """The payment is over, by what somebody else decided: nothing was written, follow that."""
    unfinished: bool = False
    """It cannot end so: a hold or a capture was asked for before. Nothing was written."""
    kind: Literal["recorded"] = "recorded"


@dataclass(frozen=True, kw_only=True)
class Closing:
    """A wallet command and the version that tells of it: both are done, or neither."""

    command: Credit | CaptureHold | Release | ClawBack | Restore
    record: Record


@dataclass(frozen=True, kw_only=True)
class AskedBefore:
    """An instruction that was written down before it left us, and what is certain of it."""

    key: str
    operation: str
    account: MerchantAccount
    amount: Money
    state: str
    """asked (it may have happened), not_sent, pending, approved or declined."""

    @property
    def may_have_moved(self) -> bool:
        return self.state in ("asked", "pending", "approved")

    @property
    def as_rival(self) -> Rival:
        return Rival(self.key, self.operation, self.account, self.amount)


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """What a run knows of its instructions that the database may not: a webhook told, or a look."""

    payment_id: str
    attempts: tuple[Attempt, ...]


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
    asked: tuple[AskedBefore, ...] = ()
    """All that was asked of PSPs for it, in that order."""
    refunds: tuple[str, ...] = ()
    """The PSP's ids of our own refunds of it."""

    def attempt(self, key: str) -> Attempt | None:
        return next((attempt for attempt in self.facts.attempts if attempt.key == key), None)

    def succeeded(self, key: str) -> bool:
        attempt = self.attempt(key)
        return attempt is not None and attempt.outcome == "approved"

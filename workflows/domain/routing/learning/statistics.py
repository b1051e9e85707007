"""What the accounts did lately, counted per segment over a sliding window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.accounts import key_of_account
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.policy.fields import Field

SEPARATOR = "|"
UNKNOWN = "-"


@dataclass(frozen=True)
class Counts:
    """First attempts with a certain answer, those approved, and approvals charged back since.

    A chargeback is counted in the window in which it is heard of, weeks after its payment.
    """

    attempts: int = 0
    approvals: int = 0
    chargebacks: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.approvals <= self.attempts or self.chargebacks < 0:
            raise ValueError("counts are not negative, and no more approvals than attempts")

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.attempts + other.attempts,
            self.approvals + other.approvals,
            self.chargebacks + other.chargebacks,
        )


@dataclass(frozen=True)
class Tally:
    """The counts of one account in one segment; the segment "" is every payment."""

    account: MerchantAccount
    segment: str
    counts: Counts


@dataclass(frozen=True)
class Statistics:
    """A segment is counted under its own key and under those of all its parents."""

    version: str = ""
    tallies: tuple[Tally, ...] = ()

    @cached_property
    def by_segment(self) -> Mapping[str, Mapping[str, Counts]]:
        found: dict[str, dict[str, Counts]] = {}
        for tally in self.tallies:
            segment = found.setdefault(tally.segment, {})
            key = key_of_account(tally.account)
            segment[key] = segment.get(key, Counts()) + tally.counts
        return found


def segments_of(facts: RoutingFacts, segmented_by: tuple[Field, ...]) -> list[str]:
    """From the most special to all payments: ["method=card|segment=vip", "method=card", ""].

    The fields are named, so that countries of players and of cards are not counted together.
    """
    values = ((name, getattr(facts, name)) for name in segmented_by)
    words = [f"{name}={UNKNOWN if value is None else value}" for name, value in values]
    return [SEPARATOR.join(words[:length]) for length in range(len(words), -1, -1)]


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One first attempt with a certain answer, or (`charged_back` alone) a chargeback heard of."""

    account: MerchantAccount
    segments: tuple[str, ...]
    attempted: bool = True
    approved: bool = False
    charged_back: bool = False


def tally(observations: Iterable[Observation], version: str) -> Statistics:
    """Counts what fell into the window."""
    found: dict[tuple[MerchantAccount, str], Counts] = {}
    for seen in observations:
        one = Counts(int(seen.attempted), int(seen.approved), int(seen.charged_back))
        for segment in seen.segments:
            at = (seen.account, segment)
            found[at] = found.get(at, Counts()) + one
    return Statistics(version, tuple(Tally(*at, counts) for at, counts in found.items()))

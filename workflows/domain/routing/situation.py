"""A payment that is to be routed, with all that the decision is made from but health: what is tried
while some of it is not well, and when it is better to wait."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workflows.domain.identity import Kind
from workflows.domain.psp import MerchantAccount

from .accounts import Accounts
from .decision import RoutingDecision, decide
from .draw import Draw
from .facts import RoutingFacts
from .health import Health
from .learning.statistics import Statistics
from .policy.rules import Policy
from .receipt import ExclusionReason


@dataclass(frozen=True)
class Situation:
    policy: Policy
    accounts: Accounts
    facts: RoutingFacts
    statistics: Statistics
    draw: Draw

    def decided(self, health: Health) -> RoutingDecision:
        return decide(self.policy, self.accounts, self.facts, health, self.statistics, self.draw)

    def decided_patiently(self, health: Health, refused: RoutingDecision) -> RoutingDecision:
        """Nobody stands at the till for a payout: rather than fail it waits for a PSP that is
        down."""
        if self.facts.kind is not Kind.PAYOUT or not health.standings:
            return refused
        decision = self.decided(replace(health, standings=()))
        return refused if decision.refusal is not None else decision

    def is_only_stopped(self, health: Health, decision: RoutingDecision) -> bool:
        """Whether nothing but stops by hand is in the way."""
        excluded = decision.receipt.excluded
        if decision.refusal is None or all(
            one.reason is not ExclusionReason.STOPPED for one in excluded
        ):
            return False
        return self.decided(replace(health, stops=())).refusal is None


def without_probe(health: Health, account: MerchantAccount, method: str) -> Health:
    """The same, where others were quicker to try the account."""
    return replace(
        health,
        standings=tuple(
            replace(one, probe=False)
            if one.psp == account.psp and one.is_about(account, method)
            else one
            for one in health.standings
        ),
    )

"""A payment of the past from a row: its receipt, what became of it, and what that cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from activities.routing.kept import FACTS, RECEIPT
from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.accounts import Accounts, key_of_account
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.learning.estimate import PastPayment
from workflows.domain.routing.receipt import Receipt


class Row(NamedTuple):
    """`facts` and `receipt` are JSON texts; without a receipt, what the registry knows is there."""

    payment_id: str
    kind: str
    brand: str
    region: str
    method: str
    player_id: str
    amount_minor: int
    currency: str
    facts: str | None
    receipt: str | None
    outcome: str | None


@dataclass
class Parser:
    """Costs are what they would be with these accounts."""

    accounts: Accounts
    _once: dict[Any, Any] = field(default_factory=dict)
    """Most receipts say the same of the accounts: what is equal is kept once."""

    def parsed(self, rows: Sequence[Row]) -> list[PastPayment]:
        return [self._recorded(Row(*row)) for row in rows]

    def _recorded(self, row: Row) -> PastPayment:
        if row.receipt is None or row.facts is None:
            return PastPayment(_told_by_registry(row), None, None)
        facts = FACTS.validate_json(row.facts)
        receipt = self._compact(RECEIPT.validate_json(row.receipt))
        if row.outcome is None:
            return PastPayment(facts, receipt, None)
        approved = row.outcome == "approved"
        cost = self._cost(receipt.candidates[0].account, facts.amount, approved=approved)
        return PastPayment(facts, receipt, approved, cost)

    def _compact(self, receipt: Receipt) -> Receipt:
        candidates, excluded = receipt.candidates, receipt.excluded
        return replace(
            receipt,
            candidates=self._once.setdefault(candidates, candidates),
            excluded=self._once.setdefault(excluded, excluded),
        )

    def _cost(self, account: MerchantAccount, amount: Money, *, approved: bool) -> int:
        profile = self.accounts.by_key.get(key_of_account(account))
        return profile.cost(amount.currency).of(amount, approved=approved) if profile else 0


def _told_by_registry(row: Row) -> RoutingFacts:
    return RoutingFacts(
        payment_id=row.payment_id,
        player_id=row.player_id,
        kind=Kind(row.kind),
        brand=row.brand,
        region=row.region,
        method=row.method,
        amount=Money(row.amount_minor, row.currency),
    )

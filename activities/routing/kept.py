"""Why a payment went where it went, as it is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import TypeAdapter

from workflows.domain.payments import Route
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.receipt import Candidate, Receipt

ROUTE = TypeAdapter(Route)
FACTS = TypeAdapter(RoutingFacts)
RECEIPT = TypeAdapter(Receipt)


@dataclass(frozen=True, kw_only=True)
class Kept:
    payment_id: str
    number: int
    """1 for the first time that the payment was routed."""
    at: datetime
    brand: str
    generation: int
    """Of the merchant accounts and policies."""
    facts: RoutingFacts
    receipt: Receipt
    route: Route


def shortened(receipt: Receipt) -> Receipt:
    """With numbers of nine digits: the sixteen of a float now and then pass for a card number."""
    return replace(receipt, candidates=tuple(map(_shortened, receipt.candidates)))


def _shortened(candidate: Candidate) -> Candidate:
    score = candidate.score
    return replace(
        candidate,
        propensity=float(f"{candidate.propensity:.9g}"),
        score=None if score is None else float(f"{score:.9g}"),
    )

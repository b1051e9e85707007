"""By which facts payments are told apart where a policy learns from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from activities.routing.kept import FACTS
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.learning.statistics import segments_of
from workflows.domain.routing.policy.fields import Field
from workflows.domain.routing.policy.rules import Action, Bandit, Policy

Segmentation = tuple[Field, ...]

_ANYONE: Mapping[str, Any] = {
    "payment_id": "",
    "player_id": "",
    "kind": "deposit",
    "brand": "",
    "region": "",
    "method": "",
    "amount": {"minor_units": 0, "currency": "EUR"},
}


def segmentations(policies: Iterable[Policy]) -> tuple[Segmentation, ...]:
    """Of all that learns in these policies, each once; empty where nothing learns."""
    actions: list[Action] = []
    for policy in policies:
        actions += [*(rule.then for rule in policy.rules), policy.default]
    learning = (action for action in actions if isinstance(action, Bandit))
    return tuple(sorted({bandit.segmented_by for bandit in learning}))


def fields_of(several: Iterable[Segmentation]) -> tuple[Field, ...]:
    return tuple(sorted({field for each in several for field in each}))


def known_in_sql(fields: Iterable[Field], facts: str) -> str:
    """An expression for only these of the facts in a jsonb column, as `segments` takes them."""
    pairs = [f"'{field.value}', {facts} -> '{field.value}'" for field in fields if _is_plain(field)]
    if any(not _is_plain(field) for field in fields):
        currency = f"'minor_units', 0, 'currency', {facts} #> '{{amount,currency}}'"
        pairs.append(f"'amount', jsonb_build_object({currency})")
    return f"jsonb_build_object({', '.join(pairs)})"


def segments(known: Mapping[str, Any], several: Iterable[Segmentation]) -> frozenset[str]:
    """All that a payment with these facts is counted in; all payments (`""`) among them."""
    facts: RoutingFacts = FACTS.validate_python({**_ANYONE, **known})
    return frozenset({"", *(word for each in several for word in segments_of(facts, each))})


def _is_plain(field: Field) -> bool:
    return field not in (Field.CURRENCY, Field.AMOUNT)

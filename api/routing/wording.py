"""Policies in words that an operator reads aloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activities.routing.snapshot import BUILTIN
from workflows.domain.routing.policy.reading import read_policy
from workflows.domain.routing.policy.rules import Policy
from workflows.domain.routing.policy.wording import action_in_words, explain


def sentences(document: Mapping[str, Any]) -> list[str]:
    """Of a document that was accepted."""
    return in_words(read_policy(dict(document)))


def in_words(policy: Policy) -> list[str]:
    """One sentence for each rule, in their order, then the default's and how far a payment goes."""
    cascade, default = policy.cascade, action_in_words(policy.default)
    lines = [explain(rule) for rule in policy.rules]
    lines.append(f"otherwise {default}." if lines else f"always {default}.")
    if policy.id != BUILTIN:
        lines.append(f"a payment: at most {cascade.attempts} attempts within {cascade.seconds} s.")
    return lines

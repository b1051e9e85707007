"""A proposed version of a merchant account or a policy, and what may be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from workflows.domain.routing.proofs.flaws import Flaw


class Subject(StrEnum):
    ACCOUNT = "account"
    POLICY = "policy"


class ChangeDecision(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, kw_only=True)
class Change:
    id: int
    subject: Subject
    name: str
    """`psp/id`, or the id of the policy."""
    brand: str
    """`*` for accounts, and for a policy of every brand without one of its own."""
    version: int
    based_on: int
    """The version that was active when it was proposed; 0 for none."""
    document: dict[str, Any]
    reason: str
    proposed_by: str
    proposed_at: datetime
    stale: bool
    """Open, and another version has become active since: it can only be rejected."""
    decision: ChangeDecision | None
    decision_reason: str | None
    decided_by: str | None
    decided_at: datetime | None


class Why(StrEnum):
    UNKNOWN = "unknown"
    STALE = "stale"
    OTHER_BRAND = "other_brand"
    SAME_PERSON = "same_person"
    ALREADY_DECIDED = "already_decided"
    BREAKS_A_POLICY = "breaks_a_policy"
    MOVED = "moved"


SENTENCES = {
    Why.UNKNOWN: "there is no such change",
    Why.STALE: "another version has become active since: look at it, and propose anew",
    Why.OTHER_BRAND: "a policy stays with the brand of its first version; give it another id",
    Why.SAME_PERSON: "who proposed a change does not decide on it",
    Why.ALREADY_DECIDED: "it has been decided otherwise, or by somebody else",
    Why.BREAKS_A_POLICY: "an active policy could not be used any more",
    Why.MOVED: "too many other changes are being decided; try again",
}


class ChangeRefused(Exception):
    """Nothing was changed. `flaws`: of the active policy that would break, whose places are in it;
    otherwise none."""

    def __init__(
        self, why: Why, *, policy: str | None = None, flaws: tuple[Flaw, ...] = ()
    ) -> None:
        listed = "; ".join(f"{flaw.place}: {flaw.sentence}" for flaw in flaws)
        about = f": {policy} ({listed})" if policy else ""
        super().__init__(SENTENCES[why] + about)
        self.why = why
        self.policy = policy
        self.flaws = flaws

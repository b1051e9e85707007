"""Documents of merchant accounts and policies in bodies, and what is said when one is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from activities.routing.changes.change import ChangeRefused, Why
from api.http.bodies import plain
from api.http.errors import FieldError, Problem, illegal_state, invalid, not_found
from api.routing.parts import Write
from api.routing.scope import account_names
from workflows.domain.routing.proofs.flaws import Flaw

_MOST_TOLD = 100
_UNKNOWN_ACCOUNT = "unknown_account"


Document = Annotated[
    dict[str, Any], BeforeValidator(plain), WithJsonSchema({"type": "object"}, mode="validation")
]
"""It is judged later, where its flaws get their places."""
Whole = Annotated[int, BeforeValidator(plain)]
Version = Annotated[Whole, Field(ge=0, le=2**31 - 1)]


async def refused_document(ask: Write, flaws: Sequence[Flaw], place: str) -> Problem:
    """Every flaw with its pointer into the body and what is allowed there."""
    known = ""
    if any(flaw.code == _UNKNOWN_ACCOUNT for flaw in flaws):
        known = f"; there are {account_names(ask, await ask.parts.snapshots.latest())}"
    return invalid(
        *(
            FieldError(
                place + flaw.place,
                flaw.sentence + (known if flaw.code == _UNKNOWN_ACCOUNT else ""),
            )
            for flaw in flaws[:_MOST_TOLD]
        )
    )


def refused_change(refused: ChangeRefused, state: str = "open") -> Problem:
    """404, 403 `four-eyes`, 422, 409 or 503, by why. `state` is what was decided meanwhile."""
    match refused.why:
        case Why.UNKNOWN:
            return not_found("change")
        case Why.SAME_PERSON:
            return Problem(403, "four-eyes", "A second person must decide", str(refused))
        case Why.OTHER_BRAND:
            return invalid(FieldError("/brand_id", str(refused)))
        case Why.STALE:
            return illegal_state(str(refused), "stale")
        case Why.ALREADY_DECIDED:
            return illegal_state(str(refused), state)
        case Why.BREAKS_A_POLICY:
            return _breaks(refused)
        case Why.MOVED:
            return Problem(
                503,
                "unavailable",
                "Not available for the moment",
                str(refused),
                headers={"Retry-After": "1"},
            )


def not_usable(flaws: Sequence[Flaw]) -> Problem:
    """A change that was right when it was proposed, and is not any more."""
    return Problem(
        409,
        "change-not-usable",
        "It cannot be used with what is active now",
        "propose it anew; `errors` says what has become wrong in its document",
        [FieldError(flaw.place, flaw.sentence) for flaw in flaws[:_MOST_TOLD]],
    )


def _breaks(refused: ChangeRefused) -> Problem:
    return Problem(
        409,
        "breaks-a-policy",
        "An active policy needs the account as it is",
        f"change the policy {refused.policy} first; `errors` says where it would break",
        [FieldError(flaw.place, flaw.sentence) for flaw in refused.flaws[:_MOST_TOLD]],
        extra={"policy": refused.policy},
    )

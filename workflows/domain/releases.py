"""Which holds were let go of, and under which key the next one is.

A void says nothing of a hold that it did not name: a link that was closed, an order that nobody
completed, our reference before anything was held there. Holds that come to light later are voided
by numbers of their own: `in_1:void:2`, then `in_1:void:2:2`.
"""

from __future__ import annotations

from collections.abc import Iterable

from .identity import SALE, key_of
from .payments import Attempt
from .psp import Operation


def void_key_of(authorize_key: str) -> str:
    """`in_1:authorize:2` is voided under `in_1:void:2`, whoever asks for it and however often; so
    is `in_1:sale:2`: one of the two alone was asked.

    Of another hold under the same authorization, see `releases`.
    """
    payment_id, _, number = authorize_key.split(":")
    return key_of(payment_id, Operation.VOID, int(number))


def authorize_keys_of(void_key: str) -> tuple[str, ...]:
    """Under one of which was asked what is voided under this key: as a hold, or as a sale."""
    payment_id, _, number = void_key.split(":")[:3]
    return tuple(key_of(payment_id, step, int(number)) for step in (Operation.AUTHORIZE, SALE))


def by_case(key: str) -> str:
    """The same step when a person orders it: an instruction of its own."""
    payment_id, _, step = key.partition(":")
    return f"{payment_id}:case-{step}"


def of_a_case(key: str) -> bool:
    return key.partition(":")[2].startswith("case-")


def voids_of(authorize_key: str, attempts: Iterable[Attempt]) -> list[Attempt]:
    """All that were asked for, by the run, by a late fact or by a person, and are certain."""
    first = void_key_of(authorize_key)
    firsts = (first, by_case(first))
    return [
        each
        for each in attempts
        if each.key in firsts or each.key.startswith(tuple(f"{key}:" for key in firsts))
    ]


def was_released(authorize_key: str, psp_ref: str, attempts: Iterable[Attempt]) -> bool:
    """Whether this very hold was. What named nothing that we know of proves nothing."""
    voids = voids_of(authorize_key, attempts)
    return any(each.outcome == "approved" and psp_ref in each.released for each in voids)


def was_any_released(authorize_key: str, attempts: Iterable[Attempt]) -> bool:
    return any(each.outcome == "approved" for each in voids_of(authorize_key, attempts))


def next_void_key(authorize_key: str, psp_ref: str, attempts: Iterable[Attempt]) -> str:
    """Of the void that names this hold: a new key, unless that very void was asked for already."""
    first = void_key_of(authorize_key)
    ours = [a for a in voids_of(authorize_key, attempts) if not of_a_case(a.key)]
    asked = [a for a in ours if a.outcome != "not_sent"]
    again = next((a for a in asked if a.key != first and psp_ref in a.released), None)
    if again is not None:
        return again.key
    return first if not asked else f"{first}:{len(asked) + 1}"

"""How payments, their runs and what is asked for them are named: by the business, never by a run.

Ids, kinds, prefixes, the names of runs and the grammar of keys stand here alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum


class Kind(StrEnum):
    """What payments there are; each has one kind of run."""

    DEPOSIT = "deposit"
    PAYOUT = "payout"
    REFUND = "refund"


PREFIXES: Mapping[Kind, str] = {Kind.DEPOSIT: "in_", Kind.PAYOUT: "po_", Kind.REFUND: "re_"}
"""Of payments' ids."""
CAPTURE_PREFIX = "cap_"
CASE_PREFIX = "case_"
LATE_EVENT = "late-event"
EXPIRY = "expiry"
CASE_RESOLUTION = "case-resolution"
"""The runs that are no payment's own, by type."""

_HEX = "[0-9a-f]{32}"


def pattern_of(kinds: Collection[Kind] = tuple(Kind), rest: str = _HEX) -> str:
    """A regular expression of the ids that we make of these kinds: a group of prefixes and `rest`,
    by default what follows a prefix in ids made here."""
    words = [PREFIXES[kind].removesuffix("_") for kind in kinds]
    known = words[0] if len(words) == 1 else f"(?:{'|'.join(words)})"
    return f"{known}_{rest}"


def kind_of(payment_id: str) -> Kind:
    """By its prefix. Raises LookupError if the id is no payment's of ours."""
    for kind, prefix in PREFIXES.items():
        if payment_id.startswith(prefix):
            return kind
    raise LookupError("not the id of a payment")


def workflow_id(kind: Kind, payment_id: str) -> str:
    """Never with a slash: the Web UI's deep links would break."""
    return f"{kind}-{payment_id}"


def workflow_of(an_id: str) -> str | None:
    """The run that a payment's (or a case's) id belongs to, or None if the id is none of ours."""
    if an_id.startswith(CASE_PREFIX):
        return f"case-{an_id}"
    try:
        return workflow_id(kind_of(an_id), an_id)
    except LookupError:
        return None


def late_workflow_id(payment_id: str) -> str:
    """One run at a time sees to the late facts of a payment."""
    return f"late-{payment_id}"


def capture_id_of(intent_id: str) -> str:
    """A deposit has one capture at most."""
    return CAPTURE_PREFIX + intent_id.removeprefix(PREFIXES[Kind.DEPOSIT])


def key_of(payment_id: str, step: str, number: int | None = None) -> str:
    """`in_1:authorize:2`: the business and the step, never a run, an attempt or a random number."""
    return f"{payment_id}:{step}" if number is None else f"{payment_id}:{step}:{number}"


def payment_of(key: str) -> str:
    return key.partition(":")[0]


SALE = "sale"
"""The step under which an authorization is asked that takes the money at once: who has our key
alone, as a PSP's webhook has, knows what it was."""


def is_of_a_sale(key: str) -> bool:
    """`in_1:sale:2`, and not `in_1:authorize:2`."""
    return key.split(":")[1:2] == [SALE]


def as_a_hold(key: str) -> str:
    """`in_1:sale:2` → `in_1:authorize:2`: the same question, when no money may be taken yet."""
    payment_id, _, number = key.split(":")
    return key_of(payment_id, "authorize", int(number))


def next_key(key: str) -> str:
    """The key under which a step is asked again, when the PSP keeps an error under the first and
    has done nothing: `re_1:refund` → `re_1:refund:2`, `po_1:payout:1` → `po_1:payout:1:2`."""
    payment_id, step, *numbers = key.split(":")
    again = 2 if step in _ONCE else 3
    if len(numbers) + 2 > again:
        *rest, last = numbers
        return ":".join((payment_id, step, *rest, str(int(last) + 1)))
    return ":".join((payment_id, step, *numbers, "2"))


_ONCE = {"capture", "refund", "case-refund"}
"""Steps that a payment has one of: their first key has no number."""

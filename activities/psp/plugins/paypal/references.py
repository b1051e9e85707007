"""What we call things at PayPal: our keys there, and PayPal's ids with us.

Ids of orders and of authorizations look alike, so ours say which they are: `order_<id>` for an
order, `batch_<id>` for a batch of payouts; every other id stands as PayPal gave it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from workflows.domain.identity import SALE, Kind, pattern_of
from workflows.domain.psp import Lookup, Operation

ORDER, BATCH = "order_", "batch_"

ORDER_KEYS_LAST = timedelta(hours=6)
"""Orders 2.13: "The server stores keys for 6 hours"."""

PAYMENT_KEYS_LAST = timedelta(days=45)
"""Payments 2.5: "The server stores keys for 45 days"."""

PAYOUT_KEYS_LAST = timedelta(days=30)
"""Payouts 1.9: a sender_batch_id of the last 30 days is not paid twice."""

MARGIN = 0.1
"""Of a retention, at its end: clocks differ, and a question takes time."""

_VOID = re.compile(r"([^:]+):(?:case-)?void:([0-9]+)(?::[0-9]+)?", re.ASCII)
_ANY_KEY = re.compile(
    '"' + pattern_of(rest='[^":]{1,64}') + ':(?:case-)?[a-z]+[:0-9]*"',
    re.ASCII,
)
_AUTHORIZE = re.compile(
    rf"{pattern_of([Kind.DEPOSIT], '[^:]{1,64}')}:(?:authorize|{SALE}):[1-9][0-9]{{0,3}}", re.ASCII
)


def order_ref(order_id: str) -> str:
    """As `psp_ref`: bare, an order's id could be an authorization's."""
    return ORDER + order_id


def order_id_of(psp_ref: str | None) -> str | None:
    """None where it is no reference to an order."""
    if psp_ref is None or not psp_ref.startswith(ORDER):
        return None
    return psp_ref.removeprefix(ORDER)


def authorize_key_of(void_key: str) -> str | None:
    """`in_1:void:2`, `in_1:void:2:2`, `in_1:case-void:2` release what `in_1:authorize:2` held."""
    return _begun_under(void_key, Operation.AUTHORIZE)


def sale_key_of(void_key: str) -> str | None:
    """`in_1:void:2` gives back what was taken under `in_1:sale:2`."""
    return _begun_under(void_key, SALE)


def _begun_under(void_key: str, step: str) -> str | None:
    found = _VOID.fullmatch(void_key)
    return f"{found[1]}:{step}:{found[2]}" if found else None


def is_ours(key: str | None, operation: Operation) -> bool:
    """Whether PayPal's reference is a key that we gave for such an instruction: a sale is an
    authorization."""
    step = (key or "").partition(":")[2].removeprefix("case-").partition(":")[0]
    return step == operation or (step == SALE and operation is Operation.AUTHORIZE)


def authorization_in(key: str | None) -> str:
    """The key, where it is one of an authorization of ours; else nothing."""
    return key if key is not None and _AUTHORIZE.fullmatch(key) else ""


def is_somebody_elses(*references: str | None) -> bool:
    """Whether PayPal names references, and none of them is ours: another shop's, or another
    system's, under the same account."""
    named = [f'"{reference}"' for reference in references if reference]
    return bool(named) and not any(any_key_in(each) for each in named)


def any_key_in(json: str) -> bool:
    """Whether a text of JSON is, somewhere, a key of ours."""
    return _ANY_KEY.search(json) is not None


def still_remembered(lookup: Lookup, lasts: timedelta, now: datetime | None = None) -> bool:
    """Whether PayPal surely still knows the key: not where nobody knows when it was asked."""
    try:
        asked_at = datetime.fromisoformat(lookup.asked_at)
    except ValueError:
        return False
    if asked_at.tzinfo is None:
        return False
    age = (now or datetime.now(UTC)) - asked_at
    return timedelta(0) - timedelta(minutes=5) <= age <= lasts * (1 - MARGIN)

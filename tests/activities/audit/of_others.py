"""Sound books, in pounds, of what others did at the PSP: by hand, the payer's bank, paid again."""

from __future__ import annotations

from typing import Any

from tests.activities.audit.sound import OTHER, PLAYER, Bookkeeper, did
from workflows.domain.money import Money
from workflows.domain.wallet import ClawBack, Credit, Player

_DONE = (
    ("authorization", "in_r:authorize:1", 1000),
    ("capture", "in_r:capture", 1000),
    ("payout", "po_r:payout:1", 600),
    ("chargeback", "in_r:authorize:1", 1000),
    ("authorization", "in_s:authorize:1", 800),
    ("capture", "in_s:authorize:1", 800),
    ("refund", "in_s:authorize:1", 100),
    ("refund", "in_s:authorize:1", 200),
    ("refund", "re_s:refund", 500),
    ("authorization", "in_u:authorize:1", 700),
    ("capture", "in_u:capture", 700),
    ("refund", "in_u:authorize:1", 700),
    ("refund_failed", "in_u:authorize:1", 700),
    ("chargeback", "in_u:authorize:1", 700),
    ("chargeback_reversed", "in_u:authorize:1", 700),
    ("payout", "po_d:payout:1", 200),
)
"""By hand at the PSP, by the payer's bank, and what went before."""


def journal_of_others() -> list[dict[str, Any]]:
    return [did(*each, currency="GBP") for each in _DONE]


async def keep_books_of_others(keeper: Bookkeeper) -> None:
    """In pounds: what is owed, what was refunded by hand and by us, what came back, paid again."""
    for payment, minor, player in (
        ("in_r", 1000, OTHER),
        ("in_s", 800, PLAYER),
        ("in_u", 700, PLAYER),
    ):
        await keeper.opens(payment, minor, "INITIATED", "GBP", player)
        await keeper.credits(payment, Money(minor, "GBP"), player)
        await keeper.ends(payment, "CAPTURED", Money(minor, "GBP"))
    await _pays(keeper, "po_r", 600, OTHER)
    await keeper.moves("in_r", "REVERSED", "chargeback", "cb_1", 1000)
    await keeper.moves("in_s", "REVERSED", "refund", "ref_1", 100)
    await keeper.moves("in_s", "REVERSED", "refund", "ref_2", 200)
    await keeper.opens("re_s", 500, "REFUND_SUBMITTED", "GBP")
    assert await keeper.holds("re_s", 500, against="in_s:credit")
    await keeper.leaves("re_s")
    await keeper.ends("re_s", "REFUND_PROCESSED")
    await keeper.moves("in_u", "REVERSED", "refund", "ref_3", 700)
    await keeper.moves("in_u", "CAPTURED", "refund_failed", "ref_3", 700)
    await keeper.moves("in_u", "REVERSED", "chargeback", "cb_2", 700)
    await keeper.moves("in_u", "CAPTURED", "chargeback_reversed", "cb_2", 700)
    await _pays(keeper, "po_d", 200, PLAYER)
    returns = ("2026-01-03T03:04:05Z",)
    await keeper.amends("po_d", "PAYOUT_RETURNED", Credit, "return", 200, returns=returns)
    await keeper.amends("po_d", "PAYOUT_SETTLED", ClawBack, "claw-back:2", 200)
    await keeper.pool.execute(
        "UPDATE outgoing_events SET state = 'kept' WHERE payment_id <> 'in_a'"
    )


async def _pays(keeper: Bookkeeper, payment: str, minor: int, player: Player) -> None:
    await keeper.opens(payment, minor, "PAYOUT_SUBMITTED", "GBP", player)
    assert await keeper.holds(payment, minor)
    await keeper.leaves(payment)
    await keeper.ends(payment, "PAYOUT_SETTLED")

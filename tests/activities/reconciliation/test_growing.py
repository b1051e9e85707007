"""What moved before there were expectations is expected as if there had been."""

from __future__ import annotations

from activities.migrations.history import VERSIONS
from tests.activities.reconciliation.conftest import OwnBooks
from tests.activities.reconciliation.flows import Flows

_KNOWN = """
SELECT key, movement, number, payment_id, brand, psp, account, method, currency, amount_minor,
    psp_ref, transfer_id
FROM expectations WHERE transfer_id IS NOT NULL AND payment_id = ANY ($1) ORDER BY transfer_id
"""


def opened_by_the_migration() -> str:
    text = (VERSIONS / "0014_expectations.sql").read_text()
    return text.partition("-- What moved before")[2].partition("-- Money that is")[0]


async def test_payments_of_before_are_expected_by_the_migration(own_books: OwnBooks) -> None:
    flows = Flows(own_books.pool)
    payments = [await flows.deposit(), await flows.deposit(sold=True)]
    await flows.is_reversed(payments[0], "refund", "ref_1", 2000)
    await flows.is_reversed(payments[0], "refund_failed", "ref_1", 2000)
    await flows.is_reversed(payments[1], "chargeback", "dp_1")
    for prefix in ("po_", "re_"):
        paid = await flows.payout(prefix)
        await flows.comes_back(paid)
        await flows.was_paid_after_all(paid, 2)
        payments.append(paid)
    async with own_books.owner.acquire() as connection:
        attempt = connection.transaction()
        await attempt.start()
        known = await connection.fetch(_KNOWN, payments)
        await connection.execute("DELETE FROM expectations; DELETE FROM settled")
        await connection.execute("-- What moved before" + opened_by_the_migration())
        found = await connection.fetch(_KNOWN, payments)
        await attempt.rollback()
    # Seven ends, and what two players had won before.
    assert len(known) == 13
    assert [tuple(row) for row in found] == [tuple(row) for row in known]

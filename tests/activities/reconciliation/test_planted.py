"""Whatever is forged of the house's money, or of what is expected, is found and named."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from activities.wallet.house import HouseLedger
from tests.activities.reconciliation.conftest import OwnBooks, broken
from tests.activities.reconciliation.flows import Flows
from workflows.domain.ledger import HousePosting, Posting, Signed
from workflows.domain.psp import MerchantAccount

EXPECTED = "What moved at a PSP is expected in its report, or was settled"
CLEARING = "What is expected of a PSP is what its clearing account says"
OF_A_PAYMENT = "What is expected is of a payment, in its currency, and is open or settled"
NO_WALLET = "What came and went without the wallet sums to zero"
BY_KIND = "What is in transit, at the bank, kept back, charged or converted came by its own kind"
TO_ZERO = "What the house moves sums to zero in every currency"
WITHIN = "What is settled stays within its merchant account"
CURRENCY = "Every entry is in the currency of its transfer"
SIDES = "Every transfer has two sides that are its amount"
AT_RISK = "Money at risk is what the accounts say"

LAST = "id = (SELECT max(id) FROM expectations WHERE transfer_id IS NOT NULL)"
FX = "(SELECT id FROM transfers WHERE key = 'planted:fx')"
FEE = "(SELECT id FROM transfers WHERE key = 'planted:fee')"
SETTLED = """
INSERT INTO settled (expectation_id, key, movement, number, payment_id, brand, psp, account, method,
    currency, amount_minor, done_at, due_at, transfer_id, file_id, place, settled_at)
SELECT id, key, movement, number, payment_id, brand, psp, account, method, currency, amount_minor,
    done_at, due_at, {transfer}, -1, 1, now() FROM expectations WHERE
"""
FORGERIES = [
    (f"DELETE FROM expectations WHERE {LAST}", {EXPECTED, CLEARING, AT_RISK}),
    (f"UPDATE expectations SET amount_minor = 4999 WHERE {LAST}", {EXPECTED, CLEARING, AT_RISK}),
    (f"UPDATE expectations SET account = 'other' WHERE {LAST}", {EXPECTED, CLEARING, AT_RISK}),
    (f"UPDATE expectations SET brand = 'other' WHERE {LAST}", {OF_A_PAYMENT}),
    (f"UPDATE expectations SET payment_id = 'in_nobody' WHERE {LAST}", {OF_A_PAYMENT}),
    (SETTLED.format(transfer="NULL") + LAST, {OF_A_PAYMENT, NO_WALLET}),
    (SETTLED.format(transfer="transfer_id") + LAST, {OF_A_PAYMENT, EXPECTED}),
    (
        f"UPDATE entries SET amount_minor = 2 * amount_minor WHERE transfer_id = {FX} "
        "AND account_id IN (SELECT id FROM accounts WHERE currency = 'USD')",
        {BY_KIND, SIDES, CLEARING, AT_RISK},
    ),
    (
        f"UPDATE entries e SET account_id = (SELECT id FROM accounts WHERE currency = 'EUR' "
        f"AND name = 'fx:planted:main') WHERE transfer_id = {FEE} AND amount_minor < 0",
        {BY_KIND},
    ),
    (
        f"UPDATE entries e SET account_id = (SELECT id FROM accounts WHERE currency = 'EUR' "
        f"AND name = 'psp:tale:first') WHERE transfer_id = {FEE} AND amount_minor > 0",
        {WITHIN, CLEARING, AT_RISK},
    ),
    (
        f"UPDATE entries e SET account_id = (SELECT id FROM accounts WHERE currency = 'USD' "
        f"AND name = 'psp:planted:main') WHERE transfer_id = {FEE} AND amount_minor > 0",
        {"Every currency sums to zero", CURRENCY, TO_ZERO, BY_KIND, CLEARING, AT_RISK},
    ),
    (f"UPDATE transfers SET kind = 'reserve' WHERE id = {FEE}", {BY_KIND}),
    (f"UPDATE transfers SET amount_minor = -1 WHERE id = {FEE}", {BY_KIND, SIDES}),
]


@pytest.fixture
async def forger(own_books: OwnBooks) -> AsyncIterator[asyncpg.Connection]:
    """A superuser whom no trigger sees, and of whose work nothing stays."""
    connection = await asyncpg.connect(own_books.database.admin_url)
    attempt = connection.transaction()
    await attempt.start()
    await connection.execute("SET LOCAL session_replication_role = replica")
    yield connection
    await attempt.rollback()
    await connection.close()


@pytest.fixture
async def sound(own_books: OwnBooks) -> OwnBooks:
    """With a deposit, and a batch that comes out even for its account."""
    at = MerchantAccount("planted", "main")

    def posting(kind: Posting, minor: int, counter: Signed | None = None) -> HousePosting:
        key, amount = f"planted:{kind}", Signed(minor, "EUR")
        return HousePosting(key=key, kind=kind, account=at, amount=amount, counter=counter)

    postings = [
        posting(Posting.FX, -100, Signed(110, "USD")),
        posting(Posting.FEE, -10),
        posting(Posting.SUSPENSE, 110),
    ]
    dollars = HousePosting(
        key="planted:dollars", kind=Posting.SUSPENSE, account=at, amount=Signed(-110, "USD")
    )
    await HouseLedger(own_books.pool).post_all([*postings, dollars])
    await Flows(own_books.pool).deposit()
    return own_books


@pytest.mark.parametrize(("forgery", "names"), FORGERIES)
async def test_it_is_found_by_what_it_breaks(
    sound: OwnBooks, forger: asyncpg.Connection, forgery: str, names: set[str]
) -> None:
    assert await broken(forger) == {}
    await forger.execute(forgery)
    found = await broken(forger)
    assert set(found) == names
    assert all(violations for violations in found.values())

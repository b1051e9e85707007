"""Money at risk: where it is, whose it is and since when, live."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.reconciliation.expectations.at_risk import AtRisk, RiskReads
from activities.wallet.house import HouseLedger
from infra.postgres import engine, see
from infra.settings import Postgres
from tests.activities.psp.opened import AT, FIFTY, TERMS, authorize, capture, opened
from tests.activities.reconciliation.conftest import OwnBooks
from tests.activities.reconciliation.flows import Flows
from workflows.domain.ledger import HousePosting, Posting, Signed
from workflows.domain.payments import Attempt
from workflows.domain.psp import MerchantAccount
from workflows.domain.wallet import Hold, Player


@pytest.fixture
def brand() -> str:
    return f"brand-{uuid.uuid4().hex}"


@pytest.fixture
async def platform(own_books: OwnBooks) -> AsyncIterator[AsyncEngine]:
    made = engine(Postgres.model_validate({"url": own_books.database.api_url}), "as_told")
    yield made
    await made.dispose()


async def at_risk(engine: AsyncEngine, brand: str) -> list[AtRisk]:
    see([brand])
    return list(await RiskReads(engine).at_risk())


async def of(engine: AsyncEngine, brand: str) -> dict[str, tuple[str | None, int, str]]:
    """Account, amount and age by what it is."""
    rows = await at_risk(engine, brand)
    assert {row.brand for row in rows} <= {brand}
    return {row.what: (row.account, row.amount_minor, row.age) for row in rows}


async def test_a_deposit_is_at_risk_from_its_hold_until_it_is_settled(
    own_books: OwnBooks, platform: AsyncEngine, brand: str
) -> None:
    flows = Flows(own_books.pool)
    player = Player(brand, uuid.uuid4().hex)
    deposit = await opened(own_books.pool, player=player)
    assert await of(platform, brand) == {}
    held = Attempt(f"{deposit}:authorize:1", AT, "approved", psp_ref="psp-1")
    taken = Attempt(f"{deposit}:capture", AT, "approved", psp_ref="psp-2")
    await flows.once.authorize(replace(authorize(deposit), player_id=player.id))
    await flows.conclude(deposit, held)
    assert await of(platform, brand) == {"authorised_not_captured": ("first", 5000, "under_1_day")}
    await flows.once.capture(capture(deposit))
    await flows.conclude(deposit, taken)
    assert await of(platform, brand) == {"captured_not_credited": ("first", 5000, "under_1_day")}
    await flows.credit(deposit)
    # By the clock of the test's run it has not even happened yet.
    assert await of(platform, brand) == {"paid_not_settled": ("first", 5000, "under_1_day")}
    for days, age in (
        (2, "under_3_days"),
        (6, "under_7_days"),
        (29, "under_30_days"),
        (31, "older"),
    ):
        await own_books.owner.execute(
            "UPDATE expectations SET done_at = now() - $2 * interval '1 day' WHERE payment_id = $1",
            deposit,
            days,
        )
        assert await of(platform, brand) == {"paid_not_settled": ("first", 5000, age)}


async def test_what_is_set_aside_of_a_player_is_at_risk_until_a_psp_has_paid(
    own_books: OwnBooks, platform: AsyncEngine, brand: str
) -> None:
    flows, player = Flows(own_books.pool), Player(brand, uuid.uuid4().hex)
    await flows.deposit(player=player)
    payout = await opened(own_books.pool, "po_", player)
    hold = Hold(key=f"{payout}:hold", player=player, amount=FIFTY, payment_id=payout, order=TERMS)
    await flows.ledger.hold(hold)
    found = await of(platform, brand)
    assert found["debited_not_paid"] == (None, 5000, "under_1_day")
    assert await own_books.broken() == {}


async def test_of_what_is_left_in_transit_the_last_is_left(
    own_books: OwnBooks, platform: AsyncEngine, brand: str
) -> None:
    at = MerchantAccount("sandbox", uuid.uuid4().hex)

    def post(kind: Posting, minor: int, number: int) -> HousePosting:
        bank = "main" if kind is Posting.BANK_ENTRY else None
        key = f"{at.id}:{number}"
        return HousePosting(key=key, kind=kind, account=at, amount=Signed(minor, "EUR"), bank=bank)

    house = HouseLedger(own_books.pool)
    await house.post_all(
        [
            post(Posting.SETTLEMENT, -1000, 1),
            post(Posting.SETTLEMENT, -700, 2),
            post(Posting.BANK_ENTRY, 1200, 3),
            post(Posting.RESERVE, -100, 4),
            post(Posting.RESERVE, 100, 5),
            post(Posting.SUSPENSE, 50, 6),
            post(Posting.CARRIED, 30, 7),
        ]
    )
    rows = [row for row in await at_risk(platform, "*") if row.account == at.id]
    assert [(row.what, row.brand, row.items, row.amount_minor) for row in rows] == [
        ("carried", None, 1, -30),
        ("in_transit", None, 1, 500),
        ("suspense", None, 1, -50),
    ]
    assert await at_risk(platform, brand) == []
    # Nobody has settled anything here: the clearing account alone says otherwise.
    await house.post(post(Posting.SUSPENSE, 1620, 8))


async def test_what_a_player_owes_is_at_risk_where_it_was_taken(
    own_books: OwnBooks, platform: AsyncEngine, brand: str
) -> None:
    flows, player = Flows(own_books.pool), Player(brand, uuid.uuid4().hex)
    deposit = await flows.deposit(player=player)
    spent = await opened(own_books.pool, "po_", player)
    await flows.ledger.hold(
        Hold(key=f"{spent}:hold", player=player, amount=FIFTY, payment_id=spent, order=TERMS)
    )
    await flows.is_reversed(deposit, "chargeback", "dp_1", 3000)
    rows = [row for row in await at_risk(platform, "*") if row.brand == brand]
    found = {row.what: (row.psp, row.account, row.amount_minor) for row in rows}
    assert found["receivable"] == (AT.psp, AT.id, 3000)
    assert found["paid_not_settled"] == (AT.psp, AT.id, 2000)
    assert await own_books.broken() == {}

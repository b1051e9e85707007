"""A sale is asked once and excludes what it must: real Postgres keeps it."""

from __future__ import annotations

from dataclasses import replace

import asyncpg
import pytest

from activities.psp.asked import Asked
from activities.psp.once import AskedOnce
from activities.psp.verdicts import LOOK_FIRST
from activities.registry.books import RegistryBooks
from activities.wallet.ledger import Ledger
from tests.activities.psp.opened import AT, FIFTY, authorize, opened, void
from tests.workflows.world import FakePsp
from workflows.domain.deposits import credit_key_of
from workflows.domain.identity import SALE, capture_id_of
from workflows.domain.payments import Attempt, Facts
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    CompleteInstruction,
    Declined,
    Fenced,
    MerchantAccount,
    NotSent,
    Operation,
    Parked,
    Pending,
    SellInstruction,
    Unknown,
    VoidInstruction,
    asked_under,
)
from workflows.domain.records import Closing, Record, Recorded
from workflows.domain.wallet import Credit, Player, RefusalReason, Refused

OTHER = MerchantAccount("tale", "second")
TAKEN = Approved("psp-1", FIFTY, captured=True)
LOST = Unknown("lost on the way back")
NO = Declined("do_not_honor", soft=True, code="05")
BUSY = NotSent("HTTP 429")


@pytest.fixture
def psp() -> FakePsp:
    return FakePsp()


@pytest.fixture
def once(pool: asyncpg.Pool, psp: FakePsp) -> AskedOnce:
    return AskedOnce(Asked(pool), psp)


def sale(payment_id: str, number: int = 1, account: MerchantAccount = AT) -> SellInstruction:
    made = asked_under(f"{payment_id}:sale:{number}", account, authorize(payment_id))
    assert isinstance(made, SellInstruction)
    return made


def hold(payment_id: str, number: int = 1, account: MerchantAccount = AT) -> AuthorizeInstruction:
    return authorize(payment_id, number, account)


def giving_back(payment_id: str, key: str = "void:1") -> VoidInstruction:
    authorize_key = f"{payment_id}:sale:1"
    return replace(
        void(payment_id), key=f"{payment_id}:{key}", authorize_key=authorize_key, sale=True
    )


def completion(payment_id: str, step: str) -> CompleteInstruction:
    asked = authorize(payment_id)
    return CompleteInstruction(
        key=f"{payment_id}:{step}:1:complete:1",
        account=AT,
        amount=FIFTY,
        trace_id="trace-1",
        authorize_key=f"{payment_id}:{step}:1",
        psp_ref="psp-1",
        order=asked.order,
    )


def credited(payment_id: str, *more: Attempt) -> Closing:
    taken = Attempt(f"{payment_id}:sale:1", AT, "approved", psp_ref="psp-1", captured=True)
    facts = Facts(
        account=AT,
        psp_ref="psp-1",
        captured=FIFTY,
        capture_id=capture_id_of(payment_id),
        capture_ref="psp-1",
        attempts=(taken, *more),
    )
    return Closing(
        command=Credit(
            key=credit_key_of(payment_id),
            player=Player("acme", f"player-{payment_id}"),
            amount=FIFTY,
            source=AT,
            payment_id=payment_id,
        ),
        record=Record(
            payment_id=payment_id,
            version=2,
            status="CAPTURED",
            final=True,
            facts=facts,
            at="2031-01-01T10:00:00+00:00",
        ),
    )


async def test_whoever_comes_again_for_a_sale_gets_its_answer(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    for answer in (TAKEN, Pending("psp-1", "https://psp.example/page"), NO):
        asked = sale(await opened(pool))
        psp.will_answer(SALE, answer)
        assert [await once.sell(asked) for _ in range(3)] == [answer] * 3
    assert psp.done == ["sale:1"] * 3


async def test_a_sale_whose_answer_was_lost_is_looked_for_before_it_is_asked_again(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    asked = sale(await opened(pool))
    psp.will_answer(SALE, LOST)
    assert await once.sell(asked) == LOST
    assert await once.sell(asked) == LOOK_FIRST
    assert await once.sell(replace(asked, looked=True)) == TAKEN
    assert psp.done == ["sale:1", "sale:1"]


@pytest.mark.parametrize("outcome", [TAKEN, LOST, Pending("psp-1")])
async def test_a_sale_and_a_hold_of_one_payment_exclude_each_other_wherever_they_are_asked(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce, outcome: Approved | Unknown | Pending
) -> None:
    for elsewhere in (AT, OTHER):
        sold, held = await opened(pool), await opened(pool)
        psp.will_answer(SALE, outcome)
        await once.sell(sale(sold))
        psp.will_answer(Operation.AUTHORIZE, outcome)
        await once.authorize(hold(held))
        for asked, first in (
            (once.authorize(hold(sold, 2, elsewhere)), f"{sold}:sale:1"),
            (once.authorize(hold(sold, 1, elsewhere)), f"{sold}:sale:1"),
            (once.sell(sale(sold, 2, elsewhere)), f"{sold}:sale:1"),
            (once.sell(sale(held, 2, elsewhere)), f"{held}:authorize:1"),
            (once.sell(sale(held, 1, elsewhere)), f"{held}:authorize:1"),
        ):
            refused = await asked
            assert isinstance(refused, Fenced)
            assert refused.rival is not None
            assert refused.rival.key == first
    assert len(psp.done) == 4


@pytest.mark.parametrize("outcome", [NO, BUSY])
async def test_another_account_is_asked_when_a_sale_has_certainly_taken_nothing(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce, outcome: Declined | NotSent
) -> None:
    payment_id = await opened(pool)
    psp.will_answer(SALE, outcome)
    await once.sell(sale(payment_id))
    assert await once.sell(sale(payment_id, 2, OTHER)) == TAKEN


async def test_a_stop_of_captures_parks_a_sale_and_lets_it_be_held(
    pool: asyncpg.Pool, owner: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    payment_id, at_the_page = await opened(pool), await opened(pool)
    psp.will_answer(SALE, Pending("psp-1", "https://psp.example/page"))
    await once.sell(sale(at_the_page))
    stop = await owner.fetchval(
        "SELECT routing_stop('acme', 'tale', 'first', 'MT', 'captures', 'maintenance', 'ann')"
    )
    try:
        assert await once.sell(sale(payment_id)) == Parked(stop)
        assert await once.complete(completion(at_the_page, "sale")) == Parked(stop)
        assert isinstance(await once.authorize(hold(payment_id)), Approved)
        assert isinstance(await once.complete(completion(payment_id, "authorize")), Approved)
    finally:
        await owner.execute("SELECT routing_lift($1, NULL, 'over', 'ann')", stop)
    assert psp.done == ["sale:1", "authorize:1", "authorize:1:complete:1"]
    # What was parked waits for its turn; whatever else there is goes at once.
    assert await once.complete(completion(at_the_page, "sale")) == Parked(stop)
    assert await once.sell(sale(await opened(pool))) == TAKEN


async def test_a_deposit_does_not_end_over_a_sale_that_may_have_been_made(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    payment_id = await opened(pool)
    psp.will_answer(SALE, LOST)
    await once.sell(sale(payment_id))
    ends = Record(
        payment_id=payment_id,
        version=2,
        status="FAILED",
        final=True,
        facts=Facts(),
        at="2031-01-01T10:00:00+00:00",
    )
    assert (await RegistryBooks(pool).record(ends)).unfinished
    undone = Attempt(f"{payment_id}:void:1", AT, "approved", psp_ref="psp-1")
    await once.void(giving_back(payment_id))
    ends = replace(ends, facts=Facts(attempts=(undone,)))
    assert await RegistryBooks(pool).record(ends) == Recorded(2)


async def test_what_a_sale_took_and_the_player_has_is_not_given_back(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    payment_id = await opened(pool)
    psp.will_answer(SALE, TAKEN)
    await once.sell(sale(payment_id))
    assert await Ledger(pool).close(credited(payment_id)) == Recorded(2)
    for key in ("void:1", "void:1:2", "case-void:1"):
        assert await once.void(giving_back(payment_id, key)) == Fenced("over")
    assert psp.done == ["sale:1"]


@pytest.mark.parametrize("outcome", [Approved("psp-1", FIFTY), LOST, Pending("psp-1")])
async def test_what_was_given_back_or_may_have_been_is_not_credited(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce, outcome: Approved | Unknown | Pending
) -> None:
    payment_id = await opened(pool)
    psp.will_answer(SALE, TAKEN)
    await once.sell(sale(payment_id))
    psp.will_answer(Operation.VOID, outcome)
    await once.void(giving_back(payment_id))
    refused = Refused(RefusalReason.GIVEN_BACK)
    assert await Ledger(pool).close(credited(payment_id)) == refused
    # What certainly gave nothing back is in nobody's way.
    nothing = Attempt(f"{payment_id}:void:1", AT, "declined", "not_voidable", "no", False)
    assert await Ledger(pool).close(credited(payment_id, nothing)) == Recorded(2)


async def test_a_late_sale_of_an_account_that_was_given_up_is_given_back_beside_the_credit(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    payment_id = await opened(pool)
    psp.will_answer(SALE, NO)
    await once.sell(sale(payment_id))
    await once.sell(sale(payment_id, 2, OTHER))
    first = Attempt(f"{payment_id}:sale:1", AT, "declined", "do_not_honor", "05", True)
    second = Attempt(f"{payment_id}:sale:2", OTHER, "approved", psp_ref="psp-2", captured=True)
    closing = credited(payment_id)
    record = replace(closing.record, facts=replace(closing.record.facts, attempts=(first, second)))
    assert await Ledger(pool).close(replace(closing, record=record)) == Recorded(2)
    assert isinstance(await once.void(giving_back(payment_id)), Approved)

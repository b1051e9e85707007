"""A PSP is asked once, whatever is retried, reset or begun anew: real Postgres keeps it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from activities.psp.asked import Asked
from activities.psp.once import AskedOnce
from activities.psp.verdicts import LOOK_FIRST
from activities.registry.books import RegistryBooks
from tests.activities.psp.opened import (
    AT,
    authorize,
    capture,
    ended,
    held,
    opened,
    payout,
    refund,
    void,
)
from tests.workflows.world import FakePsp
from workflows.domain.money import Money
from workflows.domain.payments import Attempt
from workflows.domain.psp import (
    Approved,
    Authentication,
    Declined,
    Fenced,
    Lookup,
    MerchantAccount,
    NotSent,
    Operation,
    Parked,
    Pending,
    Unknown,
)
from workflows.domain.records import Conclusion

OTHER = MerchantAccount("tale", "second")
LOST = Unknown("lost on the way back")
NO = Declined("do_not_honor", soft=True, code="05")
BUSY = NotSent("HTTP 429")


@pytest.fixture
def psp() -> FakePsp:
    return FakePsp()


@pytest.fixture
def once(pool: asyncpg.Pool, psp: FakePsp) -> AskedOnce:
    return AskedOnce(Asked(pool), psp)


def asked(psp: FakePsp) -> list[str]:
    return psp.done


async def test_whoever_comes_again_under_the_key_gets_the_answer(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    proof = Authentication(scheme="visa", eci="05", cavv_present=True)
    for answer in (
        Approved("psp-9", Money(5000, "EUR"), proof, captured=True),
        Pending("psp-9", "https://psp.example/page"),
        NO,
    ):
        instruction = authorize(await opened(pool))
        psp.will_answer(Operation.AUTHORIZE, answer)
        assert await once.authorize(instruction) == answer
        assert await once.authorize(instruction) == answer
        assert await once.authorize(replace(instruction, payment_token="tok_other")) == answer
    assert len(asked(psp)) == 3


async def test_a_lost_answer_is_looked_for_before_it_is_asked_again(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    instruction = payout(await held(pool))
    psp.will_answer(Operation.PAYOUT, LOST)
    assert await once.payout(instruction) == LOST
    assert await once.payout(instruction) == LOOK_FIRST
    assert asked(psp) == ["payout:1"]
    assert isinstance(await once.payout(replace(instruction, looked=True)), Approved)
    assert asked(psp) == ["payout:1", "payout:1"]


async def test_a_busy_psp_says_nothing_about_the_first_question(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    instruction = payout(await held(pool))
    psp.will_answer(Operation.PAYOUT, LOST, BUSY)
    await once.payout(instruction)
    again = await once.payout(replace(instruction, looked=True))
    assert isinstance(again, Unknown)
    assert await once.payout(instruction) == LOOK_FIRST


async def test_what_never_left_us_may_be_asked_again(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    instruction = refund(await held(pool, "re_"))
    psp.will_answer(Operation.REFUND, BUSY)
    assert await once.refund(instruction) == BUSY
    assert isinstance(await once.refund(instruction), Approved)
    # Elsewhere too: nothing stands under the key.
    elsewhere = authorize(await opened(pool))
    psp.will_answer(Operation.AUTHORIZE, BUSY)
    await once.authorize(elsewhere)
    assert isinstance(await once.authorize(replace(elsewhere, account=OTHER)), Approved)


async def test_a_worker_that_was_frozen_does_not_unsay_what_another_has_asked(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    instruction = payout(await held(pool))
    gate = psp.will_hold(Operation.PAYOUT)
    # Answers are taken when they are given: the second one's is lost, the frozen one's comes last.
    psp.will_answer(Operation.PAYOUT, LOST, BUSY)
    frozen = asyncio.ensure_future(once.payout(instruction))
    await gate.reached.wait()
    assert await once.payout(replace(instruction, looked=True)) == LOST
    gate.opened.set()
    assert await frozen == LOOK_FIRST
    assert await once.payout(instruction) == LOOK_FIRST


async def test_of_many_at_once_one_asks(pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce) -> None:
    instruction = payout(await held(pool))
    gate = psp.will_hold(Operation.PAYOUT)
    first = asyncio.ensure_future(once.payout(instruction))
    await gate.reached.wait()
    others = await asyncio.gather(*(once.payout(instruction) for _ in range(32)))
    gate.opened.set()
    assert isinstance(await first, Approved)
    assert set(others) == {LOOK_FIRST}
    assert asked(psp) == ["payout:1"]


async def test_a_look_counts_from_whoever_asked_first(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    instruction = payout(await held(pool))
    await once.payout(instruction)
    of_a_later_run = (datetime.now(UTC) + timedelta(days=40)).isoformat()
    await once.look_up(
        Lookup(
            key=instruction.key,
            operation=Operation.PAYOUT,
            account=AT,
            psp_ref=None,
            trace_id="trace-1",
            asked_at=of_a_later_run,
        )
    )
    [lookup] = psp.asked_of
    assert datetime.fromisoformat(lookup.asked_at) < datetime.now(UTC) + timedelta(minutes=1)


async def test_nobody_is_asked_for_a_payment_that_nobody_opened(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    nobodys = Fenced("unknown_payment")
    assert await once.authorize(authorize("in_nobody")) == nobodys
    assert await once.payout(payout("po_nobody")) == nobodys
    assert await once.refund(refund("re_nobody")) == nobodys
    assert await once.void(void("in_nobody")) == nobodys
    more = replace(payout(await held(pool)), amount=Money(5001, "EUR"))
    assert await once.payout(more) == nobodys
    assert await once.payout(replace(more, amount=Money(5000, "USD"))) == nobodys
    assert asked(psp) == []


async def test_nobody_is_asked_for_a_payment_that_is_over(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    deposit, paid_out = await opened(pool), await held(pool)
    await ended(pool, deposit)
    await ended(pool, paid_out)
    assert await once.authorize(authorize(deposit)) == Fenced("over")
    assert await once.capture(capture(deposit)) == Fenced("over")
    assert await once.payout(payout(paid_out)) == Fenced("over")
    assert asked(psp) == []
    # What is held at a PSP is let go of all the same.
    assert isinstance(await once.void(void(deposit)), Approved)


async def test_nobody_pays_out_what_is_not_held(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    assert await once.payout(payout(await opened(pool, "po_"))) == Fenced("nothing_held")
    assert await once.refund(refund(await opened(pool, "re_"))) == Fenced("nothing_held")
    assert asked(psp) == []


async def test_another_account_is_asked_when_the_first_has_certainly_done_nothing(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    for first, then in ((LOST, False), (Pending("psp-1"), False), (NO, True), (BUSY, True)):
        payment_id = await held(pool)
        psp.will_answer(Operation.PAYOUT, first)
        await once.payout(payout(payment_id))
        second = await once.payout(payout(payment_id, 2, OTHER))
        assert isinstance(second, Approved) is then
        if not then:
            assert isinstance(second, Fenced)
            assert second.rival is not None
            assert (second.rival.key, second.rival.account) == (f"{payment_id}:payout:1", AT)


async def test_what_a_webhook_told_opens_the_way_once_it_is_written_down(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    payment_id = await opened(pool)
    psp.will_answer(Operation.AUTHORIZE, Pending("psp-1"))
    await once.authorize(authorize(payment_id))
    assert isinstance(await once.authorize(authorize(payment_id, 2, OTHER)), Fenced)
    declined = Attempt(f"{payment_id}:authorize:1", AT, "declined", "do_not_honor", "05", True)
    await RegistryBooks(pool).conclude(Conclusion(payment_id=payment_id, attempts=(declined,)))
    assert isinstance(await once.authorize(authorize(payment_id, 2, OTHER)), Approved)
    assert await once.authorize(authorize(payment_id)) == NO


async def test_an_authorization_that_was_voided_is_in_nobodys_way(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    payment_id = await opened(pool)
    psp.will_answer(Operation.AUTHORIZE, LOST)
    await once.authorize(authorize(payment_id))
    await once.void(void(payment_id, None))
    concluded = Attempt(f"{payment_id}:void:1", AT, "approved", psp_ref="psp-1")
    await RegistryBooks(pool).conclude(Conclusion(payment_id=payment_id, attempts=(concluded,)))
    assert isinstance(await once.authorize(authorize(payment_id, 2, OTHER)), Approved)


@pytest.mark.parametrize("outcome", [Approved("psp-3", Money(5000, "EUR")), LOST, Pending("")])
async def test_a_capture_and_a_void_of_one_hold_exclude_each_other(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce, outcome: Approved | Unknown | Pending
) -> None:
    captured, voided = await opened(pool), await opened(pool)
    psp.will_answer(Operation.CAPTURE, outcome)
    await once.capture(capture(captured))
    refused = await once.void(void(captured))
    assert isinstance(refused, Fenced)
    assert refused.rival is not None
    assert (refused.rival.operation, refused.rival.amount) == ("capture", Money(5000, "EUR"))
    psp.will_answer(Operation.VOID, outcome)
    await once.void(void(voided))
    refused = await once.capture(capture(voided))
    assert isinstance(refused, Fenced)
    assert refused.rival is not None
    assert refused.rival.operation == "void"


async def test_what_is_no_rival_goes_through(
    pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    payment_id = await opened(pool)
    await once.capture(capture(payment_id))
    # The rest of a partial capture, and a second hold that the PSP made by mistake.
    assert isinstance(await once.void(void(payment_id, rest=True)), Approved)
    other_hold = replace(void(payment_id, "psp-other"), key=f"{payment_id}:void:1:2")
    assert isinstance(await once.void(other_hold), Approved)
    declined = await opened(pool)
    psp.will_answer(Operation.CAPTURE, NO)
    await once.capture(capture(declined))
    assert isinstance(await once.void(void(declined)), Approved)


async def test_one_key_is_one_question(pool: asyncpg.Pool, psp: FakePsp, once: AskedOnce) -> None:
    instruction = payout(await held(pool))
    await once.payout(instruction)
    other = await once.payout(replace(instruction, account=OTHER))
    assert isinstance(other, Fenced)
    assert other.rival is not None
    assert other.rival.account == AT
    assert asked(psp) == ["payout:1"]


async def test_a_stop_is_asked_for_in_the_same_statement(
    pool: asyncpg.Pool, owner: asyncpg.Pool, psp: FakePsp, once: AskedOnce
) -> None:
    payment_id = await held(pool)
    stop = await owner.fetchval(
        "SELECT routing_stop('acme', 'tale', 'first', 'MT', 'payouts', 'maintenance', 'ann')"
    )
    try:
        assert await once.payout(payout(payment_id)) == Parked(stop)
        assert asked(psp) == []
    finally:
        await owner.execute("SELECT routing_lift($1, NULL, 'over', 'ann')", stop)
    assert isinstance(await once.payout(payout(await held(pool))), Approved)

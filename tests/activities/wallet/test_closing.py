"""The wallet's command and the version that tells of it: both or neither, and never both of two
things that exclude each other. On real Postgres."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from activities.psp.asked import Asked
from activities.psp.once import AskedOnce
from activities.registry.books import OutOfOrder, RegistryBooks
from activities.wallet.ledger import Ledger
from tests.activities.psp.opened import AT, TERMS, ended, held, opened, payout
from tests.activities.wallet.commands import balances
from tests.workflows.world import FakePsp
from workflows.domain.money import Money
from workflows.domain.payments import Attempt, Facts
from workflows.domain.psp import Approved, Declined, Operation, Unknown
from workflows.domain.records import Closing, Record, Recorded
from workflows.domain.wallet import (
    CaptureHold,
    ClawBack,
    Hold,
    Player,
    RefusalReason,
    Refused,
    Release,
)

FIFTY = Money(5000, "EUR")
AT_TEN = "2031-01-01T10:00:00+00:00"
ON_ITS_WAY = Refused(RefusalReason.ON_ITS_WAY)


@pytest.fixture
def ledger(pool: asyncpg.Pool) -> Ledger:
    return Ledger(pool)


@pytest.fixture
def registry(pool: asyncpg.Pool) -> RegistryBooks:
    return RegistryBooks(pool)


def version(payment_id: str, number: int, status: str, **changes: object) -> Record:
    record = Record(
        payment_id=payment_id, version=number, status=status, final=True, facts=Facts(), at=AT_TEN
    )
    return replace(record, **changes)  # type: ignore[arg-type]


def given_back(payment_id: str, *attempts: Attempt, number: int = 2) -> Closing:
    return Closing(
        command=Release(key=f"{payment_id}:release", hold_key=f"{payment_id}:hold", if_held=True),
        record=version(payment_id, number, "PAYOUT_CANCELLED", facts=Facts(attempts=attempts)),
    )


def gone(payment_id: str, number: int = 2) -> Closing:
    return Closing(
        command=CaptureHold(
            key=f"{payment_id}:settle", hold_key=f"{payment_id}:hold", destination=AT
        ),
        record=version(payment_id, number, "PAYOUT_SETTLED"),
    )


def player_of(payment_id: str) -> Player:
    return Player("acme", f"player-{payment_id}")


async def test_what_is_on_its_way_is_not_given_back(pool: asyncpg.Pool, ledger: Ledger) -> None:
    psp = FakePsp()
    once = AskedOnce(Asked(pool), psp)
    for outcome in (Unknown("lost"), Approved("psp-1", FIFTY)):
        payment_id = await held(pool)
        psp.will_answer(Operation.PAYOUT, outcome)
        await once.payout(payout(payment_id))
        assert await ledger.close(given_back(payment_id)) == ON_ITS_WAY
        assert await ledger.close(gone(payment_id)) == Recorded(2)
        assert await balances(pool, player_of(payment_id)) == {"available": 0, "held": 0}


async def test_what_certainly_came_to_nothing_is_given_back(
    pool: asyncpg.Pool, ledger: Ledger
) -> None:
    psp = FakePsp()
    psp.will_answer(Operation.PAYOUT, Declined("account_closed", soft=False, code="AC04"))
    payment_id = await held(pool)
    await AskedOnce(Asked(pool), psp).payout(payout(payment_id))
    assert await ledger.close(given_back(payment_id)) == Recorded(2)
    assert await balances(pool, player_of(payment_id)) == {"available": 5000, "held": 0}


async def test_what_only_the_run_knows_goes_with_the_release(
    pool: asyncpg.Pool, ledger: Ledger
) -> None:
    psp = FakePsp()
    psp.will_answer(Operation.PAYOUT, Unknown("lost"))
    payment_id = await held(pool)
    await AskedOnce(Asked(pool), psp).payout(payout(payment_id))
    by_webhook = Attempt(f"{payment_id}:payout:1", AT, "declined", "returned", "R1", False)
    assert await ledger.close(given_back(payment_id, by_webhook)) == Recorded(2)
    # It stands: whoever asks again is told what the run knew.
    again = await AskedOnce(Asked(pool), psp).payout(payout(payment_id))
    assert again == Declined("returned", soft=False, code="R1")


async def test_paying_and_giving_back_at_once_one_of_them_happens(
    pool: asyncpg.Pool, ledger: Ledger
) -> None:
    psp = FakePsp()
    once = AskedOnce(Asked(pool), psp)

    async def race(payment_id: str) -> tuple[bool, bool]:
        paid, back = await asyncio.gather(
            once.payout(payout(payment_id)), ledger.close(given_back(payment_id))
        )
        return isinstance(paid, Approved), isinstance(back, Recorded)

    payments = [await held(pool) for _ in range(60)]
    for paid, back in await asyncio.gather(*map(race, payments)):
        assert paid != back
    assert len(psp.done) == sum([1 async for _ in _on_their_way(pool, payments)])


async def _on_their_way(pool: asyncpg.Pool, payments: list[str]):  # type: ignore[no-untyped-def]
    for payment_id in payments:
        if (await balances(pool, player_of(payment_id)))["held"]:
            yield payment_id


async def test_a_refused_command_writes_no_version(pool: asyncpg.Pool, ledger: Ledger) -> None:
    payment_id = await held(pool)
    await AskedOnce(Asked(pool), FakePsp()).payout(payout(payment_id))
    await ledger.close(given_back(payment_id))
    assert await pool.fetchval("SELECT version FROM payments WHERE id = $1", payment_id) == 1


async def test_the_end_that_came_first_is_the_end(
    pool: asyncpg.Pool, ledger: Ledger, registry: RegistryBooks
) -> None:
    payment_id = await held(pool)
    assert await ledger.close(given_back(payment_id)) == Recorded(2)
    superseded = Recorded(None, superseded=True)
    assert await ledger.close(gone(payment_id)) == superseded
    assert await ledger.close(gone(payment_id, 3)) == superseded
    assert await registry.record(version(payment_id, 3, "PAYOUT_PROCESSING")) == superseded
    assert await ledger.close(given_back(payment_id)) == Recorded(2)
    assert await balances(pool, player_of(payment_id)) == {"available": 5000, "held": 0}


async def test_money_that_was_never_held_is_given_back_by_doing_nothing(
    pool: asyncpg.Pool, ledger: Ledger
) -> None:
    payment_id = await opened(pool, "po_")
    assert await ledger.close(given_back(payment_id)) == Recorded(2)
    late = Hold(
        key=f"{payment_id}:hold",
        player=player_of(payment_id),
        amount=FIFTY,
        payment_id=payment_id,
        order=TERMS,
    )
    assert await ledger.hold(late) == Refused(RefusalReason.PAYMENT_OVER)


async def test_money_is_held_only_for_what_somebody_opened(
    pool: asyncpg.Pool, ledger: Ledger
) -> None:
    payment_id = await opened(pool, "po_")
    right = Hold(
        key=f"{payment_id}:hold",
        player=player_of(payment_id),
        amount=FIFTY,
        payment_id=payment_id,
        order=TERMS,
    )
    for wrong in (
        replace(right, payment_id="po_nobody", key="po_nobody:hold"),
        replace(right, order="another order"),
        replace(right, amount=Money(5001, "EUR")),
        replace(right, amount=Money(5000, "USD")),
        replace(right, player=Player("acme", "somebody-else")),
        replace(right, player=Player("other", f"player-{payment_id}")),
    ):
        assert await ledger.hold(wrong) == Refused(RefusalReason.UNKNOWN_PAYMENT)


async def test_the_same_version_again_is_a_repetition_another_one_the_next(
    pool: asyncpg.Pool, registry: RegistryBooks
) -> None:
    payment_id = await opened(pool)
    pending = version(payment_id, 2, "PENDING", final=False)
    assert await registry.record(pending) == Recorded(2)
    assert await registry.record(replace(pending, at="2031-01-01T11:00:00+00:00")) == Recorded(2)
    other = version(payment_id, 2, "CLARIFYING", final=False)
    assert await registry.record(other) == Recorded(3)
    assert await registry.record(other) == Recorded(3)
    assert await registry.record(version(payment_id, 4, "FAILED")) == Recorded(4)
    with pytest.raises(OutOfOrder):
        await registry.record(version(await opened(pool), 9, "PENDING", final=False))
    versions = await pool.fetch(
        "SELECT version, status FROM payment_events WHERE payment_id = $1 ORDER BY 1", payment_id
    )
    assert [tuple(row) for row in versions][1:] == [
        (2, "PENDING"),
        (3, "CLARIFYING"),
        (4, "FAILED"),
    ]


async def test_an_amendment_that_was_overtaken_looks_again_and_moves_nothing(
    pool: asyncpg.Pool, ledger: Ledger, registry: RegistryBooks
) -> None:
    payment_id = await opened(pool)
    await ended(pool, payment_id, "CAPTURED")
    seen = version(payment_id, 3, "REVERSED", amends=True)
    note = Attempt(f"{payment_id}:case-remedy", AT, "credit")
    await registry.record(
        version(payment_id, 3, "CAPTURED", amends=True, facts=Facts(attempts=(note,)))
    )
    claw_back = ClawBack(
        key=f"{payment_id}:refund:re_1",
        player=player_of(payment_id),
        amount=FIFTY,
        source=AT,
        payment_id=payment_id,
    )
    assert await ledger.close(Closing(command=claw_back, record=seen)) == Recorded(None)
    assert await pool.fetchval("SELECT count(*) FROM transfers WHERE key = $1", claw_back.key) == 0
    again = replace(seen, version=4)
    assert await ledger.close(Closing(command=claw_back, record=again)) == Recorded(4)


async def test_a_run_that_writes_keeps_what_others_added(
    pool: asyncpg.Pool, registry: RegistryBooks
) -> None:
    payment_id = await opened(pool)
    by_a_case = Attempt(f"{payment_id}:case-void:1", AT, "approved")
    added = version(payment_id, 2, "PENDING", final=False, facts=Facts(attempts=(by_a_case,)))
    await registry.record(replace(added, amends=True))
    own = Attempt(f"{payment_id}:authorize:1", AT, "declined")
    await registry.record(version(payment_id, 2, "FAILED", facts=Facts(attempts=(own,))))
    known = await registry.recall(payment_id)
    assert {attempt.key for attempt in known.facts.attempts} == {by_a_case.key, own.key}

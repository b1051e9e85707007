"""What left a PSP without us is taken from the player as far as it is there, and owed beyond."""

from __future__ import annotations

from dataclasses import replace

import asyncpg
import pytest

from activities.wallet.ledger import Ledger
from tests.activities.psp.opened import AT, TERMS, opened
from tests.activities.wallet.commands import balances, broken_books
from workflows.domain.money import Money
from workflows.domain.payments import Facts
from workflows.domain.records import Closing, Record, Recorded
from workflows.domain.wallet import (
    CaptureHold,
    ClawBack,
    Credit,
    Hold,
    Player,
    Posted,
    RefusalReason,
    Refused,
    Restore,
)

FIFTY = Money(5000, "EUR")


@pytest.fixture
def ledger(pool: asyncpg.Pool) -> Ledger:
    return Ledger(pool)


def version(payment_id: str, number: int, status: str, *, amends: bool = False) -> Record:
    return Record(
        payment_id=payment_id,
        version=number,
        status=status,
        final=True,
        facts=Facts(),
        at="2031-01-01T10:00:00+00:00",
        amends=amends,
    )


def gone(payment_id: str) -> Closing:
    return Closing(
        command=CaptureHold(
            key=f"{payment_id}:settle", hold_key=f"{payment_id}:hold", destination=AT
        ),
        record=version(payment_id, 2, "REFUND_PROCESSED"),
    )


def player_of(payment_id: str) -> Player:
    return Player("acme", f"player-{payment_id}")


async def credited(pool: asyncpg.Pool, ledger: Ledger, spent: int = 0) -> tuple[str, Player]:
    """A deposit of 50.00 that was captured, of which `spent` minor units are not there any more."""
    payment_id = await opened(pool)
    player = player_of(payment_id)
    await ledger.credit(
        Credit(
            key=f"{payment_id}:credit",
            player=player,
            amount=FIFTY,
            source=AT,
            payment_id=payment_id,
        )
    )
    if spent:
        other = await opened(pool, "po_", player)
        money = Money(spent, "EUR")
        await ledger.hold(
            Hold(key=f"{other}:hold", player=player, amount=money, payment_id=other, order=TERMS)
        )
    return payment_id, player


def taken(payment_id: str, player: Player, minor: int, name: str, number: int) -> Closing:
    command = ClawBack(
        key=f"{payment_id}:chargeback:{name}",
        player=player,
        amount=Money(minor, "EUR"),
        source=AT,
        payment_id=payment_id,
    )
    return Closing(command=command, record=version(payment_id, number, "REVERSED", amends=True))


async def owed(pool: asyncpg.Pool, player: Player) -> int:
    minor: int = await pool.fetchval(
        "SELECT coalesce(-sum(e.amount_minor), 0)::bigint FROM entries e "
        "JOIN accounts a ON a.id = e.account_id WHERE a.name = $1",
        f"receivable:{player.brand}:{player.id}",
    )
    return minor


@pytest.mark.parametrize("spent", [0, 2000, 5000])
async def test_what_is_taken_back_is_taken_as_far_as_it_is_there_and_owed_beyond(
    pool: asyncpg.Pool, ledger: Ledger, spent: int
) -> None:
    payment_id, player = await credited(pool, ledger, spent)
    assert await ledger.close(taken(payment_id, player, 5000, "dp_1", 2)) == Recorded(2)
    assert (await balances(pool, player))["available"] == 0
    assert await owed(pool, player) == spent
    assert await broken_books(pool) == []


async def test_what_comes_back_pays_what_is_owed_first(pool: asyncpg.Pool, ledger: Ledger) -> None:
    payment_id, player = await credited(pool, ledger, spent=2000)
    await ledger.close(taken(payment_id, player, 5000, "dp_1", 2))
    for number, (minor, available, still_owed) in enumerate(
        [(1500, 0, 500), (1500, 1000, 0), (2000, 3000, 0)], 3
    ):
        command = Restore(
            key=f"{payment_id}:chargeback_reversed:{number}",
            player=player,
            amount=Money(minor, "EUR"),
            source=AT,
            payment_id=payment_id,
        )
        record = version(payment_id, number, f"STEP_{number}", amends=True)
        assert await ledger.close(Closing(command=command, record=record)) == Recorded(number)
        assert (await balances(pool, player))["available"] == available
        assert await owed(pool, player) == still_owed
    assert await broken_books(pool) == []


async def test_what_was_taken_back_cannot_be_refunded_too(
    pool: asyncpg.Pool, ledger: Ledger
) -> None:
    payment_id, player = await credited(pool, ledger)
    await ledger.close(taken(payment_id, player, 2000, "dp_1", 2))
    other = await opened(pool, "re_", player)
    refund = Hold(
        key=f"{other}:hold",
        player=player,
        amount=Money(3001, "EUR"),
        payment_id=other,
        order=TERMS,
        against=f"{payment_id}:credit",
    )
    assert await ledger.hold(refund) == Refused(RefusalReason.EXCEEDS_CREDIT)
    third = await opened(pool, "re_", player)
    fits = replace(refund, key=f"{third}:hold", payment_id=third, amount=Money(3000, "EUR"))
    assert isinstance(await ledger.hold(fits), Posted)


async def test_a_refund_that_came_back_can_be_made_again(
    pool: asyncpg.Pool, ledger: Ledger
) -> None:
    payment_id, player = await credited(pool, ledger)
    first, second = await opened(pool, "re_", player), await opened(pool, "re_", player)
    hold = Hold(
        key=f"{first}:hold",
        player=player,
        amount=FIFTY,
        payment_id=first,
        order=TERMS,
        against=f"{payment_id}:credit",
    )
    await ledger.hold(hold)
    await ledger.close(gone(first))
    again = replace(hold, key=f"{second}:hold", payment_id=second)
    assert await ledger.hold(again) == Refused(RefusalReason.EXCEEDS_CREDIT)
    came_back = Credit(
        key=f"{first}:return", player=player, amount=FIFTY, source=AT, payment_id=first
    )
    await ledger.credit(came_back)
    third = await opened(pool, "re_", player)
    assert isinstance(
        await ledger.hold(replace(hold, key=f"{third}:hold", payment_id=third)), Posted
    )

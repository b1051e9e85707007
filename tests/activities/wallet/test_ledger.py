"""The ledger's rules, on real Postgres."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace

import asyncpg
import pytest

from activities.wallet.ledger import Ledger
from tests.activities.wallet.commands import (
    AT,
    OfOpenedPayments,
    a_player,
    balances,
    broken_books,
    capture_hold,
    credit,
    debit,
    hold,
    release,
)
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount
from workflows.domain.wallet import (
    CaptureHold,
    Player,
    Posted,
    RefusalReason,
    Refused,
    Release,
)


@pytest.fixture
def ledger(pool: asyncpg.Pool) -> Ledger:
    return OfOpenedPayments(pool)


async def test_a_credit_is_the_players_and_owed_by_the_psp(
    ledger: Ledger, pool: asyncpg.Pool
) -> None:
    player = a_player()
    at = MerchantAccount("sandbox", f"account-{uuid.uuid4().hex}")
    await ledger.credit(replace(credit(player, 5000), source=at))
    assert await balances(pool, player) == {"available": 5000, "held": 0}
    owed = await pool.fetchval(
        "SELECT sum(e.amount_minor) FROM entries e JOIN accounts a ON a.id = e.account_id "
        "WHERE a.name = $1",
        f"psp:sandbox:{at.id}",
    )
    assert owed == -5000


async def test_the_same_command_again_gives_the_recorded_result(
    ledger: Ledger, pool: asyncpg.Pool
) -> None:
    player = a_player()
    command = credit(player, 5000)
    first = await ledger.credit(command)
    again = await ledger.credit(command)
    assert isinstance(first, Posted)
    assert again == Posted(first.transfer_id, replayed=True)
    assert (await balances(pool, player))["available"] == 5000


async def test_the_same_key_with_another_content_is_refused(
    ledger: Ledger, pool: asyncpg.Pool
) -> None:
    player = a_player()
    command = credit(player, 5000)
    await ledger.credit(command)
    for other in (
        replace(command, amount=Money(5001, "EUR")),
        replace(command, amount=Money(5000, "USD")),
        replace(command, player=a_player()),
        replace(command, source=MerchantAccount("sandbox", "secondary")),
    ):
        assert await ledger.credit(other) == Refused(RefusalReason.KEY_CONFLICT)
    assert await ledger.debit(debit(player, 5000, command.key)) == Refused(
        RefusalReason.KEY_CONFLICT
    )
    assert (await balances(pool, player))["available"] == 5000


async def test_a_race_of_64_under_one_key_gives_one_posting_and_63_replays(
    ledger: Ledger, pool: asyncpg.Pool
) -> None:
    player = a_player()
    command = credit(player, 100)
    results = await asyncio.gather(*(ledger.credit(command) for _ in range(64)))
    posted = [result for result in results if isinstance(result, Posted)]
    assert sorted(result.replayed for result in posted) == [False] + [True] * 63
    assert len({result.transfer_id for result in posted}) == 1
    assert (await balances(pool, player))["available"] == 100


async def test_of_64_concurrent_debits_of_10_from_100_exactly_ten_are_done(
    ledger: Ledger, pool: asyncpg.Pool
) -> None:
    player = a_player()
    await ledger.credit(credit(player, 100))
    results = await asyncio.gather(*(ledger.debit(debit(player, 10)) for _ in range(64)))
    assert sum(isinstance(result, Posted) for result in results) == 10
    assert {r for r in results if isinstance(r, Refused)} == {
        Refused(RefusalReason.INSUFFICIENT_FUNDS)
    }
    assert (await balances(pool, player))["available"] == 0


async def test_of_64_concurrent_holds_of_10_on_100_exactly_ten_are_done(
    ledger: Ledger, pool: asyncpg.Pool
) -> None:
    player = a_player()
    await ledger.credit(credit(player, 100))
    results = await asyncio.gather(*(ledger.hold(hold(player, 10)) for _ in range(64)))
    assert sum(isinstance(result, Posted) for result in results) == 10
    assert await balances(pool, player) == {"available": 0, "held": 100}


async def test_money_that_is_held_cannot_be_spent(ledger: Ledger, pool: asyncpg.Pool) -> None:
    player = a_player()
    await ledger.credit(credit(player, 100))
    await ledger.hold(hold(player, 80))
    refused = Refused(RefusalReason.INSUFFICIENT_FUNDS)
    assert await ledger.debit(debit(player, 21)) == refused
    assert await ledger.hold(hold(player, 21)) == refused
    assert isinstance(await ledger.debit(debit(player, 20)), Posted)


async def test_a_stranger_has_nothing(ledger: Ledger, pool: asyncpg.Pool) -> None:
    refused = Refused(RefusalReason.INSUFFICIENT_FUNDS)
    assert await ledger.debit(debit(a_player(), 1)) == refused
    assert await ledger.hold(hold(a_player(), 1)) == refused


async def test_a_refusal_is_given_again_whatever_the_balance_is_by_then(
    ledger: Ledger, pool: asyncpg.Pool
) -> None:
    player = a_player()
    wanted = hold(player, 50)
    first = await ledger.hold(wanted)
    await ledger.credit(credit(player, 100))
    assert await ledger.hold(wanted) == first == Refused(RefusalReason.INSUFFICIENT_FUNDS)
    assert (await balances(pool, player))["held"] == 0


async def test_a_captured_hold_has_left_and_a_released_one_is_back(
    ledger: Ledger, pool: asyncpg.Pool
) -> None:
    player = a_player()
    await ledger.credit(credit(player, 100))
    paid, kept = hold(player, 30), hold(player, 50)
    for held in (paid, kept):
        await ledger.hold(held)
    await ledger.capture_hold(capture_hold(paid))
    await ledger.release(release(kept))
    assert await balances(pool, player) == {"available": 70, "held": 0}


async def test_a_hold_is_resolved_at_most_once(ledger: Ledger, pool: asyncpg.Pool) -> None:
    player = a_player()
    await ledger.credit(credit(player, 100))
    resolved = Refused(RefusalReason.HOLD_RESOLVED)
    for first, second in (("capture", "release"), ("release", "capture")):
        held = hold(player, 10)
        await ledger.hold(held)
        do = {
            "capture": lambda h=held: ledger.capture_hold(capture_hold(h)),
            "release": lambda h=held: ledger.release(release(h)),
        }
        assert isinstance(await do[first](), Posted)
        assert await do[second]() == resolved
        assert await do[second]() == resolved
        assert isinstance(await do[first](), Posted)


async def test_a_race_to_resolve_a_hold_has_one_winner(ledger: Ledger, pool: asyncpg.Pool) -> None:
    player = a_player()
    await ledger.credit(credit(player, 100))
    held = hold(player, 100)
    await ledger.hold(held)
    captures = [ledger.capture_hold(capture_hold(held, f"{held.key}:c{n}")) for n in range(16)]
    releases = [ledger.release(release(held, f"{held.key}:r{n}")) for n in range(16)]
    results = await asyncio.gather(*captures, *releases)
    assert sum(isinstance(result, Posted) for result in results) == 1
    assert (await balances(pool, player))["held"] == 0


async def test_what_is_no_hold_cannot_be_resolved(ledger: Ledger, pool: asyncpg.Pool) -> None:
    player = a_player()
    deposit = credit(player, 100)
    await ledger.credit(deposit)
    unknown = Refused(RefusalReason.UNKNOWN_HOLD)
    for no_hold in (deposit.key, "nobody:hold"):
        to_capture = CaptureHold(key=f"{no_hold}:c", hold_key=no_hold, destination=AT)
        assert await ledger.capture_hold(to_capture) == unknown
        assert await ledger.release(Release(key=f"{no_hold}:r", hold_key=no_hold)) == unknown


async def test_holds_against_a_credit_never_exceed_it(ledger: Ledger, pool: asyncpg.Pool) -> None:
    player = a_player()
    deposit = credit(player, 100)
    await ledger.credit(deposit)
    await ledger.credit(credit(player, 1000))
    first = hold(player, 60, against=deposit.key)
    assert isinstance(await ledger.hold(first), Posted)
    await ledger.capture_hold(capture_hold(first))
    beyond = Refused(RefusalReason.EXCEEDS_CREDIT)
    assert await ledger.hold(hold(player, 41, against=deposit.key)) == beyond
    second = hold(player, 40, against=deposit.key)
    assert isinstance(await ledger.hold(second), Posted)
    assert await ledger.hold(hold(player, 1, against=deposit.key)) == beyond
    await ledger.release(release(second))
    assert isinstance(await ledger.hold(hold(player, 40, against=deposit.key)), Posted)


async def test_a_race_of_refunds_stays_within_the_credit(
    ledger: Ledger, pool: asyncpg.Pool
) -> None:
    player = a_player()
    deposit = credit(player, 100)
    await ledger.credit(deposit)
    await ledger.credit(credit(player, 1000))
    racing = (ledger.hold(hold(player, 30, against=deposit.key)) for _ in range(16))
    results = await asyncio.gather(*racing)
    assert sum(isinstance(result, Posted) for result in results) == 3


async def test_a_hold_is_bounded_only_by_a_credit_of_the_same_player_and_currency(
    ledger: Ledger, pool: asyncpg.Pool
) -> None:
    player, other = a_player(), a_player()
    theirs, dollars = credit(other, 100), credit(player, 100, currency="USD")
    for command in (credit(player, 100), theirs, dollars):
        await ledger.credit(command)
    for against in (theirs.key, dollars.key, "nobody:credit"):
        refused = await ledger.hold(hold(player, 10, against=against))
        assert refused == Refused(RefusalReason.UNKNOWN_CREDIT)


async def test_players_of_two_brands_with_one_name_are_two_players(
    ledger: Ledger, pool: asyncpg.Pool
) -> None:
    name = f"same-{uuid.uuid4().hex}"
    await ledger.credit(credit(Player("acme", name), 100))
    refused = await ledger.debit(debit(Player("bravo", name), 1))
    assert refused == Refused(RefusalReason.INSUFFICIENT_FUNDS)


async def test_currencies_are_accounts_of_their_own(ledger: Ledger, pool: asyncpg.Pool) -> None:
    player = a_player()
    await ledger.credit(credit(player, 100, currency="JPY"))
    refused = await ledger.debit(debit(player, 100, currency="KWD"))
    assert refused == Refused(RefusalReason.INSUFFICIENT_FUNDS)
    assert isinstance(await ledger.debit(debit(player, 100, currency="JPY")), Posted)


async def test_opposing_transfers_on_few_players_never_deadlock(
    ledger: Ledger, pool: asyncpg.Pool
) -> None:
    players = [a_player() for _ in range(3)]
    for player in players:
        await ledger.credit(credit(player, 1000))

    async def churn(turn: int) -> None:
        player = players[turn % 3]
        held = hold(player, 1)
        await ledger.hold(held)
        await (ledger.release(release(held)) if turn % 2 else ledger.debit(debit(player, 1)))
        if not turn % 2:
            await ledger.capture_hold(capture_hold(held))

    await asyncio.gather(*(churn(turn) for turn in range(256)))
    assert await broken_books(pool) == []


async def test_after_all_of_this_the_books_hold(pool: asyncpg.Pool) -> None:
    assert await broken_books(pool) == []

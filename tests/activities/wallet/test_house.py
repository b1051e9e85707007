"""The house's own postings: what became of money that PSPs have of ours."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.wallet.house import HouseLedger
from activities.wallet.ledger import Ledger
from tests.activities.psp.opened import opened
from tests.activities.wallet.commands import credit
from workflows.domain.ledger import HousePosting, Posting, Signed
from workflows.domain.psp import MerchantAccount
from workflows.domain.wallet import Player, Posted, RefusalReason, Refused, WalletResult

CONFLICT = Refused(RefusalReason.KEY_CONFLICT)
AT = MerchantAccount("sandbox", "primary")


@pytest.fixture
def house(pool: asyncpg.Pool) -> HouseLedger:
    return HouseLedger(pool)


def an_account() -> MerchantAccount:
    return MerchantAccount("sandbox", f"account-{uuid.uuid4().hex}")


def posting(
    at: MerchantAccount,
    kind: Posting,
    minor: int,
    currency: str = "EUR",
    *,
    batch: str = "1",
    counter: Signed | None = None,
) -> HousePosting:
    return HousePosting(
        key=f"{at.psp}:{at.id}:{batch}:{kind}:{currency}",
        kind=kind,
        account=at,
        amount=Signed(minor, currency),
        counter=counter,
        bank="main" if kind is Posting.BANK_ENTRY else None,
    )


async def moved(pool: asyncpg.Pool, at: MerchantAccount) -> dict[tuple[str, str], int]:
    """By the word of the account and currency, where it is not nothing."""
    rows = await pool.fetch(
        "SELECT split_part(a.name, ':', 1) AS word, a.currency, "
        "sum(e.amount_minor)::bigint AS minor FROM transfers t "
        "JOIN entries e ON e.transfer_id = t.id JOIN accounts a ON a.id = e.account_id "
        "WHERE t.key LIKE $1 AND t.brand IS NULL GROUP BY 1, 2",
        f"{at.psp}:{at.id}:%",
    )
    return {(row["word"], row["currency"]): row["minor"] for row in rows if row["minor"]}


async def test_a_settled_batch_empties_what_the_psp_has_of_ours(
    house: HouseLedger, pool: asyncpg.Pool
) -> None:
    """10.00 and 5.00 USD were captured; 0.50 were kept as fees, 1.00 in reserve, the dollars were
    exchanged, and what was left came to the bank."""
    at = an_account()
    results = await house.post_all(
        [
            posting(at, Posting.FX, -500, "USD", counter=Signed(450, "EUR")),
            posting(at, Posting.FEE, -50),
            posting(at, Posting.RESERVE, -100),
            posting(at, Posting.CARRIED, -30),
            posting(at, Posting.SETTLEMENT, -1270),
            posting(at, Posting.BANK_ENTRY, 1270),
        ]
    )
    assert [isinstance(each, Posted) and not each.replayed for each in results] == [True] * 6
    assert await moved(pool, at) == {
        ("psp", "EUR"): 1000,
        ("psp", "USD"): 500,
        ("fx", "USD"): -500,
        ("fx", "EUR"): 450,
        ("fees", "EUR"): -50,
        ("reserve", "EUR"): -100,
        ("carried", "EUR"): -30,
        ("bank", "EUR"): -1270,
    }


async def test_the_sign_of_an_amount_says_which_way_it_goes(
    house: HouseLedger, pool: asyncpg.Pool
) -> None:
    at = an_account()
    await house.post(posting(at, Posting.RESERVE, -100))
    await house.post(posting(at, Posting.RESERVE, 100, batch="2"))
    await house.post(posting(at, Posting.SUSPENSE, 700))
    await house.post(posting(at, Posting.SETTLEMENT, 40))
    await house.post(posting(at, Posting.BANK_ENTRY, -40))
    assert await moved(pool, at) == {
        ("psp", "EUR"): -740,
        ("suspense", "EUR"): 700,
        ("bank", "EUR"): 40,
    }


async def test_a_key_is_of_one_posting_whoever_comes_again(house: HouseLedger) -> None:
    at = an_account()
    fee = posting(at, Posting.FEE, -50)
    first = await house.post(fee)
    assert isinstance(first, Posted)
    again = replace(first, replayed=True)
    others = [
        replace(fee, amount=Signed(-51, "EUR")),
        replace(fee, amount=Signed(50, "EUR")),
        replace(fee, amount=Signed(-50, "JPY")),
        replace(fee, kind=Posting.RESERVE),
        replace(fee, account=an_account()),
    ]
    assert await house.post_all([fee, *others, fee]) == [again, *[CONFLICT] * 5, again]


async def test_one_set_may_name_a_key_twice(house: HouseLedger, pool: asyncpg.Pool) -> None:
    at = an_account()
    fee = posting(at, Posting.FEE, -50)
    other = replace(fee, amount=Signed(-51, "EUR"), kind=Posting.SETTLEMENT)
    first, conflict, again = await house.post_all([fee, other, fee])
    assert isinstance(first, Posted)
    assert (first.replayed, conflict) == (False, CONFLICT)
    assert again == replace(first, replayed=True)
    assert await moved(pool, at) == {("psp", "EUR"): 50, ("fees", "EUR"): -50}


async def test_an_empty_set_is_nothing(house: HouseLedger) -> None:
    assert await house.post_all([]) == []


KINDS = [kind for kind in Posting if kind is not Posting.RECEIVABLE]
AMOUNTS = st.integers(-(10**12), 10**12).filter(bool)
CURRENCIES = st.sampled_from(["JPY", "EUR", "KWD"])


@st.composite
def wishes(draw: st.DrawFn) -> list[tuple[Posting, str, int, int | None]]:
    """Of a batch: kind, currency, amount, and what it became in dollars."""
    batch = draw(st.lists(st.tuples(st.sampled_from(KINDS), CURRENCIES, AMOUNTS), max_size=8))
    converted = st.one_of(st.none(), AMOUNTS)
    return [(*each, draw(converted) if each[0] is Posting.FX else None) for each in batch]


@settings(max_examples=30)
@given(wishes(), st.data())
async def test_in_any_order_doubled_and_by_twins_the_books_are_the_same(
    pool: asyncpg.Pool, batch: list[tuple[Posting, str, int, int | None]], twins: st.DataObject
) -> None:
    house, at = HouseLedger(pool), an_account()
    postings = [
        posting(
            at,
            kind,
            minor,
            currency,
            batch=str(number),
            counter=None if became is None else Signed(became, "USD"),
        )
        for number, (kind, currency, minor, became) in enumerate(batch)
    ]
    hands = twins.draw(st.lists(st.permutations(postings), min_size=2, max_size=4))
    results = await asyncio.gather(*(house.post_all(hand) for hand in hands))
    _each_was_done_once(hands, results)
    expected: Counter[tuple[str, str]] = Counter()
    for each in postings:
        mine, other = _sides(each.kind)
        for amount in filter(None, (each.amount, each.counter)):
            expected[mine, amount.currency] -= amount.minor_units
            expected[other, amount.currency] += amount.minor_units
    assert await moved(pool, at) == {name: minor for name, minor in expected.items() if minor}


def _each_was_done_once(
    hands: Sequence[Sequence[HousePosting]], results: Sequence[Sequence[WalletResult]]
) -> None:
    first: Counter[str] = Counter()
    ids: dict[str, set[int]] = {}
    for hand, done in zip(hands, results, strict=True):
        for each, result in zip(hand, done, strict=True):
            assert isinstance(result, Posted)
            first[each.key] += not result.replayed
            ids.setdefault(each.key, set()).add(result.transfer_id)
    assert set(first.values()) <= {1}
    assert all(len(known) == 1 for known in ids.values())


def _sides(kind: Posting) -> tuple[str, str]:
    match kind:
        case Posting.SETTLEMENT:
            return "psp", "in_transit"
        case Posting.BANK_ENTRY:
            return "bank", "in_transit"
        case Posting.FEE:
            return "psp", "fees"
        case _:
            return "psp", str(kind)


async def test_a_posting_waits_for_nobody_at_the_accounts_of_the_house(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    """Another one that is not over is in nobody's way: neither of a batch's nor of a player's."""
    house, at = HouseLedger(pool), an_account()
    await house.post(posting(at, Posting.FEE, -1))
    async with owner.acquire() as slow:
        unfinished = slow.transaction()
        await unfinished.start()
        await slow.fetch(
            "SELECT * FROM wallet_post_house(jsonb_build_array(jsonb_build_object("
            "'key', $1::text, 'hash', 'h', 'kind', 'fee', 'psp', 'sandbox', 'account', $2::text, "
            "'currency', 'EUR', 'amount', -7)))",
            f"sandbox:{at.id}:slow",
            at.id,
        )
        await house.post(posting(at, Posting.FEE, -2, batch="2"))
        await Ledger(pool).credit(replace(credit(Player("acme", at.id), 5000), source=at))
        await unfinished.rollback()
    assert (await moved(pool, at))["fees", "EUR"] == -3


async def test_what_a_player_owes_bounds_what_they_are_refunded(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    payment_id = await opened(pool)
    player = Player("acme", f"player-{payment_id}")
    await Ledger(pool).credit(credit(player, 5000, f"{payment_id}:credit"))
    owed = HousePosting(
        key=f"{payment_id}:chargeback:dp_1",
        kind=Posting.RECEIVABLE,
        account=AT,
        amount=Signed(-3000, "EUR"),
        player=player,
        payment_id=payment_id,
    )
    house = HouseLedger(pool)
    first, again = await house.post_all([owed, owed])
    assert isinstance(first, Posted)
    assert again == replace(first, replayed=True)
    found = await pool.fetchrow(
        "SELECT movement, psp_ref, amount_minor FROM expectations WHERE transfer_id = $1",
        first.transfer_id,
    )
    assert tuple(found or ()) == ("chargeback", "dp_1", -3000)
    query = """SELECT wallet_beyond((SELECT t FROM transfers t WHERE key = $1), 'acme', $2, $3,
        'EUR')"""
    refunded = [
        await owner.fetchval(query, f"{payment_id}:credit", player.id, minor)
        for minor in (2000, 2001)
    ]
    assert refunded == [None, "exceeds_credit"]

"""What the ledger books of a file: one command for each batch and kind, to the last cent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

import pytest

from activities.reconciliation.matching.completions import Completions
from activities.reconciliation.matching.postings import Postings
from tests.activities.reconciliation.matching.books import (
    NOON,
    Books,
    Expected,
    Line,
    a_key,
    sums_to_zero,
)
from workflows.domain.psp import MerchantAccount
from workflows.domain.reconciliation import HouseCommand
from workflows.domain.routing.accounts import Cost

LATER = NOON + timedelta(days=1)


def booked(commands: list[HouseCommand]) -> list[tuple[str, str, str, int, str | None, int | None]]:
    return sorted(
        (c.batch, c.kind, c.currency, c.amount_minor, c.counter_currency, c.counter_minor)
        for c in commands
    )


def owed(commands: list[HouseCommand], lines: list[Line]) -> dict[str, int]:
    """By the PSP, when its payments and their house commands are booked."""
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.movement in ("capture", "refund", "payout", "return", "chargeback"):
            sums[line.currency] += line.gross
    for command in commands:
        sums[command.currency] += command.amount_minor
        if command.counter_currency:
            sums[command.counter_currency] += command.counter_minor or 0
    return {currency: total for currency, total in sums.items() if total}


async def test_a_batch_that_was_paid_out_leaves_nothing_owed(books: Books) -> None:
    lines = [
        *sums_to_zero(
            [
                Line(a_key(), 10_000, fee=-210),
                Line(a_key(), 5_000, fee=-110),
                Line(a_key("refund:1", "re"), -1_000, "refund"),
                Line(a_key("payout:1", "po"), -2_000, "payout", fee=-30),
                Line(None, 0, "fee", net=-500),
                Line(None, 0, "dispute_fee", net=-1500),
                Line(None, 0, "reserve", net=-700),
                Line(None, 0, "reserve", net=200),
                Line(None, 0, "other", net=9),
                Line(None, 0, "carried", net=-50),
            ],
            "b1",
        ),
        *sums_to_zero([Line(a_key(), 300, currency="JPY")], "b2"),
    ]
    file = await books.report(*lines)
    postings = Postings(books.pool)
    commands = await postings.commands(file)
    assert booked(commands) == [
        ("b1", "carried", "EUR", -50, None, None),
        ("b1", "fee", "EUR", -2350, None, None),
        ("b1", "reserve", "EUR", -500, None, None),
        ("b1", "settlement", "EUR", -9109, None, None),
        ("b1", "suspense", "EUR", 9, None, None),
        ("b2", "settlement", "JPY", -300, None, None),
    ]
    assert owed(commands, lines) == {}
    assert len({command.key for command in commands}) == len(commands)
    assert await postings.commands(file) == commands


async def test_conversions_are_one_command_a_batch_with_what_rounding_left(books: Books) -> None:
    lines = sums_to_zero(
        [
            # 3.33 by 1.0815 is 3.601, 9.99 times 1.0815 is 10.804; a yen has no decimals.
            Line(a_key(), 333, net=360, net_currency="USD", rate="1.0815"),
            Line(a_key(), 999, fee=-20, net=1061, net_currency="USD", rate="1.0815"),
            Line(a_key(), 5000, currency="JPY", net=3367, net_currency="USD", rate="0.006735"),
            Line(None, -500, "fx", currency="GBP", net=-500, psp_ref="one"),
            Line(None, 630, "fx", currency="USD", net=630, psp_ref="one"),
        ],
        "b1",
    )
    lines = [line for line in lines if (line.movement, line.currency) != ("transfer", "GBP")]
    file = await books.report(Line(a_key(), 500, currency="GBP", batch="b1"), *lines)
    result = await books.match()
    assert result.breaks == {"timing": 4}
    assert booked(await Postings(books.pool).commands(file)) == [
        ("b1", "fee", "USD", -20, None, None),
        ("b1", "fx", "EUR", -1332, "USD", 1441),
        ("b1", "fx", "GBP", -500, "USD", 630),
        ("b1", "fx", "JPY", -5000, "USD", 3367),
        ("b1", "settlement", "USD", -5418, None, None),
    ]


async def test_a_line_that_does_not_add_up_is_a_break_and_what_is_left_is_in_suspense(
    books: Books,
) -> None:
    keys = [a_key() for _ in range(5)]
    await books.expect(
        *(Expected(key) for key in keys[:4]), Expected(keys[4], 1000, currency="KWD")
    )
    converted = Line(keys[1], 1000, fee=-10, net_currency="USD", rate="1.1")
    file = await books.report(
        Line(keys[0], 1000, fee=-20, net=970),
        replace(converted, net=1091),
        replace(converted, key=keys[2], net=1092),
        replace(converted, key=keys[3], net=1088),
        # 1.000 KWD is 3.25 USD.
        Line(keys[4], 1000, currency="KWD", net=325, net_currency="USD", rate="3.25"),
    )
    result = await books.match()
    assert (result.matched, result.breaks) == (5, {"amount_mismatch": 3})
    rows = await books.owner.fetch(
        "SELECT key, differs, ours_minor, theirs_minor FROM breaks WHERE account = $1",
        books.account,
    )
    assert {tuple(row) for row in rows} == {
        (keys[0], "fee", 980, 970), (keys[2], "rate", 1090, 1092), (keys[3], "rate", 1090, 1088),
    }  # fmt: skip
    # Nothing of it goes away by itself.
    assert (await books.match(LATER)).breaks == {"amount_mismatch": 3}
    commands = await Postings(books.pool).commands(file)
    assert ("", "suspense", "EUR", -10, None, None) in booked(commands)


async def test_a_newer_version_turns_back_what_was_booked_of_the_one_before(books: Books) -> None:
    account = MerchantAccount("sandbox", books.account)
    postings = Postings(books.pool)
    old = await books.report(*sums_to_zero([Line(a_key(), 900, fee=-9)], "b"), period="day")
    assert await postings.to_post(account) == []
    await books.match()
    assert await postings.to_post(account) == [(old, False)]
    first = await postings.commands(old)
    await postings.posted(old)
    new = await books.report(
        *sums_to_zero([Line(a_key(), 900, fee=-8)], "b"), period="day", applied_at=LATER
    )
    await books.match(LATER)
    assert await postings.to_post(account) == [(old, True), (new, False)]
    back = await postings.commands(old, undone=True)
    assert [(c.kind, -c.amount_minor) for c in back] == [(c.kind, c.amount_minor) for c in first]
    assert not {c.key for c in back} & {c.key for c in [*first, *await postings.commands(new)]}
    for file, undone in ((old, True), (new, False)):
        await postings.posted(file, undone=undone)
    assert await postings.to_post(account) == []


async def test_a_batch_that_does_not_come_to_zero_is_a_break(books: Books) -> None:
    even = sums_to_zero([Line(a_key(), 900)], "even")
    uneven = sums_to_zero([Line(a_key(), 900)], "uneven")
    not_paid = [Line(a_key(), 900, batch="not paid out")]
    await books.report(*even, *uneven, Line(a_key(), 1, batch="uneven"), *not_paid)
    assert (await books.match()).breaks == {"batch_mismatch": 1, "timing": 4}


@pytest.mark.parametrize(
    ("fees", "tolerance", "drifted"),
    [
        ([-49, -49, -50, -48], 1, 0),
        ([-49, -51, -47, 0], 1, 3),
        ([-49, -51, -47, -20], 10, 1),
        ([-60] * 101, 1, 1),
    ],
)
async def test_fees_are_held_against_the_accounts_contract(
    books: Books, fees: list[int], tolerance: int, drifted: int
) -> None:
    """20 cents and 2.9 % of 10.00 EUR are 49 cents."""
    keys = [a_key() for _ in fees]
    await books.expect(*(Expected(key) for key in keys))
    await books.report(*(Line(key, fee=fee) for key, fee in zip(keys, fees, strict=True)))
    result = await books.match(
        contract=(Cost("EUR", 20, 29_000), Cost("JPY", 9)), fee_tolerance_minor=tolerance
    )
    assert result.matched == len(fees)
    assert result.breaks == ({"fee_drift": drifted} if drifted else {})
    [charged] = result.charged
    assert (charged.captures, charged.gross_minor) == (len(fees), 1000 * len(fees))
    assert (charged.currency, charged.fee_minor) == ("EUR", sum(fees))


async def test_what_was_passed_on_is_not_passed_on_again(books: Books) -> None:
    account, key = MerchantAccount("sandbox", books.account), a_key()
    await books.owner.execute(
        "INSERT INTO psp_instructions (key, payment_id, operation, psp, account, currency, "
        "amount_minor, state) VALUES ($1, 'in_1', 'capture', 'sandbox', $2, 'EUR', 1000, 'asked')",
        key, books.account,
    )  # fmt: skip
    await books.owner.execute(
        "UPDATE psp_instructions SET payment_id = split_part(key, ':', 1) WHERE key = $1", key
    )
    await books.report(Line(key))
    await books.match()
    completions = Completions(books.pool)
    found = await completions.to_pass_on(account, 10)
    assert [(c.key, c.movement, c.amount_minor) for c in found] == [(key, "capture", 1000)]
    assert await completions.to_pass_on(account, 10) == found
    await books.owner.execute(
        "UPDATE settlement_files SET state = 'quarantined', reason = 'r' WHERE account = $1",
        books.account,
    )
    assert await completions.to_pass_on(account, 10) == []
    await books.owner.execute(
        "UPDATE settlement_files SET state = 'applied' WHERE account = $1", books.account
    )
    await completions.passed_on(found)
    assert await completions.to_pass_on(account, 10) == []
    assert (await books.match(LATER)).to_pass_on == 0

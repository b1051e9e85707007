"""A payout of a PSP meets its entry at the bank: by reference, or where only one can be meant."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.activities.reconciliation.bank.conftest import OurBank, a_bank
from tests.activities.reconciliation.bank.samples import Booked

LATE = "2026-12-10T00:00:00Z"


def token(bank: OurBank) -> str:
    return bank.account.removeprefix("account-").upper()


@pytest.mark.parametrize(
    "shown",
    ["{} ADYEN", "PAYOUT/{}", "acme {lower} x", "A {broken} B", "X:{dotted}.", "{}"],
)
async def test_a_bank_that_rewrites_the_reference_is_understood(bank: OurBank, shown: str) -> None:
    word = token(bank)
    reference = f"TX{word} batch_45"
    as_written = f"TX{word} BATCH 45"
    text = shown.format(
        as_written,
        lower=as_written.lower(),
        broken=f"{as_written[:9]}\n{as_written[9:]}",
        dotted=as_written.replace(" ", "."),
    )
    await bank.pays_out(12_345, reference, batch="45")
    await bank.books(Booked("123.45", text), Booked("123.45", f"TX{word} BATCH 456"))
    found = await bank.matches()
    assert (found.matched, await bank.matched()) == (1, [(f"45 {reference}", 12_345, "reference")])
    assert (await bank.matches()).matched == 0


async def test_what_the_bank_cut_at_140_signs_is_its_reference_all_the_same(bank: OurBank) -> None:
    reference = f"PAYOUT {token(bank)} " + "OF ACME AND ITS MANY SHOPS " * 6
    await bank.pays_out(100, reference)
    await bank.books(Booked("1.00", reference[:140]))
    assert (await bank.matches()).matched == 1


async def test_by_amount_within_five_banking_days_where_nobody_wrote_a_reference(
    bank: OurBank,
) -> None:
    day = "2026-12-23T10:00:00Z"
    await bank.pays_out(5_000, None, batch="1", booked_at=day)
    await bank.pays_out(6_000, None, batch="2", booked_at=day)
    await bank.books(
        Booked("50.00", "GUTSCHRIFT", "2027-01-04"), Booked("60.00", "GUTSCHRIFT", "2026-12-31")
    )
    # Christmas, two weekend days and New Year lie between: the fifth banking day is the 31st.
    await bank.matches("2027-01-02T00:00:00Z")
    assert await bank.matched() == [("2", 6_000, "amount")]


async def test_what_the_psp_takes_leaves_the_account_and_currencies_do_not_mix(
    bank: OurBank,
) -> None:
    await bank.pays_out(-700, None, batch="taken")
    await bank.pays_out(900, None, batch="dollars", currency="USD")
    await bank.books(Booked("-7.00", "LASTSCHRIFT"), Booked("7.00", "OTHER"), Booked("9.00", "X"))
    await bank.matches()
    assert await bank.matched() == [("taken", -700, "amount")]


async def test_two_that_could_be_meant_are_a_break_with_both_until_one_is_known(
    bank: OurBank,
) -> None:
    file = await bank.pays_out(500, None, batch="A")
    await bank.pays_out(500, f"REF {token(bank)}", batch="B", file=file)
    await bank.books(Booked("5.00", "GUTSCHRIFT"))
    await bank.matches(LATE)
    both = f"A, B REF {token(bank)}"
    assert await bank.matched() == []
    assert await bank.breaks() == [("bank_unexplained", "ambiguous", None, 500, both)]
    await bank.books(Booked("5.00", f"REF {token(bank)}"))
    await bank.matches(LATE)
    named = (f"B REF {token(bank)}", 500, "reference")
    assert await bank.matched() == [("A", 500, "amount"), named]
    assert await bank.breaks() == []


async def test_another_amount_under_its_reference_is_a_break_and_never_another_payout(
    bank: OurBank,
) -> None:
    reference = f"REF {token(bank)}"
    await bank.pays_out(1_000, reference, batch="45")
    await bank.pays_out(990, None, batch="46")
    await bank.books(Booked("9.90", reference))
    await bank.matches()
    assert await bank.matched() == []
    assert await bank.breaks() == [
        ("bank_unexplained", "amount", 1_000, 990, f"45 {reference}"),
    ]


async def test_a_payment_twice_and_its_return_do_not_hide_each_other(bank: OurBank) -> None:
    reference = f"REF {token(bank)}"
    await bank.pays_out(1_000, reference)
    await bank.books(Booked("10.00", reference), Booked("-10.00", f"RETURN OF {reference}"))
    await bank.matches()
    assert await bank.matched() == [(reference, 1_000, "reference")]
    await bank.matches(LATE)
    assert await bank.breaks() == [("bank_unexplained", None, None, -1_000, None)]


async def test_money_that_the_bank_converted_is_known_by_its_reference_alone(
    bank: OurBank,
) -> None:
    await bank.pays_out(1_000, f"REF {token(bank)}", currency="GBP")
    await bank.pays_out(1_160, None, batch="other", currency="USD")
    await bank.books(Booked("11.60", f"REF {token(bank)}"), Booked("11.60", "GUTSCHRIFT"))
    found = await bank.matches()
    assert await bank.matched() == [(f"REF {token(bank)}", 1_160, "reference")]
    rows = await bank.pool.fetch(
        "SELECT command FROM bank_commands(NULL) WHERE command ->> 'account' = $1", bank.account
    )
    came, back, converted, on = (row["command"] for row in rows)
    assert came | {"key": "", "hash": ""} == {
        "key": "", "hash": "", "kind": "bank_entry", "psp": "adyen", "account": bank.account,
        "bank": bank.name, "currency": "EUR", "amount": 1_160,
    }  # fmt: skip
    # Nothing is left of it where it was on its way, nor at the PSP.
    assert (back["kind"], back["currency"], back["amount"]) == ("settlement", "GBP", 1_000)
    assert (on["kind"], on["currency"], on["amount"]) == ("settlement", "EUR", -1_160)
    assert converted["kind"] == "fx"
    assert (converted["currency"], converted["amount"]) == ("GBP", -1_000)
    assert (converted["counter_currency"], converted["counter_amount"]) == ("EUR", 1_160)
    await book(bank, came["key"])
    assert (await bank.matches()).to_book == found.to_book - 4


async def book(bank: OurBank, key: str) -> None:
    """As the ledger does, but for its entries."""
    await bank.owner.execute(
        "INSERT INTO transfers (key, request_hash, kind, currency, amount_minor) "
        "VALUES ($1, 'h', 'bank_entry', 'EUR', 1)",
        key,
    )


async def test_a_payout_is_missing_when_its_delay_is_over_and_no_more_when_it_comes(
    bank: OurBank,
) -> None:
    await bank.owner.execute(
        "INSERT INTO settlement_terms VALUES ('adyen', $1, '', '3 days', '2 days')", bank.account
    )
    reference = f"REF {token(bank)}"
    await bank.pays_out(1_000, reference, batch="45")
    await bank.matches("2026-12-02T09:00:00Z")
    assert await bank.breaks() == []
    for _ in range(2):
        await bank.matches("2026-12-02T11:00:00Z")
        missing = ("bank_missing", None, 1_000, None, "45")
        assert await bank.breaks() == [missing]
    # No window of days for what is named.
    await bank.books(Booked("10.00", reference, "2027-02-01"))
    await bank.matches("2027-02-02T00:00:00Z")
    assert await bank.breaks() == []
    closed = await bank.owner.fetchval(
        "SELECT closed_by FROM breaks WHERE account = $1", bank.account
    )
    assert closed == "the bank's entry"


async def test_a_break_that_a_person_closed_stays_closed(bank: OurBank) -> None:
    await bank.pays_out(1_000, f"REF {token(bank)}")
    await bank.matches(LATE)
    await bank.owner.execute(
        "UPDATE breaks SET closed_at = now(), closed_by = 'ann: paid in cash' WHERE account = $1",
        bank.account,
    )
    await bank.matches(LATE)
    assert await bank.breaks() == []


async def test_money_that_no_payout_explains_is_a_break_where_nothing_else_comes_in(
    bank: OurBank,
) -> None:
    await bank.books(Booked("42.00", "SOMETHING"))
    await bank.matches("2026-12-02T00:00:00Z")
    assert await bank.breaks() == []
    await bank.matches(LATE)
    assert await bank.breaks() == [("bank_unexplained", None, None, 4_200, None)]
    # The PSP's file comes late.
    await bank.pays_out(4_200, None, batch="45")
    await bank.matches(LATE)
    await bank.matches(LATE)
    assert await bank.breaks() == []
    bank.settings = {"only_payouts": False}
    await bank.books(Booked("-13.00", "RENT"))
    await bank.matches(LATE)
    assert await bank.breaks() == []


async def test_a_newer_file_of_the_psp_with_another_payout_is_a_break_of_what_was_matched(
    bank: OurBank,
) -> None:
    reference = f"REF {token(bank)}"
    file = await bank.pays_out(1_000, reference)
    await bank.books(Booked("10.00", reference))
    await bank.matches()
    await bank.owner.execute("UPDATE settlement_files SET state = 'replaced' WHERE id = $1", file)
    await bank.pays_out(900, reference)
    await bank.matches()
    assert await bank.matched() == [(reference, 1_000, "reference")]
    assert await bank.breaks() == [("bank_unexplained", "changed", 900, 1_000, reference)]


async def test_what_was_not_yet_known_at_a_moment_is_not_matched_as_of_it(bank: OurBank) -> None:
    await bank.pays_out(1_000, f"REF {token(bank)}")
    await bank.books(Booked("10.00", f"REF {token(bank)}"))
    assert (await bank.matches("2026-11-29T23:59:59Z")).matched == 0


async def test_banks_move_money_on_the_days_of_target(bank: OurBank) -> None:
    """Good Friday and Easter Monday, as the Eurosystem publishes them."""
    for friday in ("2024-03-29", "2025-04-18", "2026-04-03", "2027-03-26", "2028-04-14",
                   "2049-04-16", "2076-04-17", "1981-04-17"):  # fmt: skip
        week = await bank.owner.fetch(
            "SELECT bank_is_closed($1::date + n) FROM generate_series(-1, 4) n",
            date.fromisoformat(friday),
        )
        assert [row[0] for row in week] == [False, True, True, True, True, False]
    closed = ["2026-01-01", "2026-05-01", "2026-12-25", "2026-12-26", "2026-11-29"]
    opened = ["2026-12-24", "2026-12-31", "2026-10-26", "2026-05-25"]
    for days, expected in ((closed, True), (opened, False)):
        for day in days:
            one = date.fromisoformat(day)
            assert await bank.owner.fetchval("SELECT bank_is_closed($1)", one) is expected


@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(
    kinds=st.lists(st.sampled_from(["named", "by amount", "converted"]), min_size=1, max_size=5),
    chance=st.randoms(use_true_random=False),
)
async def test_whatever_comes_first_and_however_often_it_is_matched_the_books_end_the_same(
    pools: tuple[asyncpg.Pool, asyncpg.Pool], kinds: list[str], chance: Random
) -> None:
    bank = a_bank(pools)
    expected: list[tuple[str, int, str]] = []
    steps: list[partial[Any]] = []
    for place, kind in enumerate(kinds):
        batch, units = f"B{place}", 1_000 + 7 * place
        named = f"PAYOUT {place} {token(bank)}" if kind != "by amount" else None
        currency = "KWD" if kind == "converted" else "EUR"
        steps.append(partial(bank.pays_out, units, named, batch=batch, currency=currency))
        booked = Booked(f"{Decimal(units).scaleb(-2)}", named or "CREDIT")
        steps.append(partial(bank.books, booked))
        by = "amount" if named is None else "reference"
        expected.append((f"{batch} {named}" if named else batch, units, by))
    steps += [partial(bank.matches, LATE)] * 4
    chance.shuffle(steps)
    for step in [*steps, partial(bank.matches, LATE)]:
        await step()
    assert await bank.matched() == sorted(expected)
    assert await bank.breaks() == []

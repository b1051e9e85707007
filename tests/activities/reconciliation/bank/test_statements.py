"""Which statements of the bank count: ours, whole, in their order, each once."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from decimal import Decimal
from random import Random

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from activities.reconciliation.bank.settings import BankSettings
from tests.activities.reconciliation.bank.conftest import OurBank, a_bank
from tests.activities.reconciliation.bank.samples import Booked, camt, entry, iban, mt940


async def counted(bank: OurBank) -> list[tuple[int, int]]:
    """Opening and amount of what counts, in the order of the bank."""
    rows = await bank.owner.fetch(
        "SELECT s.opening, e.amount_minor FROM bank_booked e "
        "JOIN bank_statements s ON s.id = e.statement_id WHERE e.bank_account = $1 "
        "ORDER BY s.ends, s.sequence, e.place",
        bank.name,
    )
    return [(row[0], row[1]) for row in rows]


async def test_the_same_bytes_twice_and_the_same_statement_in_other_bytes_count_once(
    bank: OurBank,
) -> None:
    statement = camt(iban(bank.number), "0", "12.5", entry("12.50"))
    states = [(await bank.takes(statement)).state for _ in range(2)]
    assert states == ["taken", "known"]
    again = statement.replace(b"<MsgId>1<", b"<MsgId>2<").replace(b"STMT-1", b"STMT-2")
    assert ((taken := await bank.takes(again)).state, taken.applied) == ("taken", 0)
    assert await counted(bank) == [(0, 1250)]


async def test_many_that_bring_the_same_at_once_bring_it_once(bank: OurBank) -> None:
    statement = mt940(bank.number, "0", [Booked("3", "a"), Booked("-1", "b")])
    taken = await asyncio.gather(*(bank.takes(statement) for _ in range(4)))
    assert sorted(one.state for one in taken) == ["known", "known", "known", "taken"]
    assert await counted(bank) == [(0, 300), (0, -100)]


async def test_a_statement_waits_until_the_missing_one_comes(bank: OurBank) -> None:
    first, second, third = (
        mt940(bank.number, opening, [Booked("10", f"of {day}", day)], number=day, ends=day)
        for opening, day in (("0", "2026-11-26"), ("10", "2026-11-27"), ("20", "2026-11-30"))
    )
    await bank.takes(first)
    before = (taken := await bank.takes(third)).waiting
    assert (taken.state, taken.applied) == ("taken", 0)
    assert await counted(bank) == [(0, 1000)]
    taken = await bank.takes(second)
    assert (taken.applied, taken.waiting) == (2, before - 1)
    assert await counted(bank) == [(0, 1000), (1000, 1000), (2000, 1000)]


async def test_another_content_under_the_same_number_is_quarantined_whole(bank: OurBank) -> None:
    await bank.takes(mt940(bank.number, "0", [Booked("10", "a")], number="7"))
    good = mt940(bank.number, "10", [Booked("1", "b")], number="8")
    bad = mt940(bank.number, "0", [Booked("11", "a")], number="7")
    taken = await bank.takes(good + bad)
    assert (taken.state, taken.reason) == (
        "quarantined",
        "another statement has the same number and day",
    )
    assert await counted(bank) == [(0, 1000)]


async def test_a_broken_file_counts_for_nothing_and_the_good_one_later_once(bank: OurBank) -> None:
    good = mt940(bank.number, "0", [Booked("10", "a")], number="1")
    broken = good.replace(b":62F:C261130EUR10,", b":62F:C261130EUR11,")
    taken = await bank.takes(broken)
    assert taken.state == "quarantined"
    assert taken.reason == "opening + entries is not closing (statement 1)"
    assert await counted(bank) == []
    assert (await bank.takes(good)).state == "taken"
    assert await counted(bank) == [(0, 1000)]


async def test_an_account_that_is_not_ours_is_refused_until_the_settings_have_it(
    bank: OurBank,
) -> None:
    statement = mt940(f"{bank.number[:3]} {bank.number[3:]}EUR", "0", [Booked("1", "a")])
    stranger = replace(bank, number="SOMEBODY")
    taken = await stranger.takes(statement)
    assert (taken.state, taken.reason) == (
        "quarantined",
        "an account that is not in PAYSAGA_BANK_ACCOUNTS",
    )
    assert (await bank.takes(statement)).state == "taken"
    assert await counted(bank) == [(0, 100)]


async def test_a_file_that_is_too_large_is_quarantined_unread(
    bank: OurBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = BankSettings(statement_bytes=50)
    monkeypatch.setattr(bank, "_read_settings", lambda: small)
    taken = await bank.takes(mt940(bank.number, "0", []))
    assert (taken.state, taken.reason) == ("quarantined", "larger than 50 bytes")


async def test_the_number_of_the_account_is_in_no_table(bank: OurBank) -> None:
    await bank.takes(camt(iban(bank.number), "0", "1", entry("1")))
    await bank.takes(mt940(bank.number, "5", [], number="99") + b":25:")
    for table in ("bank_files", "bank_statements", "bank_entries"):
        rows = await bank.owner.fetch(f"SELECT t::text AS row FROM {table} t")
        assert not any(bank.number in row["row"] for row in rows)


def test_two_accounts_with_one_number_and_names_that_no_ledger_has_are_refused() -> None:
    one = {"number": "DE89 3704", "receives": ["adyen/main"]}
    for accounts in (
        {"a": one, "b": one | {"number": "de893704"}},
        {"Main account": one},
        {"a": one | {"receives": ["adyen"]}},
        {"a": one | {"number": " "}},
    ):
        with pytest.raises(ValidationError):
            BankSettings.model_validate({"accounts": accounts})


DAYS = ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"]


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    nets=st.lists(st.integers(-500, 500).map(lambda n: n - n % 250), min_size=2, max_size=5),
    order=st.randoms(use_true_random=False),
)
async def test_in_any_order_doubled_or_together_the_statements_give_the_same(
    pools: tuple[asyncpg.Pool, asyncpg.Pool], nets: list[int], order: Random
) -> None:
    """Balances that come again and days without a movement too."""
    bank = a_bank(pools)
    files = []
    for number, (net, day) in enumerate(zip(nets, DAYS, strict=False), 1):
        opening = Decimal(sum(nets[: number - 1])).scaleb(-2)
        booked = [Booked(f"{Decimal(net).scaleb(-2):f}", "x", day)] if net else []
        files.append(mt940(bank.number, f"{opening:f}", booked, number=str(number), ends=day))
    brought = [*files, files[0], files[0] + files[1]]
    order.shuffle(brought)
    for file in brought:
        await bank.takes(file)
    sums = itertools.accumulate(nets, initial=0)
    assert await counted(bank) == [(o, n) for o, n in zip(sums, nets, strict=False) if n]

"""A line confirms the movement that it is about; what does not agree is a break of its class."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.activities.reconciliation.matching.books import NOON, Books, Expected, Line, a_key

LATE = NOON + timedelta(days=4)


async def test_a_line_of_the_same_key_amount_and_currency_confirms_a_movement_once(
    books: Books,
) -> None:
    key = a_key()
    await books.expect(Expected(key))
    await books.report(Line(key))
    results = await asyncio.gather(*(books.match() for _ in range(4)))
    assert sorted(result.repeated for result in results) == [False, True, True, True]
    assert {(result.lines, result.matched) for result in results} == {(1, 1)}
    assert await books.state() == [("settled", key, 1, 1000)]
    later = await books.match(LATE)
    assert (later.matched, later.opened, later.closed, later.breaks) == (0, 0, 0, {})
    assert await books.state() == [("settled", key, 1, 1000)]


async def test_the_same_key_at_another_account_confirms_nothing(books: Books) -> None:
    key = a_key()
    await books.expect(Expected(key))
    other = replace(books, account=f"{books.account}-other")
    await other.report(Line(key))
    await other.match()
    await books.match()
    assert await books.state() == [("open", key, 1, 1000)]
    assert await other.breaks() == [("timing", key)]


async def test_ours_alone_is_missing_when_its_delay_is_over_and_closed_by_a_late_line(
    books: Books,
) -> None:
    key = a_key()
    await books.expect(Expected(key))
    young = await books.match()
    assert (young.waiting, young.breaks) == (1, {})
    at_the_end = await books.match(NOON + timedelta(days=3))
    assert (at_the_end.waiting, at_the_end.breaks) == (1, {})
    old = await books.match(LATE)
    assert (old.waiting, old.breaks, old.opened) == (0, {"missing_psp": 1}, 1)
    assert (await books.match(LATE + timedelta(days=1))).opened == 0
    years_later = LATE + timedelta(days=900)
    await books.report(Line(key, booked_at=years_later), applied_at=years_later)
    late = await books.match(years_later)
    assert (late.matched, late.closed, late.breaks) == (1, 1, {})
    assert await books.closed() == [("missing_psp", "a late line")]


async def test_theirs_alone_may_still_come_and_is_missing_then(books: Books) -> None:
    key = a_key()
    await books.report(Line(key))
    assert (await books.match()).breaks == {"timing": 1}
    assert (await books.match(LATE)).breaks == {"missing_platform": 1}
    assert await books.closed() == [("timing", "its delay is over")]
    await books.expect(Expected(key, done_at=LATE))
    assert (await books.match(LATE + timedelta(hours=1))).breaks == {}
    assert (await books.closed())[1:] == [("missing_platform", "a late movement")]
    assert await books.state() == [("settled", key, 1, 1000)]


@pytest.mark.parametrize(
    ("line", "differs"),
    [
        (Line(gross=1001), "amount"),
        (Line(gross=999), "amount"),
        (Line(gross=-1000), "direction"),
        (Line(currency="USD"), "currency"),
    ],
)
async def test_a_contradicting_line_leaves_both_open_in_one_break(
    books: Books, line: Line, differs: str
) -> None:
    key = a_key()
    await books.expect(Expected(key))
    await books.report(replace(line, key=key), period="day")
    await books.match()
    assert (await books.match(LATE)).breaks == {"amount_mismatch": 1}
    found = await books.owner.fetchrow("SELECT * FROM breaks WHERE account = $1", books.account)
    assert found is not None
    assert (found["differs"], found["ours_minor"], found["theirs_minor"]) == (
        differs, 1000, line.gross,
    )  # fmt: skip
    assert found["payment_id"] == key.partition(":")[0]
    await books.report(Line(key), period="day", applied_at=LATE)
    assert (await books.match(LATE + timedelta(hours=1))).breaks == {}
    assert await books.closed() == [("amount_mismatch", "a newer version of the file")]


async def test_a_line_without_our_key_is_known_by_the_psps_reference(books: Books) -> None:
    key = a_key()
    await books.expect(
        Expected(key, psp_ref="ref-1"), Expected(a_key(), movement="refund", amount=-1000,
                                                  psp_ref="ref-1", done_at=NOON),
    )  # fmt: skip
    await books.report(Line(None, psp_ref="ref-1"), Line("foreign", psp_ref="ref-9"))
    result = await books.match()
    assert (result.matched, result.breaks) == (1, {"timing": 1})
    assert ("settled", key, 1, 1000) in await books.state()


async def test_equal_honest_lines_meet_as_many_equal_movements(books: Books) -> None:
    key = a_key()
    await books.expect(Expected(key), Expected(key, number=2), Expected(key, 700, number=3))
    await books.report(Line(key), Line(key, identity="line:2"), Line(key, 700))
    assert (await books.match()).matched == 3
    assert await books.breaks() == []


async def test_a_movement_reported_twice_is_a_duplicate_and_never_netted(books: Books) -> None:
    in_one, in_two, of_two_days = a_key(), a_key(), a_key()
    await books.expect(*(Expected(key) for key in (in_one, in_two, of_two_days)))
    await books.report(Line(in_one), Line(in_one, identity="line:2"), Line(in_two))
    await books.report(Line(in_two), Line(of_two_days))
    result = await books.match()
    assert (result.matched, result.breaks) == (3, {"duplicate": 2})
    await books.report(Line(of_two_days), applied_at=LATE)
    assert (await books.match(LATE)).breaks == {"duplicate": 3}
    assert (await books.match(LATE + timedelta(days=9))).breaks == {"duplicate": 3}
    # One of them was honest: the movement was only written down later.
    await books.expect(Expected(in_one, number=2))
    assert (await books.match(LATE + timedelta(days=10))).breaks == {"duplicate": 2}


async def test_a_charge_and_what_was_not_captured_of_it_are_one_movement(books: Books) -> None:
    together, apart = a_key(), a_key()
    await books.expect(Expected(together, 400), Expected(apart, 300))
    await books.report(Line(together, 1000), Line(together, -600), Line(apart, 1000))
    result = await books.match()
    assert (result.matched, result.breaks) == (1, {"amount_mismatch": 1})
    await books.report(Line(apart, -700))
    assert (await books.match(LATE)).breaks == {}
    assert [row[:2] for row in await books.state()] == sorted(
        [("settled", together), ("settled", apart)]
    )


async def test_what_a_person_dismissed_is_not_opened_again(books: Books) -> None:
    await books.expect(Expected(a_key()))
    await books.report(Line(a_key()))
    assert len((await books.match(LATE)).breaks) == 2
    await books.owner.execute(
        "UPDATE breaks SET closed_at = $2, closed_by = 'ann: written off' WHERE account = $1",
        books.account, LATE,
    )  # fmt: skip
    assert (await books.match(LATE + timedelta(days=1))).breaks == {}


async def test_a_line_of_an_instruction_in_doubt_is_to_be_passed_on_once(books: Books) -> None:
    asked, sale, answered = a_key(), a_key(), a_key()
    add = (
        "INSERT INTO psp_instructions (key, payment_id, operation, psp, account, currency, "
        "amount_minor, state, answer, psp_ref) VALUES ($1, $2, $3, 'sandbox', $4, 'EUR', 1000, "
        "$5, $6, $7)"
    )
    for key, operation, state, ref in (
        (asked, "capture", "asked", None),
        (sale.replace("capture", "authorize:1"), "authorize", "pending", None),
        (answered, "capture", "declined", None),
        ("re_1:refund:1", "refund", "pending", f"ref-{books.account}"),
    ):
        answer: dict[str, object] | None = None if state == "asked" else {}
        payment = key.partition(":")[0]
        await books.owner.execute(add, key, payment, operation, books.account, state, answer, ref)
    lines = [Line(asked), Line(sale), Line(answered), Line(a_key())]
    refund = Line(None, -1000, "refund", psp_ref=f"ref-{books.account}")
    await books.report(*lines, refund, Line(asked, 5, identity="line:2"))
    first = await books.match()
    assert (first.completions, first.to_pass_on) == (3, 3)
    assert (await books.match(LATE)).completions == 0
    passed_on = await books.owner.fetch(
        "SELECT key FROM settlement_completions WHERE account = $1", books.account
    )
    assert {row["key"] for row in passed_on} == {
        asked, sale.replace("capture", "authorize:1"), "re_1:refund:1",
    }  # fmt: skip


async def test_unknown_types_and_corrections_without_their_other_half_are_unexplained(
    books: Books,
) -> None:
    await books.report(
        Line(gross=0, net=-5, movement="other"),
        Line(gross=0, net=0, movement="other"),
        Line(gross=0, net=70, movement="correction", batch="1"),
        Line(gross=0, net=-70, movement="correction", batch="1"),
        Line(gross=0, net=-30, movement="correction", batch="2"),
    )
    assert (await books.match()).breaks == {"unexplained": 2}
    assert (await books.match(LATE)).breaks == {"unexplained": 2}


async def test_what_came_to_be_known_after_the_moment_does_not_count(books: Books) -> None:
    key, later_key = a_key(), a_key()
    later = NOON + timedelta(days=2)
    await books.expect(Expected(key), Expected(later_key, done_at=later))
    await books.report(Line(key), applied_at=later)
    await books.report(Line(later_key))
    early = await books.match(NOON + timedelta(days=1))
    assert (early.matched, early.breaks, early.waiting) == (0, {"timing": 1}, 1)
    assert (await books.match(later)).matched == 2
    before = await books.state()
    again = await books.match(NOON + timedelta(days=1))
    assert again == replace(early, repeated=True)
    assert await books.match(NOON) == replace(
        early,
        repeated=True,
        matched=0,
        lines=0,
        waiting=0,
        opened=0,
        breaks={},
        days=(),
        charged=(),
    )
    assert await books.state() == before


@pytest.mark.parametrize(
    ("done_at", "zone", "day"),
    [
        ("2026-03-29T00:30:00+00:00", "Europe/Berlin", "2026-03-29"),
        ("2026-03-28T23:30:00+00:00", "Europe/Berlin", "2026-03-29"),
        ("2026-03-29T22:30:00+00:00", "Europe/Berlin", "2026-03-30"),
        ("2026-10-25T22:59:59+00:00", "Europe/Berlin", "2026-10-25"),
        ("2026-10-25T23:00:00+00:00", "Europe/Berlin", "2026-10-26"),
        ("2028-02-29T07:59:59+00:00", "America/Los_Angeles", "2028-02-28"),
        ("2028-03-01T07:59:59+00:00", "America/Los_Angeles", "2028-02-29"),
    ],
)
async def test_a_day_is_the_accounts_own_also_when_the_clocks_change(
    books: Books, done_at: str, zone: str, day: str
) -> None:
    at = datetime.fromisoformat(done_at)
    key = a_key()
    await books.expect(Expected(key, done_at=at))
    await books.report(Line(key, booked_at=at), Line(a_key(), booked_at=at), applied_at=at)
    result = await books.match(at + timedelta(days=9), zone=zone)
    assert [(d.day, d.matched, d.broken) for d in result.days] == [(day, 1, 1)]

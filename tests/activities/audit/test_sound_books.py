"""Of sound books nothing is invented, and what is under way is told apart from what is wrong."""

from __future__ import annotations

from datetime import timedelta

from activities.audit.report import Finding, Report
from tests.activities.audit.conftest import Books

INVARIANTS_OF_THE_BOOKS = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I9", "I11"]


async def test_sound_books_are_found_sound(kept: Books) -> None:
    found = await kept.audited()
    assert [each for each in found if not each.holds] == []
    invariants = {each.invariant for each in found}
    assert sorted(invariants, key=lambda name: int(name[1:])) == INVARIANTS_OF_THE_BOOKS
    assert all(each.checked for each in found)


async def test_what_was_compared_is_told_by_count_and_by_currency(kept: Books) -> None:
    compared = {each.name: each.compared for each in await kept.audited()}
    assert compared["Every currency sums to zero"] == (
        "EUR 13100 moved by 18 entries; GBP 9600 moved by 37 entries; JPY 900 moved by 2 entries"
    )
    assert compared["A deposit is credited with what was captured"] == (
        "4 deposits credited 7000 EUR, 1 under way; 3 deposits credited 2500 GBP, 0 under way; "
        "1 deposits credited 900 JPY, 0 under way"
    )
    assert compared["What the PSP took and gave for a payment is what the ledger says"] == (
        "5 payments, 4200 EUR, 1 under way, 0 with a case; "
        "6 payments, -100 GBP, 0 under way, 0 with a case; "
        "1 payments, 900 JPY, 0 under way, 0 with a case"
    )


async def test_nothing_is_under_way_for_an_audit_without_patience(kept: Books) -> None:
    broken = await kept.broken(patience=timedelta(0))
    assert [violations for violations in broken.values() if len(violations) != 1] == []
    text = " ".join(violations[0] for violations in broken.values())
    assert "po_c at psp:sandbox:primary: the PSP has -300, the ledger 0 EUR" in text
    assert "psp:sandbox:primary: the PSP has 4200, the ledger 4500 EUR, under way 0" in text
    assert "sandbox evt_3 for in_o" in text


async def test_a_psp_without_a_book_is_told_as_not_checked(kept: Books) -> None:
    found = await kept.audited(has_book=False)
    assert {each.invariant for each in found if not each.checked} == {"I3", "I4", "I5", "I6"}
    assert all(each.holds for each in found)


def test_a_report_names_the_first_violations_and_counts_all() -> None:
    sound = Finding("I1", "Sums", "2 entries")
    broken = Finding("I2", "Balances", "3 accounts", ["a is 1", "b is 2"], 7)
    missing = Finding("I4", "The PSP's book", "no book", checked=False)
    report = Report([sound, broken, missing])
    assert not report.holds
    assert report.broken == [broken]
    assert report.lines() == [
        "I1   Sums            ok             2 entries",
        "I2   Balances        VIOLATED 7x    3 accounts",
        "     - a is 1",
        "     - b is 2",
        "     … and 5 more",
        "I4   The PSP's book  not checked    no book",
    ]

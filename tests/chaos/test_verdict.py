"""Two things that exclude each other are counted, whatever the totals say."""

from __future__ import annotations

from tests.chaos.verdict import exclusive


def done(operation: str, reference: str, outcome: str = "approved") -> dict[str, object]:
    return {"operation": operation, "reference": reference, "outcome": outcome}


def test_a_payout_that_was_paid_and_given_back_is_named() -> None:
    journal = [done("payout", "po_1:payout:1"), done("payout", "po_2:payout:1", "declined")]
    found = exclusive(journal, {"po_1", "po_2"}, {})
    assert found["paid and given back"] == ["po_1"]


def test_a_deposit_that_was_captured_and_cancelled_is_named() -> None:
    journal = [done("capture", "in_1:capture"), done("capture", "in_2:capture")]
    found = exclusive(journal, set(), {"in_1": "CANCELLED", "in_2": "CAPTURED"})
    assert found["captured and ended otherwise"] == ["in_1"]


def test_what_the_psp_did_twice_is_named() -> None:
    journal = [done("refund", "re_1:refund"), done("refund", "re_1:refund:2")]
    assert exclusive(journal, set(), {})["done twice"] == ["re_1"]


def test_one_of_two_things_is_nothing_to_name() -> None:
    journal = [done("payout", "po_1:payout:1"), done("capture", "in_1:capture")]
    found = exclusive(journal, {"po_2"}, {"in_1": "CAPTURED"})
    assert not any(found.values())


def test_a_sale_that_a_void_gave_back_was_not_captured() -> None:
    journal = [
        done("capture", "in_1:sale:1"),
        done("refund", "in_1:void:1"),
        done("capture", "in_2:sale:1"),
        done("capture", "in_2:sale:2"),
        done("refund", "in_2:void:1"),
    ]
    found = exclusive(journal, set(), {"in_1": "CANCELLED", "in_2": "CANCELLED"})
    assert found["captured and ended otherwise"] == ["in_2"]
    assert not found["done twice"]

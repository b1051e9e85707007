"""What disagrees is named: a verdict that sees nothing would prove nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.crashes.verdict import Truth, judged, keeps_its_word
from workflows.domain.records import Result


def truth(
    kind: str, status: str, transfers: list[str], *did: str, journal: Any = (), **changes: Any
) -> Truth:
    """One of 50 euros; `did` is what the PSP approved."""
    row = {
        "id": "x_1",
        "kind": kind,
        "status": status,
        "final": True,
        "version": 2,
        "events": 2,
        "capture_id": "cap_1" if status == "CAPTURED" else None,
        "transfers": transfers,
        "undecided": [],
        "cases": [],
    }
    done = [
        {"id": f"{number}", "operation": each, "outcome": "approved", "amount": 5000}
        for number, each in enumerate(did)
    ]
    record = Result(payment_id="x_1", version=2, status=status, final=True)
    return Truth(row | changes, [*done, *journal], record)


HELD = ["hold 5000"]
PAID, BACK = [*HELD, "capture_hold 5000"], [*HELD, "release 5000"]


@pytest.mark.parametrize(
    "sound",
    [
        truth("payout", "PAYOUT_SETTLED", PAID, "payout"),
        truth("payout", "PAYOUT_CANCELLED", BACK),
        truth("payout", "PAYOUT_REFUSED", []),
        truth("refund", "REFUND_PROCESSED", PAID, "refund"),
        truth("deposit", "CAPTURED", ["credit 5000"], "authorization", "capture"),
        truth("deposit", "VOIDED", [], "authorization", "void"),
        truth("deposit", "CANCELLED", [], "authorization", "capture", "refund"),
        truth("deposit", "EXPIRED", []),
        truth("deposit", "CANCELLED", [], "authorization", cases=["unreleased"]),
    ],
)
def test_books_that_agree_are_agreed_with(sound: Truth) -> None:
    assert judged(sound) == []


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (truth("payout", "PAYOUT_CANCELLED", BACK, "payout"), "was given back"),
        (truth("payout", "PAYOUT_SETTLED", PAID), "0 left"),
        (truth("payout", "PAYOUT_SETTLED", PAID, "payout", "payout"), "done 2 times"),
        (truth("payout", "PAYOUT_REFUSED", HELD), "are held for what is over"),
        (truth("payout", "PAYOUT_SUBMITTED", HELD, final=False), "is no end"),
        (truth("refund", "REFUND_FAILED", BACK, "refund"), "was given back"),
        (truth("deposit", "CANCELLED", ["credit 5000"], "authorization", "capture"), "CANCELLED"),
        (truth("deposit", "CAPTURED", [], "authorization", "capture"), "credited 0"),
        (truth("deposit", "CAPTURED", ["credit 5000"], "capture", "capture"), "captured twice"),
        (truth("deposit", "CANCELLED", [], "authorization"), "left held"),
        (truth("deposit", "CANCELLED", [], "authorization", "capture"), "and CANCELLED"),
        (
            truth("deposit", "CAPTURED", ["credit 5000"], "authorization", "capture", "refund"),
            "captured 0 and credited",
        ),
        (truth("deposit", "CANCELLED", [], undecided=["x_1:authorize:1"]), "never decided"),
        (truth("deposit", "CANCELLED", [], events=1), "gap"),
        (
            truth(
                "deposit",
                "CANCELLED",
                [],
                journal=[{"id": "9", "operation": "authorization", "outcome": "requires_action"}],
            ),
            "still waits",
        ),
    ],
)
def test_what_disagrees_is_named(wrong: Truth, word: str) -> None:
    assert word in "; ".join(judged(wrong))


def test_a_run_that_is_not_over_or_says_something_else_is_named() -> None:
    sound = truth("deposit", "EXPIRED", [])
    stuck = Truth(sound.row, [], "is not over: hold_resolved")
    other = Truth(sound.row | {"status": "CANCELLED"}, [], sound.run)
    assert judged(stuck) == ["its run is not over: hold_resolved"]
    assert judged(other) == ["its run says EXPIRED"]


def test_what_a_caller_was_told_for_good_must_stay_so() -> None:
    sound = truth("deposit", "CAPTURED", ["credit 5000"], "authorization", "capture")
    assert keeps_its_word("capture: CAPTURED for good", sound) == []
    assert keeps_its_word("cancel: AUTHORIZED", sound) == []
    [broken] = keeps_its_word("cancel: CANCELLED for good", sound)
    assert "CANCELLED for good" in broken

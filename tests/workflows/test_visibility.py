"""What an operator reads of a payment in the Temporal Web UI."""

from __future__ import annotations

import pytest

from tests.workflows.orders import deposit
from workflows.domain.declines import Advice, Retry
from workflows.domain.payments import Attempt, Facts, Problem, RouteTaken
from workflows.domain.psp import Authentication, MerchantAccount
from workflows.visibility import details

AT = MerchantAccount("acme_pay", "primary")


def lines(facts: Facts) -> list[str]:
    return details(deposit().amount, "FAILED", facts, "nothing").splitlines()


@pytest.mark.parametrize(
    ("proof", "expected"),
    [
        (
            Authentication("visa", "05", "AAAB", None, "2.2.0", "ds-1", True, "Y", "M"),
            [
                "- 3-D Secure: visa · ECI 05 · version 2.2.0 · with CAVV · liability shifted",
                "- Card checks: AVS Y · CVV M",
            ],
        ),
        (
            Authentication(scheme="mastercard", cavv_present=False, liability_shift=False),
            ["- 3-D Secure: mastercard · without CAVV · liability ours"],
        ),
        (Authentication(cvv="N"), ["- Card checks: CVV N"]),
        (Authentication(), []),
    ],
)
def test_the_checks_of_the_card_are_told_as_far_as_they_are_known(
    proof: Authentication, expected: list[str]
) -> None:
    assert [
        line for line in lines(Facts(authentication=proof)) if line.startswith("- ")
    ] == expected


@pytest.mark.parametrize(
    ("advice", "expected"),
    [
        (Advice(Retry.NEVER), "never"),
        (Advice(Retry.LATER, 86400), "later, not before 1 day, 0:00:00 have passed"),
        (
            Advice(Retry.AFTER_CHANGE, None, "mastercard", "65", "01"),
            "after change · issuer's code `65` · advice `01` · mastercard",
        ),
    ],
)
def test_a_decline_tells_whether_the_same_card_may_be_tried_again(
    advice: Advice, expected: str
) -> None:
    problem = Problem("do_not_honor", "05", soft=True, advice=advice)
    assert lines(Facts(problem=problem))[-2:] == [
        "- Problem: **do_not_honor** (`05`)",
        f"- The same card again: {expected}",
    ]


def test_every_attempt_tells_whether_another_account_might_have_said_yes() -> None:
    attempts = (
        Attempt("in_1:authorize:1", AT, "declined", "do_not_honor", "05", soft=True),
        Attempt("in_1:authorize:2", AT, "declined", "stolen_card", "43", soft=False),
        Attempt("in_1:authorize:3", AT, "not_sent", "connection refused"),
        Attempt("in_1:authorize:4", AT, "approved"),
    )
    assert lines(Facts(attempts=attempts))[-4:] == [
        "| authorize 1 | acme_pay / primary | declined softly: do_not_honor (`05`) |",
        "| authorize 2 | acme_pay / primary | declined for good: stolen_card (`43`) |",
        "| authorize 3 | acme_pay / primary | not_sent: connection refused |",
        "| authorize 4 | acme_pay / primary | approved |",
    ]


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (RouteTaken("cards", 3, "vips"), "policy `cards` version 3, rule `vips`"),
        (RouteTaken("cards", 3), "policy `cards` version 3, its default"),
        (
            RouteTaken("cards", 3, "sanctions", "not from there"),
            "policy `cards` version 3, rule `sanctions`, which refused it: not from there",
        ),
    ],
)
def test_the_policy_and_the_rule_that_sent_it_where_it_went_are_named(
    route: RouteTaken, expected: str
) -> None:
    assert f"- Routed by {expected}" in lines(Facts(route=route))


def test_the_stop_that_parks_it_is_named_and_why_a_cascade_ended() -> None:
    assert "- Parked by stop `7`" in lines(Facts(stop_id=7))
    problem = Problem("do_not_honor", ended="attempts_used_up")
    assert "- Nobody else was asked: attempts used up" in lines(Facts(problem=problem))

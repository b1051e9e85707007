"""What may be ordered for a case: by its kind, by what it is about, by how its payment stands."""

from __future__ import annotations

from itertools import product

import pytest

from workflows.domain.cases import Action, PaymentStanding, allowed, subject_of
from workflows.domain.escalations import CaseKind
from workflows.domain.psp import Operation

FACTS = {
    "psp": "sandbox",
    "account": "first",
    "amount": "50.00",
    "currency": "EUR",
    "psp_ref": "psp-1",
}
STEPS = {
    Operation.AUTHORIZE: "authorize:1",
    Operation.CAPTURE: "capture",
    Operation.VOID: "void:1",
    Operation.PAYOUT: "payout:1",
    Operation.REFUND: "refund",
}
STANDINGS = [
    PaymentStanding(status=status, final=final, captured=captured, remedied=remedied)
    for status in ("FAILED", "PAYOUT_SETTLED")
    for final in (True, False)
    for captured in (True, False)
    for remedied in (True, False)
]
EVERYTHING = list(product(CaseKind, STEPS, ["approved", "declined", None], STANDINGS))


def about(operation: Operation, reply: str | None) -> dict[str, str]:
    facts = {"key": f"x:{STEPS[operation]}", "operation": str(operation)}
    return FACTS | facts | ({"reply": reply} if reply else {})


def may(
    kind: CaseKind, operation: Operation, reply: str | None, standing: PaymentStanding
) -> set[Action]:
    return set(allowed(kind, about(operation, reply), standing))


def test_every_case_can_be_dismissed() -> None:
    for everything in EVERYTHING:
        assert Action.DISMISS in may(*everything)


def test_money_is_credited_or_refunded_only_where_nobody_has_done_so() -> None:
    money = {Action.CREDIT, Action.REFUND}
    for kind, operation, reply, standing in EVERYTHING:
        actions = may(kind, operation, reply, standing)
        if not actions & money:
            continue
        assert standing.final
        if kind is CaseKind.DOUBLE:
            # The second capture goes back; the first stays credited.
            assert (operation, actions & money) == (Operation.CAPTURE, {Action.REFUND})
        elif operation is Operation.CAPTURE:
            assert reply == "approved"
            assert not standing.captured
            assert not standing.remedied
        else:
            assert operation in (Operation.PAYOUT, Operation.REFUND)
            assert (reply, standing.status) == ("declined", "PAYOUT_SETTLED")


@pytest.mark.parametrize("reply", ["approved", "declined"])
@pytest.mark.parametrize("operation", [Operation.PAYOUT, Operation.REFUND])
@pytest.mark.parametrize("kind", CaseKind)
def test_what_a_payment_of_another_kind_is_said_to_have_done_moves_no_money(
    kind: CaseKind, operation: Operation, reply: str
) -> None:
    others = {Operation.PAYOUT: "REFUND_", Operation.REFUND: "PAYOUT_"}
    for status in ("CAPTURED", "REVERSED", "VOIDED", others[operation] + "FAILED"):
        standing = PaymentStanding(status=status, final=True, captured=True, remedied=False)
        assert may(kind, operation, reply, standing) <= {Action.DISMISS, Action.VOID}


def test_a_person_s_fact_is_told_only_to_a_run_that_is_there() -> None:
    marks = {Action.MARK_APPROVED, Action.MARK_DECLINED}
    for kind, operation, reply, standing in EVERYTHING:
        wanted = not standing.final and kind in (CaseKind.IN_DOUBT, CaseKind.CONTRADICTION)
        assert (may(kind, operation, reply, standing) >= marks) == wanted


def test_a_hold_is_voided_only_when_it_was_not_captured_or_is_known_to_be_left() -> None:
    for kind, operation, reply, standing in EVERYTHING:
        if Action.VOID not in may(kind, operation, reply, standing):
            continue
        if kind is not CaseKind.UNRELEASED:
            assert (operation, reply) == (Operation.AUTHORIZE, "approved")
            assert standing.final
            assert not standing.captured


@pytest.mark.parametrize("missing", ["key", "operation", "amount", "currency", "psp"])
def test_a_case_that_names_no_instruction_can_only_be_dismissed(missing: str) -> None:
    facts = about(Operation.CAPTURE, "approved")
    del facts[missing]
    assert subject_of(facts) is None
    standing = PaymentStanding(status="FAILED", final=True, captured=False, remedied=False)
    for kind in CaseKind:
        assert allowed(kind, facts, standing) == (Action.DISMISS,)
        assert allowed(kind, about(Operation.CAPTURE, "approved"), None) == (Action.DISMISS,)


def test_what_moves_money_names_its_merchant_account() -> None:
    for kind, operation, reply, standing in EVERYTHING:
        facts = about(operation, reply)
        del facts["account"]
        assert not set(allowed(kind, facts, standing)) - {Action.DISMISS, Action.REBUILD}

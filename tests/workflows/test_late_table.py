"""The table of late facts, row by row: what agrees is nothing, and money moves in two cells."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from tests.workflows.orders import FIFTY, PLAYER
from workflows.domain import deposits, payouts, refunds
from workflows.domain.declines import DeclineReason
from workflows.domain.events import PspEvent
from workflows.domain.identity import Kind
from workflows.domain.late_events import (
    RETURNED_FROM,
    TABLE,
    KnownAs,
    Means,
    Returned,
    account_of,
    decide,
    known_of,
)
from workflows.domain.money import Money
from workflows.domain.payments import Attempt, Facts
from workflows.domain.psp import (
    Approved,
    Declined,
    Fact,
    MerchantAccount,
    Operation,
    Pending,
    Ready,
)
from workflows.domain.records import Recalled
from workflows.domain.releases import next_void_key

AT = MerchantAccount("sandbox", "first")
REPLIES: dict[str, Fact] = {
    "approved": Approved("psp-1", FIFTY),
    "declined": Declined("no", soft=False, code="1"),
    "returned": Declined(DeclineReason.RETURNED, soft=False, code="2"),
    "pending": Pending("psp-1"),
    "ready": Ready("psp-1"),
}
ENDS: dict[Kind, list[str]] = {
    Kind.DEPOSIT: [s for s, after in deposits.NEXT.items() if after <= {s}],
    Kind.PAYOUT: [*(s for s, after in payouts.NEXT.items() if not after), Returned.PAYOUT],
    Kind.REFUND: [*(s for s, after in refunds.NEXT.items() if not after), Returned.REFUND],
}
STEPS = {
    Operation.AUTHORIZE: "authorize:1",
    Operation.CAPTURE: "capture",
    Operation.VOID: "void:1",
    Operation.PAYOUT: "payout:1",
    Operation.REFUND: "refund",
}
CREDITED = (deposits.Status.CAPTURED, deposits.Status.REVERSED)
MINE = {
    Kind.DEPOSIT: {Operation.AUTHORIZE, Operation.CAPTURE, Operation.VOID},
    Kind.PAYOUT: {Operation.PAYOUT},
    Kind.REFUND: {Operation.REFUND},
}


def ended(kind: Kind, status: str, *done: str) -> Recalled:
    """A payment that is over; `done` are the steps that a PSP approved."""
    released = {step: ("psp-1",) if "void" in step else () for step in done}
    attempts = tuple(
        Attempt(f"x:{step}", AT, "approved", released=of) for step, of in released.items()
    )
    captured = FIFTY if status in CREDITED else None
    return Recalled(
        payment_id="x",
        kind=kind,
        player=PLAYER,
        amount=FIFTY,
        status=status,
        version=3,
        final=True,
        facts=Facts(attempts=attempts, captured=captured),
        trace_id="t",
    )


def fact(operation: Operation, reply: str, **changes: Any) -> PspEvent:
    event = PspEvent(
        psp="sandbox",
        event_id="evt-1",
        key=f"x:{STEPS[operation]}",
        operation=operation,
        reply=REPLIES[reply],
        amount=FIFTY,
        account="first",
    )
    return replace(event, **changes)


def means(event: PspEvent, payment: Recalled) -> Means:
    return decide(event, payment).means


EVERYTHING = [
    (kind, status, operation, reply, asked)
    for kind in Kind
    for status, operation, reply, asked in itertools.product(
        ENDS[kind], STEPS, REPLIES, [True, False]
    )
]


@pytest.mark.parametrize(("kind", "status", "operation", "reply", "asked"), EVERYTHING)
def test_every_fact_about_every_end_has_one_meaning(
    kind: Kind, status: str, operation: Operation, reply: str, asked: bool
) -> None:
    payment = ended(kind, status, *([STEPS[operation]] if asked else []))
    came = means(fact(operation, reply), payment)
    assert came is expected(kind, status, operation, reply, asked)


def expected(kind: Kind, status: str, operation: Operation, reply: str, asked: bool) -> Means:
    """The same as the table, in the words of the requirement."""
    if reply in ("pending", "ready"):
        return Means.NOTHING
    if operation not in MINE[kind]:
        return Means.CASE
    captured = status in CREDITED
    done = status in RETURNED_FROM
    match operation, reply:
        case Operation.AUTHORIZE, "approved":
            return Means.NOTHING if captured and asked else Means.RELEASE
        case Operation.AUTHORIZE, _:
            return Means.CASE if captured and asked else Means.NOTHING
        case Operation.CAPTURE, "approved":
            return Means.NOTHING if captured else Means.CASE
        case Operation.CAPTURE, _:
            return Means.CASE if captured else Means.NOTHING
        case Operation.VOID, _:
            return Means.CASE if asked and reply != "approved" else Means.NOTHING
        case _, "approved":
            known = asked and (done or status in set(Returned))
            return Means.NOTHING if known else Means.CASE
    if not (asked and done):
        return Means.NOTHING
    return Means.GIVE_BACK if reply == "returned" else Means.CASE


@pytest.mark.parametrize(
    "reason", [each for each in DeclineReason if each is not DeclineReason.RETURNED]
)
@pytest.mark.parametrize("operation", [Operation.PAYOUT, Operation.REFUND])
def test_a_no_to_what_was_paid_gives_nothing_back_unless_it_says_that_the_money_came_back(
    operation: Operation, reason: DeclineReason
) -> None:
    kind = next(kind for kind, mine in MINE.items() if operation in mine)
    [status] = [status for status in RETURNED_FROM if status in ENDS[kind]]
    payment = ended(kind, status, STEPS[operation])
    stray = replace(fact(operation, "declined"), reply=Declined(reason, soft=False, code="1"))
    assert means(stray, payment) is Means.CASE
    assert means(fact(operation, "returned"), payment) is Means.GIVE_BACK


def test_the_table_has_a_row_for_every_operation_and_result() -> None:
    assert set(TABLE) == set(itertools.product(STEPS, ["approved", "declined", "returned"]))
    money = [key for key, row in TABLE.items() if Means.GIVE_BACK in row.values()]
    assert money == [(Operation.PAYOUT, "returned"), (Operation.REFUND, "returned")]


@pytest.mark.parametrize("operation", STEPS)
def test_a_fact_that_fits_nothing_we_asked_moves_nothing(operation: Operation) -> None:
    kind = next(kind for kind, mine in MINE.items() if operation in mine)
    for status in ENDS[kind]:
        payment = ended(kind, status, STEPS[operation])
        lies: tuple[dict[str, str], ...] = (
            {"psp": "another"},
            {"account": "second"},
            {"key": "x:gift:1"},
            {"key": "x"},
            {"key": f"x:{operation}:01"},
        )
        for lie in lies:
            assert means(fact(operation, "approved", **lie), payment) is Means.CASE, lie
        less = Money(4900, "EUR")
        if operation is not Operation.VOID:
            for reply in ("approved", "declined", "returned"):
                came = means(fact(operation, reply, amount=less), payment)
                never = {Means.RELEASE, Means.GIVE_BACK}
                assert came not in never, (status, reply)


def test_a_release_stands_whoever_ordered_it() -> None:
    for void in ("void:1", "case-void:1", "void:1:2"):
        payment = ended(Kind.DEPOSIT, "FAILED", void)
        assert known_of(fact(Operation.AUTHORIZE, "approved"), payment) is KnownAs.UNDONE
        assert means(fact(Operation.AUTHORIZE, "approved"), payment) is Means.NOTHING


@pytest.mark.parametrize("step", ["authorize:1", "sale:1"])
def test_a_sale_that_comes_late_is_given_back_and_one_that_stands_is_not(step: str) -> None:
    taken = Approved("psp-1", FIFTY, captured=True)
    late = replace(fact(Operation.AUTHORIZE, "approved", key=f"x:{step}"), reply=taken)
    assert means(late, ended(Kind.DEPOSIT, "EXPIRED")) is Means.RELEASE
    assert means(late, ended(Kind.DEPOSIT, "CANCELLED", "void:1")) is Means.NOTHING
    assert means(late, ended(Kind.DEPOSIT, "CAPTURED", step)) is Means.NOTHING
    # Another account's, beside what stands.
    assert means(late, ended(Kind.DEPOSIT, "CAPTURED", "sale:2")) is Means.RELEASE
    refused = replace(late, reply=REPLIES["declined"])
    assert means(refused, ended(Kind.DEPOSIT, "CAPTURED", step)) is Means.CASE


def test_the_void_of_a_sale_that_was_credited_is_a_contradiction() -> None:
    payment = ended(Kind.DEPOSIT, "CAPTURED", "sale:1")
    assert means(fact(Operation.VOID, "approved"), payment) is Means.CASE


def test_the_release_of_another_thing_releases_no_hold() -> None:
    yes = fact(Operation.AUTHORIZE, "approved")
    for released in ((), ("link_1",)):
        void = Attempt("x:void:1", AT, "approved", released=released)
        payment = ended(Kind.DEPOSIT, "CANCELLED")
        payment = replace(payment, facts=replace(payment.facts, attempts=(void,)))
        assert means(yes, payment) is Means.RELEASE
        assert next_void_key("x:authorize:1", "psp-1", (void,)) == "x:void:1:2"


def test_a_hold_is_voided_under_a_key_of_its_own_and_never_under_two_more() -> None:
    def void(step: str, outcome: str, *released: str) -> Attempt:
        return Attempt(f"x:{step}", AT, outcome, released=released)

    hold, link = ("x:authorize:1", "psp-1"), void("void:1", "approved", "link_1")
    assert next_void_key(*hold, ()) == "x:void:1"
    assert next_void_key(*hold, (void("void:1", "not_sent"),)) == "x:void:1"
    assert next_void_key(*hold, (void("void:10", "approved", "psp-1"),)) == "x:void:1"
    assert next_void_key(*hold, (link, void("void:1:2", "declined", "psp-1"))) == "x:void:1:2"
    assert next_void_key(*hold, (link, void("void:1:2", "approved", "psp-0"))) == "x:void:1:3"


def test_the_void_of_a_hold_that_was_captured_in_full_is_a_contradiction() -> None:
    payment = ended(Kind.DEPOSIT, "CAPTURED", "authorize:1", "capture")
    assert means(fact(Operation.VOID, "approved"), payment) is Means.CASE


def test_a_hold_at_an_account_that_nobody_names_is_for_a_person() -> None:
    nameless = fact(Operation.AUTHORIZE, "approved", account=None)
    assert means(nameless, ended(Kind.DEPOSIT, "EXPIRED")) is Means.CASE


def test_a_capture_was_where_the_only_account_is_that_was_ever_asked() -> None:
    event = fact(Operation.CAPTURE, "approved", account=None)
    one = ended(Kind.DEPOSIT, "FAILED", "authorize:1")
    assert account_of(event, one) == AT
    other = Attempt("x:authorize:2", MerchantAccount("sandbox", "second"), "declined")
    facts = replace(one.facts, attempts=(*one.facts.attempts, other))
    assert account_of(event, replace(one, facts=facts)) is None


def test_what_a_case_ordered_is_looked_up_by_its_own_run() -> None:
    event = fact(Operation.REFUND, "approved", key="x:case-refund")
    assert means(event, ended(Kind.DEPOSIT, "FAILED")) is Means.NOTHING

"""The table of facts that nobody here asked for, row by row: money moves in three cells."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from tests.workflows.orders import FIFTY
from tests.workflows.test_late_table import AT, CREDITED, ENDS, REPLIES, ended, means
from workflows.domain.deposits import Status
from workflows.domain.events import PspEvent
from workflows.domain.identity import Kind
from workflows.domain.late_events import Means
from workflows.domain.money import Money
from workflows.domain.payments import REFUND_FAILED, Reversal
from workflows.domain.psp import Approved, Declined, Operation
from workflows.domain.records import Recalled
from workflows.domain.unasked import comes_by, left_of, reversal_in

TEN, FORTY = Money(1000, "EUR"), Money(4000, "EUR")
FAILED = Declined("declined", soft=False, code="bank")
LEAVE = (Operation.REFUND, Operation.CHARGEBACK)


def fact(operation: Operation, reply: str = "approved", **changes: Any) -> PspEvent:
    event = PspEvent(
        psp="sandbox",
        event_id="evt-1",
        key="x:authorize:1",
        operation=operation,
        reply=REPLIES[reply],
        amount=FIFTY,
        account="first",
        unasked=True,
        about=("psp-1", "psp-hold"),
        occurred_at="2026-11-03T10:00:00Z",
    )
    return replace(event, **changes)


def done(operation: Operation, name: str, amount: Money = FIFTY, **changes: Any) -> PspEvent:
    return replace(fact(operation, **changes), reply=Approved(name, amount), amount=amount)


def came_to_nothing(name: str, amount: Money = FIFTY, **changes: Any) -> PspEvent:
    failed = fact(Operation.REFUND, about=(name, "psp-charge"), **changes)
    return replace(failed, reply=FAILED, amount=amount)


def after(*moved: tuple[str, str, Money], status: str = "REVERSED") -> Recalled:
    """A deposit of fifty, of which money has moved at the PSP since, by operation and its id."""
    at = "2026-11-02T10:00:00Z"
    reversals = tuple(Reversal(operation, name, amount, at) for operation, name, amount in moved)
    payment = ended(Kind.DEPOSIT, status, "authorize:1", "capture")
    return replace(payment, facts=replace(payment.facts, account=AT, reversals=reversals))


EVERYTHING = [
    (kind, status, operation, reply)
    for kind in Kind
    for status, operation, reply in itertools.product(ENDS[kind], Operation, REPLIES)
]


@pytest.mark.parametrize(("kind", "status", "operation", "reply"), EVERYTHING)
def test_every_fact_that_nobody_asked_for_has_one_meaning_for_every_end(
    kind: Kind, status: str, operation: Operation, reply: str
) -> None:
    payment = ended(kind, status)
    if status == Status.REVERSED:
        payment = after(("chargeback", "dispute-0", FIFTY))
    assert means(fact(operation, reply), payment) is expected(kind, status, operation, reply)


def expected(kind: Kind, status: str, operation: Operation, reply: str) -> Means:
    """The same in the words of the requirement. Of what is reversed all was charged back."""
    if reply in ("pending", "ready"):
        return Means.NOTHING
    if kind is not Kind.DEPOSIT:
        return Means.CASE
    captured = status in CREDITED
    match operation, reply:
        case Operation.REFUND, "declined" | "returned":
            return Means.REMEMBER if captured else Means.NOTHING
        case _, "declined" | "returned":
            return Means.CASE
        case ((Operation.AUTHORIZE | Operation.VOID), _):
            return Means.NOTHING
        case Operation.CAPTURE, _:
            return Means.NOTHING if captured else Means.CASE
        case ((Operation.REFUND | Operation.CHARGEBACK), _):
            return Means.TAKE_BACK if status == Status.CAPTURED else Means.CASE
        case Operation.CHARGEBACK_REVERSED, _:
            early = Means.REMEMBER if captured else Means.CASE
            return Means.RESTORE if status == Status.REVERSED else early
    return Means.CASE


@pytest.mark.parametrize("operation", LEAVE)
def test_money_is_taken_back_once_by_the_name_that_it_has_at_the_psp(operation: Operation) -> None:
    known = after((operation, "gone-1", TEN))
    assert means(done(operation, "gone-1", TEN), known) is Means.NOTHING
    assert means(done(operation, "gone-2", TEN), known) is Means.TAKE_BACK


@pytest.mark.parametrize("operation", LEAVE)
def test_never_more_is_taken_back_than_is_left_of_the_capture(operation: Operation) -> None:
    known = after(("refund", "re-1", TEN))
    assert means(done(operation, "gone-1", FORTY), known) is Means.TAKE_BACK
    assert means(done(operation, "gone-1", Money(4001, "EUR")), known) is Means.CASE
    assert means(done(operation, "gone-1", Money(10, "USD")), known) is Means.CASE


def test_a_dispute_and_that_it_was_won_may_have_one_name() -> None:
    won = done(Operation.CHARGEBACK_REVERSED, "dp-1")
    lost = after(("chargeback", "dp-1", FIFTY))
    assert means(won, lost) is Means.RESTORE
    both = after(("chargeback", "dp-1", FIFTY), ("chargeback_reversed", "dp-1", FIFTY))
    assert means(won, both) is Means.NOTHING
    assert left_of(both) == FIFTY.minor_units


def test_a_chargeback_that_was_reversed_before_it_was_told_takes_nothing() -> None:
    """The two have names of their own at most PSPs: it is their sums that count."""
    known = after(status="CAPTURED")
    won = done(Operation.CHARGEBACK_REVERSED, "won-1", FORTY)
    assert means(won, known) is Means.REMEMBER
    known = after(("chargeback_reversed", "won-1", FORTY), status="CAPTURED")
    assert means(won, known) is Means.NOTHING
    lost = done(Operation.CHARGEBACK, "dp-1", FORTY)
    assert means(lost, known) is Means.REMEMBER
    more = reversal_in(done(Operation.CHARGEBACK, "dp-1", FIFTY))
    assert comes_by(more, known) == -TEN.minor_units


def test_no_more_comes_back_than_a_chargeback_took() -> None:
    taken = after(("chargeback", "dp-1", TEN), ("refund", "re-1", FORTY))
    won = done(Operation.CHARGEBACK_REVERSED, "won-1", Money(1001, "EUR"))
    assert means(won, taken) is Means.CASE
    assert means(done(Operation.CHARGEBACK_REVERSED, "won-1", TEN), taken) is Means.RESTORE


@pytest.mark.parametrize(
    ("operation", "undone"),
    [(Operation.REFUND, REFUND_FAILED), (Operation.CHARGEBACK, "chargeback_reversed")],
)
def test_what_was_undone_and_is_told_again_is_old_news_or_a_second_time(
    operation: Operation, undone: str
) -> None:
    both = after((operation, "gone-1", FIFTY), (undone, "gone-1", FIFTY), status="CAPTURED")
    before, later = "2026-11-01T10:00:00Z", "2026-11-03T10:00:00Z"
    assert means(done(operation, "gone-1", occurred_at=before), both) is Means.NOTHING
    assert means(done(operation, "gone-1", occurred_at=later), both) is Means.CASE


def test_a_refund_made_at_the_psp_that_comes_to_nothing_restores_what_was_taken_once() -> None:
    taken = after(("refund", "re-1", FIFTY))
    assert means(came_to_nothing("re-1"), taken) is Means.RESTORE
    both = after(("refund", "re-1", FIFTY), (REFUND_FAILED, "re-1", FIFTY), status="CAPTURED")
    assert means(came_to_nothing("re-1"), both) is Means.NOTHING
    assert left_of(both) == FIFTY.minor_units


def test_a_failed_refund_of_another_amount_than_was_taken_is_for_a_person() -> None:
    assert means(came_to_nothing("re-1", TEN), after(("refund", "re-1", FIFTY))) is Means.CASE


def test_a_refund_that_failed_before_it_was_told_takes_nothing() -> None:
    known = after((REFUND_FAILED, "re-1", FIFTY), status="CAPTURED")
    early = done(Operation.REFUND, "re-1", occurred_at="2026-11-01T10:00:00Z")
    assert left_of(known) == FIFTY.minor_units
    assert means(early, known) is Means.NOTHING


def test_a_refund_that_we_asked_for_is_not_taken_a_second_time() -> None:
    known = replace(after(status="CAPTURED"), refunds=("re-ours",))
    assert means(done(Operation.REFUND, "re-ours"), known) is Means.NOTHING
    assert means(came_to_nothing("re-ours"), known) is Means.CASE


def test_a_capture_made_at_the_psp_beside_ours_was_done_twice() -> None:
    known = after(status="CAPTURED")
    known = replace(known, facts=replace(known.facts, capture_ref="cap-1"))
    assert means(done(Operation.CAPTURE, "cap-1"), known) is Means.NOTHING
    assert means(done(Operation.CAPTURE, "cap-2"), known) is Means.DOUBLE


@pytest.mark.parametrize("lie", [{"psp": "another"}, {"account": "second"}], ids=str)
@pytest.mark.parametrize("operation", [*LEAVE, Operation.CHARGEBACK_REVERSED])
def test_money_that_is_elsewhere_is_not_moved(operation: Operation, lie: dict[str, str]) -> None:
    known = after(("chargeback", "dp-0", TEN))
    assert means(done(operation, "gone-1", TEN, **lie), known) is Means.CASE


@pytest.mark.parametrize("operation", [*LEAVE, Operation.CHARGEBACK_REVERSED])
def test_what_has_no_name_is_booked_by_nobody(operation: Operation) -> None:
    known = after((operation, "", TEN), ("chargeback", "dp-1", TEN))
    assert means(done(operation, "", TEN), known) is Means.CASE

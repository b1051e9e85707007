"""Whatever moves at a PSP is expected in its report from the moment at which we book it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from activities.reconciliation.expectations.terms import write_terms
from activities.reconciliation.settings import ReconciliationSettings, Term
from tests.activities.psp.opened import AT, FIFTY, authorize, opened, refund
from tests.activities.reconciliation.conftest import OwnBooks
from tests.activities.reconciliation.flows import DONE, TAKEN, Flows
from workflows.domain.identity import SALE
from workflows.domain.payments import Attempt
from workflows.domain.psp import Declined, Pending, Unknown

LOST = Unknown("lost on the way back")


@pytest.fixture
def flows(own_books: OwnBooks) -> Flows:
    return Flows(own_books.pool)


@pytest.mark.parametrize("sold", [False, True])
async def test_a_capture_and_a_sale_are_both_expected_as_the_capture(
    own_books: OwnBooks, flows: Flows, sold: bool
) -> None:
    deposit = await flows.deposit(sold=sold)
    assert await own_books.expected(deposit) == [("capture", "capture", 1, 5000, "psp-2")]
    assert await own_books.broken() == {}


@pytest.mark.parametrize(("prefix", "key"), [("po_", "payout:1"), ("re_", "refund")])
async def test_what_is_paid_out_comes_back_and_is_paid_after_all_is_expected_each_time(
    own_books: OwnBooks, flows: Flows, prefix: str, key: str
) -> None:
    paid, movement = await flows.payout(prefix), key.split(":")[0]
    expected = [(key, movement, 1, -5000, "psp-9")]
    assert await own_books.expected(paid) == expected
    await flows.comes_back(paid)
    await flows.was_paid_after_all(paid, 2)
    await flows.comes_back(paid, 2)
    expected += [(key, "return", 1, 5000, "psp-9"), (key, movement, 2, -5000, "psp-9")]
    assert await own_books.expected(paid) == [*expected, (key, "return", 2, 5000, "psp-9")]
    assert await own_books.broken() == {}


async def test_what_others_did_is_expected_under_the_psps_name_of_it(
    own_books: OwnBooks, flows: Flows
) -> None:
    deposit = await flows.deposit()
    await flows.is_reversed(deposit, "refund", "ref:1", 2000)
    await flows.is_reversed(deposit, "refund_failed", "ref:1", 2000)
    await flows.is_reversed(deposit, "chargeback", "dp_1")
    await flows.is_reversed(deposit, "chargeback_reversed", "dp_1")
    assert await own_books.expected(deposit) == [
        ("capture", "capture", 1, 5000, "psp-2"),
        ("refund:ref:1", "refund", 1, -2000, "ref:1"),
        ("refund_failed:ref:1", "return", 1, 2000, "ref:1"),
        ("chargeback:dp_1", "chargeback", 1, -5000, "dp_1"),
        ("chargeback_reversed:dp_1", "chargeback_reversed", 1, 5000, "dp_1"),
    ]
    assert await own_books.broken() == {}


@pytest.mark.parametrize(
    ("operation", "went", "came"),
    [
        ("chargeback_reversed", "chargeback", "chargeback_reversed"),
        ("refund_failed", "refund", "return"),
    ],
)
async def test_what_was_undone_before_we_heard_of_it_is_expected_with_its_undoing(
    own_books: OwnBooks, flows: Flows, operation: str, went: str, came: str
) -> None:
    deposit = await flows.deposit()
    await flows.is_remembered(deposit, operation, "dp_2")
    assert (await own_books.expected(deposit))[1:] == [
        (f"{operation}:dp_2", came, 1, 5000, "dp_2"),
        (f"{went}:dp_2", went, 1, -5000, "dp_2"),
    ]
    assert await own_books.broken() == {}


async def test_a_sale_that_was_given_back_is_expected_as_taken_and_refunded(
    own_books: OwnBooks, flows: Flows
) -> None:
    deposit = await opened(own_books.pool)
    flows.psp.will_answer(SALE, TAKEN)
    await flows.ask_sale(deposit)
    await flows.give_back(deposit)
    given_back = [
        ("capture", "capture", 2, 5000, "psp-1"),
        ("void:1", "refund", 1, -5000, "psp-1"),
    ]
    assert await own_books.expected(deposit) == given_back
    # Whoever tells of it again tells nothing new.
    await flows.conclude(deposit, Attempt(f"{deposit}:void:1", AT, "approved", psp_ref="psp-1"))
    assert await own_books.expected(deposit) == given_back
    assert await own_books.broken() == {}


@pytest.mark.parametrize("answer", [LOST, Declined("do_not_honor", soft=True, code="05")])
async def test_a_sale_whose_yes_came_late_is_expected_once_it_was_given_back_by_name(
    own_books: OwnBooks, flows: Flows, answer: Unknown | Declined
) -> None:
    deposit = await opened(own_books.pool)
    flows.psp.will_answer(SALE, answer)
    await flows.ask_sale(deposit)
    await flows.give_back(deposit)
    expected = await own_books.expected(deposit)
    assert [each[:2] for each in expected] == [("capture", "capture"), ("void:1", "refund")]
    yes = Attempt(f"{deposit}:sale:1", AT, "approved", psp_ref="psp-1", captured=True)
    await flows.conclude(deposit, yes)
    assert await own_books.expected(deposit) == expected
    assert await own_books.broken() == {}


@pytest.mark.parametrize("named", [None, "psp-1"])
async def test_of_a_sale_that_had_taken_nothing_nothing_is_expected(
    own_books: OwnBooks, flows: Flows, named: str | None
) -> None:
    deposit = await opened(own_books.pool)
    flows.psp.will_answer(SALE, Pending("psp-1"))
    await flows.ask_sale(deposit)
    await flows.give_back(deposit, named)
    assert await own_books.expected(deposit) == []


async def test_a_sale_that_was_promised_is_expected_when_its_yes_comes_after_the_void(
    own_books: OwnBooks, flows: Flows
) -> None:
    deposit = await opened(own_books.pool)
    flows.psp.will_answer(SALE, Pending("psp-1"))
    await flows.ask_sale(deposit)
    await flows.give_back(deposit)
    yes = Attempt(f"{deposit}:sale:1", AT, "approved", psp_ref="psp-1", captured=True)
    await flows.conclude(deposit, yes)
    assert [each[:2] for each in await own_books.expected(deposit)] == [
        ("capture", "capture"),
        ("void:1", "refund"),
    ]
    assert await own_books.broken() == {}


async def test_a_hold_that_is_let_go_of_is_expected_by_nobody(
    own_books: OwnBooks, flows: Flows
) -> None:
    deposit = await opened(own_books.pool)
    await flows.once.authorize(authorize(deposit))
    done = Attempt(f"{deposit}:void:1", AT, "approved", psp_ref="psp-1")
    await flows.conclude(deposit, done)
    assert await own_books.expected(deposit) == []


async def test_a_second_capture_that_a_person_had_refunded_is_expected_beside_the_first(
    own_books: OwnBooks, flows: Flows
) -> None:
    deposit = await flows.deposit()
    claimed = Attempt(f"{deposit}:case-remedy", AT, "refund", reason="case_1")
    known = f'[{{"key": "{claimed.key}", "outcome": "refund"}}]'
    await own_books.owner.execute(
        "UPDATE payments SET facts = jsonb_set(facts, '{attempts}', $2::text::jsonb) WHERE id = $1",
        deposit,
        known,
    )
    asked = replace(refund(deposit), key=f"{deposit}:case-refund", psp_ref="psp-3")
    await flows.once.refund(asked)
    await flows.conclude(deposit, Attempt(asked.key, AT, "approved", psp_ref="ref-3"))
    assert await own_books.expected(deposit) == [
        ("capture", "capture", 1, 5000, "psp-2"),
        ("capture", "capture", 2, 5000, "psp-3"),
        ("case-refund", "refund", 1, -5000, "ref-3"),
    ]


async def test_a_movement_is_missing_after_the_delay_of_its_account_and_method(
    own_books: OwnBooks, flows: Flows
) -> None:
    async def due(*terms: Term) -> timedelta:
        await write_terms(own_books.pool, terms)
        row = await own_books.pool.fetchrow(
            "SELECT done_at, due_at FROM expectations WHERE payment_id = $1",
            await flows.deposit(),
        )
        assert row is not None
        assert row["done_at"] == datetime.fromisoformat(DONE).astimezone(UTC)
        waits: timedelta = row["due_at"] - row["done_at"]
        return waits

    everywhere = Term(psp=AT.psp, delay_hours=24)
    account = Term(psp=AT.psp, account=AT.id, delay_hours=48.5)
    cards = Term(psp=AT.psp, account=AT.id, method="card", delay_hours=12)
    others = Term(psp=AT.psp, account=AT.id, method="ewallet", delay_hours=1)
    assert await due() == timedelta(days=3)
    assert await due(everywhere, others) == timedelta(hours=24)
    assert await due(everywhere, account, others) == timedelta(hours=48.5)
    assert await due(cards, everywhere, account, others) == timedelta(hours=12)
    assert await due() == timedelta(days=3)


def test_a_term_is_told_once() -> None:
    with pytest.raises(ValueError, match="two terms of adyen//card"):
        ReconciliationSettings.model_validate(
            {"terms": [{"psp": "adyen", "method": "card"}, {"psp": "adyen", "method": "card"}]}
        )


async def test_a_command_that_is_repeated_or_refused_expects_nothing_new(
    own_books: OwnBooks, flows: Flows
) -> None:
    deposit = await flows.deposit()
    before = await own_books.expected(deposit)
    await flows.credit(deposit, amends=True)
    assert await own_books.expected(deposit) == before
    assert FIFTY.minor_units == before[0][3]

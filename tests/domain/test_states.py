"""The states of payments: what may follow what, and that every end is an end."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.domain import deposits, payouts, refunds
from workflows.domain.cascading import may_cascade
from workflows.domain.identity import capture_id_of, key_of, payment_of
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, NotSent

TABLES: list[Mapping[StrEnum, set[StrEnum]]] = [deposits.NEXT, payouts.NEXT, refunds.NEXT]  # type: ignore[list-item]
ENDS = {"FAILED", "EXPIRED", "CANCELLED", "VOIDED", "PROCESSED", "SETTLED", "REFUSED", "DECLINED"}
AFTER_THE_END = {"REVERSED", "RETURNED"}
"""What only late facts make of a payment that is over: no run enters it."""


@pytest.mark.parametrize("table", TABLES)
def test_every_state_has_its_row_and_every_end_is_final(
    table: Mapping[StrEnum, set[StrEnum]],
) -> None:
    assert set(table) == set(type(next(iter(table))))
    for status, following in table.items():
        is_end = str(status).rpartition("_")[2] in ENDS | AFTER_THE_END
        assert is_end == (following == set()), status


@pytest.mark.parametrize("table", TABLES)
def test_every_state_can_be_reached_from_the_first(table: Mapping[StrEnum, set[StrEnum]]) -> None:
    first = next(iter(table))
    reached, edge = {first}, {first}
    while edge:
        edge = {after for status in edge for after in table[status]} - reached
        reached |= edge
    late = {status for status in table if str(status).rpartition("_")[2] in AFTER_THE_END}
    assert reached == set(table) - late


def test_a_captured_deposit_never_becomes_failed() -> None:
    assert deposits.NEXT[deposits.Status.CAPTURED] == {deposits.Status.CAPTURED}


def test_a_settled_payout_never_gives_the_money_back() -> None:
    assert payouts.NEXT[payouts.Status.SETTLED] == set()


def test_only_a_soft_decline_or_an_unsent_question_asks_the_next_account() -> None:
    assert may_cascade(Declined("do_not_honor", soft=True, code="05"))
    assert may_cascade(NotSent("connect refused"))
    assert not may_cascade(Declined("stolen_card", soft=False, code="43"))
    assert not may_cascade(Approved("ref", Money(1, "EUR")))


@given(st.from_regex(r"(in|po|re)_[0-9a-f]{8,32}", fullmatch=True), st.integers(1, 9))
def test_a_key_names_its_payment_and_its_step(payment_id: str, number: int) -> None:
    assert payment_of(key_of(payment_id, "authorize", number)) == payment_id
    assert key_of(payment_id, "capture") == f"{payment_id}:capture"


def test_a_deposit_has_one_capture_id_and_one_credit() -> None:
    assert capture_id_of("in_0f") == "cap_0f"
    assert deposits.credit_key_of("in_0f") == "in_0f:credit"

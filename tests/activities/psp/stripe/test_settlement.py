"""Balance transactions of a day, as lines of settlement."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from activities.psp.contract import ReportsSettlement
from activities.psp.plugins.stripe.settlement import MOVEMENTS
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.descriptions import description, needs_descriptions
from tests.activities.psp.stripe.exchanges import (
    ACCOUNT,
    Exchanges,
    listed,
    movement,
    saying,
    speaking,
)
from workflows.domain.money import Money
from workflows.domain.settlement import Movement, SettlementLine, SettlementPage, SettlementQuery

DAY = "2027-01-15"
CHARGE = {
    "id": "ch_1",
    "object": "charge",
    "metadata": {"paysaga_key": "in_1:authorize:2"},
    "payment_intent": "pi_1",
}
REFUND = {
    "id": "re_1",
    "object": "refund",
    "metadata": {"paysaga_key": "re_1:refund"},
    "payment_intent": "pi_1",
}
DISPUTE = {"id": "dp_1", "object": "dispute", "metadata": {}, "payment_intent": "pi_1"}


async def page_of(
    *movements: dict[str, Any],
    more: bool = False,
    cursor: str | None = None,
    kept: Exchanges | None = None,
) -> SettlementPage:
    answer = saying(listed(*movements, more=more, url="/v1/balance_transactions"))
    async with speaking(answer, kept) as adapter:
        assert isinstance(adapter, ReportsSettlement)
        return await adapter.settlement(SettlementQuery(account=ACCOUNT, day=DAY, cursor=cursor))


async def line_of(**members: Any) -> SettlementLine:
    (line,) = (await page_of(movement("txn_1", **members))).lines
    return line


async def test_a_day_is_asked_for_in_utc_from_its_first_second_to_its_last() -> None:
    kept = Exchanges()
    await page_of(kept=kept)
    (heard,) = kept.heard
    assert dict(parse_qsl(urlsplit(heard.path).query)) == {
        "created[gte]": "1799971200",
        "created[lt]": "1800057600",
        "limit": "100",
        "expand[]": "data.source",
    }


async def test_a_capture_has_its_fee_its_payment_intent_and_our_key() -> None:
    line = await line_of(source=CHARGE)
    assert line == SettlementLine(
        account=ACCOUNT,
        line_id="txn_1",
        movement=Movement.CAPTURE,
        amount=Money(5000, "EUR"),
        credit=True,
        fee=Money(150, "EUR"),
        psp_ref="pi_1",
        key="in_1:capture",
        occurred_at="2027-01-15T08:00:00+00:00",
        raw_type="charge",
    )


async def test_a_refund_is_taken_from_us_and_has_its_own_reference() -> None:
    line = await line_of(type="refund", amount=-2000, fee=0, source=REFUND)
    assert (line.movement, line.amount, line.credit) == (
        Movement.REFUND,
        Money(2000, "EUR"),
        False,
    )
    assert (line.fee, line.psp_ref, line.key) == (None, "re_1", "re_1:refund")


@pytest.mark.parametrize(
    ("category", "amount", "meant"),
    [
        ("dispute", -5000, Movement.CHARGEBACK),
        ("dispute_reversal", 5000, Movement.CHARGEBACK_REVERSED),
        ("other_adjustment", 1, Movement.OTHER),
    ],
)
async def test_an_adjustment_is_what_its_category_says(
    category: str, amount: int, meant: Movement
) -> None:
    line = await line_of(
        type="adjustment", reporting_category=category, amount=amount, fee=1500, source=DISPUTE
    )
    assert (line.movement, line.credit) == (meant, amount > 0)
    assert (line.psp_ref, line.key) == ("pi_1", None)


async def test_a_fee_given_back_is_a_line_of_its_own() -> None:
    page = await page_of(movement("txn_1", type="refund", amount=-5000, fee=-150, source=REFUND))
    refund, fee = page.lines
    assert (refund.fee, refund.line_id) == (None, "txn_1")
    assert (fee.movement, fee.line_id, fee.amount, fee.credit) == (
        Movement.FEE,
        "txn_1:fee",
        Money(150, "EUR"),
        True,
    )


@pytest.mark.parametrize(
    ("currency", "units", "amount"),
    [("jpy", 5000, "5000 JPY"), ("kwd", 5015, "5.015 KWD"), ("isk", 500_000, "5000 ISK")],
)
async def test_amounts_are_in_the_currency_of_the_settlement(
    currency: str, units: int, amount: str
) -> None:
    line = await line_of(amount=units, currency=currency, fee=0)
    assert str(line.amount) == amount


async def test_a_page_that_is_not_the_last_names_the_next() -> None:
    page = await page_of(movement("txn_1"), movement("txn_2"), more=True)
    assert page.next_cursor == "txn_2"
    kept = Exchanges()
    assert (await page_of(movement("txn_3"), cursor="txn_2", kept=kept)).next_cursor is None
    assert "starting_after=txn_2" in kept.heard[0].path


async def test_a_source_that_was_not_expanded_or_is_none_is_no_harm() -> None:
    assert (await line_of(source="ch_1")).psp_ref == "ch_1"
    assert (await line_of(type="stripe_fee", amount=-10, source=None)).psp_ref is None


async def test_a_type_of_next_year_is_other() -> None:
    assert (await line_of(type="next_year_tax")).movement is Movement.OTHER


@needs_descriptions
def test_every_type_that_moves_the_money_of_payments_is_mapped() -> None:
    schema = description("stripe/openapi.json").at("#/components/schemas/balance_transaction")
    types = set(schema["properties"]["type"]["enum"])
    other = {kind for kind in types - MOVEMENTS.keys() if not kind.startswith("issuing_")}
    assert other == {
        "adjustment",
        "advance",
        "advance_funding",
        "anticipation_repayment",
        "connect_collection_transfer",
        "contribution",
        "reserve_transaction",
        "reserved_funds",
    }


@pytest.mark.parametrize(("day", "cursor"), [("15.01.2027", None), (DAY, "../charges")])
async def test_what_is_no_day_and_no_cursor_is_never_sent(day: str, cursor: str | None) -> None:
    kept = Exchanges()
    async with speaking(saying(listed()), kept) as adapter:
        with pytest.raises(NeverSent):
            await adapter.settlement(SettlementQuery(account=ACCOUNT, day=day, cursor=cursor))
    assert kept.heard == []


async def test_a_refused_statement_is_no_empty_one() -> None:
    error = {"error": {"type": "invalid_request_error", "message": "No."}}
    async with speaking(saying(error, status=400)) as adapter:
        with pytest.raises(InDoubt):
            await adapter.settlement(SettlementQuery(account=ACCOUNT, day=DAY))
    async with speaking(saying(error, status=401)) as adapter:
        with pytest.raises(NeverSent):
            await adapter.settlement(SettlementQuery(account=ACCOUNT, day=DAY))

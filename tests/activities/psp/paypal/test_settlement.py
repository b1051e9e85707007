"""PayPal's report of a day: pages, directions, fees and our references."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog

from activities.psp.certification import Canned, Heard
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.paypal.far import ACCOUNT, Json, Kept, canned, speaking
from tests.activities.psp.paypal.reports import report, transaction
from workflows.domain.money import Money
from workflows.domain.settlement import Movement, SettlementLine, SettlementPage, SettlementQuery


async def page(
    body: Json, cursor: str | None = None, day: str = "2026-11-24", kept: Kept | None = None
) -> SettlementPage:
    def answer(_: Heard) -> Canned:
        return canned(200, body)

    async with speaking(answer, kept) as adapter:
        return await adapter.settlement(SettlementQuery(account=ACCOUNT, day=day, cursor=cursor))


async def line(code: str, value: str, currency: str = "EUR", **more: Any) -> SettlementLine:
    (only,) = (await page(report(transaction(code, value, currency, **more)))).lines
    return only


async def test_a_capture_is_a_credit_with_its_fee_and_our_key() -> None:
    booked = await line(
        "T0006",
        "50.00",
        fee_amount={"currency_code": "EUR", "value": "-1.85"},
        invoice_id="in_cert:capture",
        custom_field="in_cert:authorize:1",
    )
    assert booked == SettlementLine(
        account=ACCOUNT,
        line_id="2GG279541U471931P:T0006",
        movement=Movement.CAPTURE,
        amount=Money(5000, "EUR"),
        credit=True,
        fee=Money(185, "EUR"),
        psp_ref="2GG279541U471931P",
        key="in_cert:capture",
        occurred_at="2026-11-24T10:00:00+00:00",
        raw_type="T0006",
    )


@pytest.mark.parametrize(
    ("code", "value", "movement"),
    [
        ("T0000", "50.00", Movement.CAPTURE),
        ("T0006", "-50.00", Movement.OTHER),
        ("T0001", "-50.00", Movement.PAYOUT),
        ("T1107", "-50.00", Movement.REFUND),
        ("T1106", "-50.00", Movement.CHARGEBACK),
        ("T1201", "-50.00", Movement.CHARGEBACK),
        ("T1202", "50.00", Movement.CHARGEBACK_REVERSED),
        ("T1114", "50.00", Movement.RETURN),
        ("T1115", "50.00", Movement.RETURN),
        ("T0104", "-0.25", Movement.FEE),
        ("T0106", "-20.00", Movement.FEE),
        ("T0400", "-500.00", Movement.TRANSFER),
        ("T0300", "500.00", Movement.TRANSFER),
        ("T1503", "-50.00", Movement.OTHER),
        ("T1105", "50.00", Movement.OTHER),
        ("T9999", "50.00", Movement.OTHER),
    ],
)
async def test_a_code_is_a_movement(code: str, value: str, movement: Movement) -> None:
    booked = await line(code, value)
    assert booked.movement is movement
    assert booked.credit is not value.startswith("-")


@pytest.mark.parametrize(
    ("value", "currency", "money"),
    [
        ("5000.00", "JPY", Money(5000, "JPY")),
        ("-5000.00", "HUF", Money(500000, "HUF")),
        ("12.345", "KWD", Money(12345, "KWD")),
    ],
)
async def test_amounts_of_every_kind_of_currency(value: str, currency: str, money: Money) -> None:
    assert (await line("T0006", value, currency)).amount == money


async def test_what_was_not_done_is_no_line() -> None:
    lines = [transaction("T0006", "50.00", transaction_status=status) for status in "DPSV"]
    assert len((await page(report(*lines))).lines) == 2


async def test_a_payout_is_known_by_its_own_key() -> None:
    booked = await line("T0001", "-50.00", custom_field="po_cert:payout:1", invoice_id="something")
    assert booked.key == "po_cert:payout:1"
    assert (await line("T0001", "-50.00", custom_field="in_cert:capture")).key is None


async def test_a_fee_in_another_currency_or_given_back_is_no_fee_of_the_line() -> None:
    for fee in ({"currency_code": "USD", "value": "-1.00"}, {"currency_code": "EUR", "value": "1"}):
        assert (await line("T1107", "-50.00", fee_amount=fee)).fee is None


async def test_pages_follow_one_another() -> None:
    kept = Kept()
    first = await page(report(transaction("T0006", "1.00"), pages=2), kept=kept)
    last = await page(report(transaction("T0006", "1.00"), page=2, pages=2), "2", kept=kept)
    assert (first.next_cursor, last.next_cursor) == ("2", None)
    asked = [parse_qs(urlsplit(each.path).query) for each in kept.heard]
    assert [each["page"] for each in asked] == [["1"], ["2"]]
    assert asked[0]["start_date"] == ["2026-11-24T00:00:00Z"]
    assert asked[0]["end_date"] == ["2026-11-24T23:59:59Z"]
    assert asked[0]["fields"] == ["transaction_info"]


async def test_another_page_than_that_asked_for_is_not_believed() -> None:
    with pytest.raises(InDoubt):
        await page(report(page=3, pages=3), "2")


UNREADABLE: dict[str, Json] = {
    "no amount": {"transaction_amount": {"currency_code": "EUR", "value": "much"}},
    "no currency": {"transaction_amount": {"currency_code": None, "value": "5.00"}},
    "another currency": {"transaction_amount": {"currency_code": "XXL", "value": "5.00"}},
    "nothing of it": {"transaction_amount": None},
    "no id": {"transaction_id": False},
}


@pytest.mark.parametrize("name", UNREADABLE)
async def test_a_line_that_cannot_be_read_costs_no_other_and_is_seen(name: str) -> None:
    spoiled = transaction("T0006", "50.00")
    spoiled["transaction_info"] |= UNREADABLE[name]
    good = transaction("T1107", "-10.50")
    with structlog.testing.capture_logs() as logged:
        found = await page(report(spoiled, good))
    assert [line.raw_type for line in found.lines] == ["T1107"]
    assert [entry["event"] for entry in logged] == ["psp_report_line_unreadable"]


async def test_what_moved_nothing_may_look_as_it_likes() -> None:
    denied = transaction("T0006", "50.00", transaction_status="D")
    denied["transaction_info"]["transaction_amount"] = None
    with structlog.testing.capture_logs() as logged:
        assert (await page(report(denied))).lines == ()
    assert logged == []


async def test_zeros_of_no_currency_and_odd_words_are_read_as_what_they_are() -> None:
    none = {"currency_code": None, "value": "0"}
    assert (await line("T0006", "50.00", fee_amount=none)).fee is None
    assert (await line("T0006", "0")).amount == Money(0, "EUR")
    assert (await line("T0006", "50.00", invoice_id=17, custom_field=True)).key is None
    page_found = report(transaction("T0006", "50.00")) | {"page": "1", "total_pages": "2"}
    assert (await page(page_found)).next_cursor == "2"


@pytest.mark.parametrize("cursor", ["0", "x", "1&page_size=500"])
async def test_a_cursor_that_is_no_page_is_not_sent(cursor: str) -> None:
    with pytest.raises(NeverSent):
        await page(report(), cursor)


async def test_a_day_that_is_none_is_not_sent() -> None:
    with pytest.raises(NeverSent):
        await page(report(), day="today")


async def test_a_date_with_an_offset_without_colon_is_rfc_3339_here() -> None:
    booked = await line("T0006", "1.00", transaction_initiation_date="2026-11-24T02:00:00-0800")
    assert booked.occurred_at == "2026-11-24T02:00:00-08:00"

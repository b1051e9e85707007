"""The settlement detail report, column by column, and how it is fetched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from activities.psp.certification import Canned
from activities.psp.plugins.adyen.adapter import AdyenAdapter
from activities.psp.plugins.adyen.certification.suite import MERCHANT, settings_at
from activities.psp.plugins.adyen.settings import AdyenSettings
from activities.psp.plugins.adyen.settlement import parse
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.adyen.far import ACCOUNT, adyen
from workflows.domain.money import Money
from workflows.domain.settlement import Movement, SettlementLine, SettlementPage, SettlementQuery

COLUMNS = (
    "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,"
    "Creation Date,TimeZone,Type,Modification Reference,Gross Currency,Gross Debit (GC),"
    "Gross Credit (GC),Exchange Rate,Net Currency,Net Debit (NC),Net Credit (NC),"
    "Commission (NC),Markup (NC),Scheme Fees (NC),Interchange (NC),Batch Number"
)
HEAD = f"Casino,{MERCHANT},"
SETTLED = (
    HEAD + "PAY1,in_1:authorize:1,visa,2026-03-01 13:00:00,CET,Settled,CAP1,EUR,,50.00,1,EUR,,"
    "49.20,,0.30,0.10,0.40,4"
)
REFUNDED = (
    HEAD + "PAY1,re_1:refund,visa,2026-07-01 13:00:00,CEST,Refunded,REF1,EUR,20.00,,1,EUR,20.10,,"
    "0.10,,,,4"
)
QUERY = SettlementQuery(account=ACCOUNT, day="2026-03-01")
NAME = "settlement_detail_report_batch_4.csv"


def read(*rows: str, columns: str = COLUMNS) -> list[SettlementLine]:
    body = "\n".join([columns, *rows]).encode()
    account = settings_at("http://127.0.0.1:1").account("casino-eu")
    return list(parse(body, ACCOUNT, account))


def test_a_capture_that_we_asked_for_is_known_by_its_own_reference_and_a_sale_by_its_payments() -> (
    None
):
    columns = f"{COLUMNS},Modification Merchant Reference"
    asked, sold = read(
        f"{SETTLED},in_1:capture",
        SETTLED.replace("in_1:authorize:1", "in_1:authorize:1:page:sale") + ",",
        columns=columns,
    )
    assert (asked.psp_ref, asked.key) == ("CAP1", "in_1:capture")
    assert (sold.psp_ref, sold.key) == ("PAY1", "in_1:capture")


def test_a_capture_is_told_gross_with_its_fee() -> None:
    assert read(SETTLED) == [
        SettlementLine(
            account=ACCOUNT,
            line_id="4:Settled:CAP1:EUR:1",
            movement=Movement.CAPTURE,
            amount=Money(5000, "EUR"),
            credit=True,
            fee=Money(80, "EUR"),
            psp_ref="PAY1",
            key="in_1:capture",
            occurred_at="2026-03-01T12:00:00Z",
            raw_type="Settled",
        )
    ]


def test_a_refund_is_told_by_its_own_reference() -> None:
    (line,) = read(REFUNDED)
    assert (line.movement, line.amount, line.credit) == (
        Movement.REFUND,
        Money(2000, "EUR"),
        False,
    )
    assert (line.psp_ref, line.key, line.fee) == ("REF1", "re_1:refund", Money(10, "EUR"))
    assert line.occurred_at == "2026-07-01T11:00:00Z"


def test_the_modifications_own_reference_goes_before_the_payments() -> None:
    columns = COLUMNS + ",Modification Merchant Reference"
    (line,) = read(SETTLED + ",in_1:case-capture", columns=columns)
    assert line.key == "in_1:case-capture"
    (line,) = read(REFUNDED.replace("re_1:refund", "in_1:authorize:1"))
    assert line.key is None


@pytest.mark.parametrize(
    ("kind", "movement", "key"),
    [
        ("RefundedReversed", Movement.RETURN, None),
        ("PaidOut", Movement.PAYOUT, "po_1:payout:1"),
        ("PaidOutReversed", Movement.RETURN, "po_1:payout:1"),
        ("Chargeback", Movement.CHARGEBACK, None),
        ("SecondChargeback", Movement.CHARGEBACK, None),
        ("ChargebackReversed", Movement.CHARGEBACK_REVERSED, None),
        ("DepositCorrection", Movement.OTHER, None),
        ("AddedNextYear", Movement.OTHER, None),
    ],
)
def test_every_kind_of_line_is_a_movement(kind: str, movement: Movement, key: str | None) -> None:
    row = SETTLED.replace("Settled", kind).replace("in_1:authorize:1", "po_1:payout:1")
    (line,) = read(row)
    assert (line.movement, line.key, line.raw_type) == (movement, key, kind)


def test_fees_and_our_own_payout_have_no_gross_amount() -> None:
    fee, payout = read(
        HEAD + ",,,2026-03-31 23:00:00,UTC,Fee,Transaction Fees March,,,,,EUR,1.20,,,,,,4",
        HEAD + ",,,2026-03-31 23:00:00,UTC,MerchantPayout,TX1,,,,,EUR,48.00,,,,,,4",
    )
    assert (fee.movement, fee.amount, fee.credit) == (Movement.FEE, Money(120, "EUR"), False)
    assert (payout.movement, payout.amount) == (Movement.TRANSFER, Money(4800, "EUR"))
    assert (payout.psp_ref, payout.key) == (None, None)


def test_a_fee_in_another_currency_is_a_line_of_its_own() -> None:
    line, fee = read(SETTLED.replace("1,EUR,,49.20", "1.10,USD,,54.12"))
    assert line.fee is None
    assert (fee.movement, fee.amount, fee.credit) == (Movement.FEE, Money(80, "USD"), False)
    assert (fee.line_id, fee.key) == (f"{line.line_id}:fee", line.key)


def test_a_fee_that_is_given_back_is_ours() -> None:
    _, fee = read(SETTLED.replace("0.30,0.10,0.40", "0.10,0.05,-0.40"))
    assert (fee.amount, fee.credit) == (Money(25, "EUR"), True)


@pytest.mark.parametrize(
    ("written", "money"),
    [("JPY,,5000", Money(5000, "JPY")), ("KWD,,0.001", Money(1, "KWD")),
     ("CLP,,7.00", Money(7, "CLP")), ("IDR,,5000", Money(500000, "IDR"))],
)  # fmt: skip
def test_amounts_are_read_in_every_kind_of_currency(written: str, money: Money) -> None:
    assert read(SETTLED.replace("EUR,,50.00", written))[0].amount == money


def test_lines_that_are_alike_are_told_apart_and_the_same_report_tells_the_same() -> None:
    once, again = read(SETTLED, SETTLED), read(SETTLED, SETTLED)
    assert [line.line_id for line in once] == ["4:Settled:CAP1:EUR:1", "4:Settled:CAP1:EUR:2"]
    assert once == again


def test_columns_go_by_name_wherever_they_stand() -> None:
    names, values = COLUMNS.split(","), SETTLED.split(",")
    (line,) = read(",".join(reversed(values)), columns=",".join(reversed(names)))
    assert line == read(SETTLED)[0]


@pytest.mark.parametrize(
    "row",
    [
        SETTLED.replace(MERCHANT, "Another"),
        SETTLED.replace("50.00", "fifty"),
        SETTLED.replace("50.00", "50.001"),
        SETTLED.replace("EUR,,50.00", "EUR,,").replace(",49.20", ","),
        SETTLED.replace("CET", "MOON"),
        SETTLED.replace("13:00:00", "noon"),
        SETTLED.replace("EUR,,50.00", "XXL,,50.00"),
    ],
)
def test_a_line_that_makes_no_sense_is_not_passed_over(row: str) -> None:
    with pytest.raises(InDoubt):
        read(row)


def test_a_report_without_its_columns_is_none() -> None:
    with pytest.raises(InDoubt, match="no column Psp Reference"):
        read(columns="Company Account,Merchant Account")


# --- fetching -----------------------------------------------------------------------------------


def report(request: Any) -> Canned:
    return Canned(200, f"{COLUMNS}\n{SETTLED}\n".encode(), {"content-type": "text/csv"})


async def test_a_report_is_fetched_by_the_name_that_adyen_announced() -> None:
    async with adyen(report) as far:
        page = await far.adapter.settlement(replace(QUERY, cursor=NAME))
    assert page == SettlementPage(lines=tuple(read(SETTLED)))
    assert far.paths == [f"GET /reports/download/MerchantAccount/{MERCHANT}/{NAME}"]
    assert far.exchanges[0].request.headers["x-api-key"] == "AQE_certified_reports"


async def test_without_a_name_there_is_nothing_to_fetch() -> None:
    async with adyen(report) as far:
        assert await far.adapter.settlement(QUERY) == SettlementPage(lines=())
        assert not far.exchanges


@pytest.mark.parametrize("name", ["../x.csv", "a/b.csv", "x..csv", "x.csv?y", "https://x/y.csv"])
async def test_a_name_that_leads_elsewhere_is_not_followed(name: str) -> None:
    async with adyen(report) as far:
        with pytest.raises(NeverSent):
            await far.adapter.settlement(replace(QUERY, cursor=name))
        assert not far.exchanges


@pytest.mark.parametrize(("status", "raised"), [(401, NeverSent), (404, InDoubt), (500, InDoubt)])
async def test_a_report_that_is_not_given_can_be_asked_for_again(
    status: int, raised: type[Exception]
) -> None:
    async with adyen(lambda _: Canned(status, b"no")) as far:
        with pytest.raises(raised):
            await far.adapter.settlement(replace(QUERY, cursor=NAME))


async def test_an_account_without_reports_has_none() -> None:
    account = settings_at("http://127.0.0.1:1").account("casino-eu").model_dump()
    account |= {"report_url": None, "report_key": None}
    adapter = AdyenAdapter(AdyenSettings.model_validate({"accounts": {"casino-eu": account}}))
    with pytest.raises(NeverSent):
        await adapter.settlement(replace(QUERY, cursor=NAME))
    await adapter.aclose()

"""The settlement detail report says what the journal says."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from infra.local.psps.adyen.server import build
from tests.infra.local.psps.adyen.caller import PROFILE, Body, Caller, fresh
from tests.infra.local.psps.running import in_process


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Caller]:
    """A batch is an account's: nobody else's money may be in it."""
    async with in_process(build, PROFILE.credentials(tmp_path)) as running:
        running.receiver.answer = "[accepted]"
        yield Caller(running)


async def closed(shop: Caller, account: str = "primary") -> Body:
    """The webhook that announces the report of a batch that is closed now."""
    answer = await shop.at.http.post("/_control/adyen/batch", json={"account": account})
    return await shop.notice("REPORT_AVAILABLE", answer.json()["file"])


async def download(shop: Caller, url: str) -> list[dict[str, str]]:
    headers = {"X-API-Key": shop.at.credentials["primary"]["api_key"]}
    answer = await shop.at.http.get(url, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_a_batch_adds_up_to_what_is_paid_to_the_merchant(alone: Caller) -> None:
    payment, reference = await alone.taken(value=5010), fresh("refund")
    refund = await alone.modify(payment, "refunds", 1_000, reference=reference)
    await alone.notice("REFUND", refund["pspReference"])
    payout = await alone.pay_out("BANKACCOUNTOK001", reference=fresh("payout"), value=500)
    await alone.review("confirm", payout["pspReference"])
    await alone.notice("PAYOUT_THIRDPARTY", payout["pspReference"])
    await alone.held()
    notice = await closed(alone)
    assert notice["pspReference"] == "settlement_detail_report_batch_1.csv"
    rows = await download(alone, notice["reason"])
    assert [each["Type"] for each in rows] == ["Settled", "Refunded", "PaidOut", "MerchantPayout"]
    settled, refunded, paid, total = rows
    assert (settled["Psp Reference"], settled["Gross Credit (GC)"]) == (payment, "50.10")
    assert refunded["Modification Reference"] == refund["pspReference"]
    assert refunded["Modification Merchant Reference"] == reference
    assert (refunded["Gross Debit (GC)"], paid["Net Debit (NC)"]) == ("10.00", "5.00")
    fees = Decimal(settled["Markup (NC)"]) + Decimal(settled["Interchange (NC)"])
    assert Decimal(settled["Net Credit (NC)"]) == Decimal("50.10") - fees < Decimal("50.10")
    assert Decimal(total["Net Debit (NC)"]) == Decimal("35.10") - fees
    assert {each["Batch Number"] for each in rows} == {"1"}


async def test_what_was_reported_is_not_reported_again(alone: Caller) -> None:
    await alone.taken()
    first = await closed(alone)
    second = await closed(alone)
    assert len(await download(alone, first["reason"])) == 2
    assert await download(alone, second["reason"]) == []
    assert second["reason"].endswith("settlement_detail_report_batch_2.csv")


async def test_money_that_came_back_stands_on_the_other_side(alone: Caller) -> None:
    reference = fresh("refund")
    refund = await alone.modify(await alone.taken(value=700), "refunds", 700, reference=reference)
    await alone.notice("REFUND", refund["pspReference"])
    await alone.at.order("adyen/refund-reversed", reference=reference)
    rows = await download(alone, (await closed(alone))["reason"])
    assert [(each["Type"], each["Gross Credit (GC)"]) for each in rows][1:3] == [
        ("Refunded", ""),
        ("RefundedReversed", "7.00"),
    ]


async def test_a_report_is_its_accounts_alone(alone: Caller) -> None:
    url = (await closed(alone))["reason"]
    for account, expected in (("primary", 200), ("secondary", 404)):
        key = alone.at.credentials[account]["api_key"]
        basic = base64.b64encode(f"report:{key}".encode()).decode()
        for headers in ({"X-API-Key": key}, {"Authorization": f"Basic {basic}"}):
            assert (await alone.at.http.get(url, headers=headers)).status_code == expected
    assert (await alone.at.http.get(url)).status_code == 401
    assert (await alone.at.http.get(url, headers={"Authorization": "Basic !"})).status_code == 401

"""Whatever is sent, and whatever PayPal is played to say, is as PayPal's descriptions have it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import activities.psp.plugins.paypal.certification.suite as certification
from activities.psp.certification import Canned, Heard, Verdict
from activities.psp.plugins.paypal.certification.suite import PaypalCertification
from activities.psp.plugins.paypal.certification.things import SOLD_ORDER_ID
from activities.psp.wire import WireError
from tests.activities.psp.descriptions import (
    Request,
    check_component,
    check_request,
    check_response,
    description,
    needs_descriptions,
    refuses_mutations,
)
from tests.activities.psp.orders import instructions, lookup_of
from tests.activities.psp.paypal.far import (
    ACCOUNT,
    ORDER_REF,
    Answer,
    Kept,
    batch,
    canned,
    held,
    item,
    order,
    speaking,
)
from tests.activities.psp.paypal.reports import report, transaction
from tests.activities.psp.paypal.younger import without_what_is_younger
from workflows.domain.identity import SALE
from workflows.domain.money import Money
from workflows.domain.psp import (
    COMPLETE,
    AuthorizeInstruction,
    CompleteInstruction,
    Operation,
    SellInstruction,
    VoidInstruction,
)
from workflows.domain.settlement import SettlementQuery

pytestmark = needs_descriptions

AMOUNTS = [Money(5000, "JPY"), Money(5001, "EUR"), Money(12345, "TND"), Money(500000, "HUF")]
PLACES = {
    "/v2/checkout/": "paypal/checkout_orders_v2.json",
    "/v2/payments/": "paypal/payments_payment_v2.json",
    "/v1/payments/": "paypal/payments_payouts_batch_v1.json",
    "/v1/reporting/": "paypal/reporting_transactions_v1.json",
    "/v1/notifications/": "paypal/notifications_webhooks_v1.json",
}
NO_WORDS_OF_PAYPALS = (b"UNDER_REVIEW", b"ADDED_NEXT_YEAR")
"""What it might say one day, which is why its description has it not."""
UNDESCRIBED = {403, 409, 429}
"""Where a description says only `default`, or nothing."""
EXAMPLES = sorted((Path(certification.__file__).parents[1] / "examples").glob("*.json"))
RESOURCES = {
    "checkout-order": ("/v2/checkout/", "order"),
    "authorization": ("/v2/payments/", "authorization-2"),
    "capture": ("/v2/payments/", "capture-2"),
    "refund": ("/v2/payments/", "refund"),
    "payouts_item": ("/v1/payments/", "payout_item-2"),
    "payouts": ("/v1/payments/", "payout_batch"),
}


def judge_of(path: str) -> Any:
    return description(next(name for base, name in PLACES.items() if path.startswith(base)))


def request_of(heard: Heard) -> Request:
    heard = without_what_is_younger(heard)
    parts = urlsplit(heard.path)
    return Request(heard.method, parts.path, parts.query, heard.headers, heard.body)


def judge_reply(heard: Heard, reply: Canned) -> None:
    if reply.status in UNDESCRIBED or any(word in reply.body for word in NO_WORDS_OF_PAYPALS):
        return
    request = request_of(heard)
    at = judge_of(request.path)
    check_response(at, request.method, request.path, reply.status, reply.headers, reply.body)


async def quietly(call: Any) -> None:
    """What comes of it is told elsewhere; here it is only asked."""
    try:
        await call
    except WireError:
        return


async def every_exchange(verdict: Verdict, amount: Money) -> Kept:
    """All that the adapter can ask, each in every way it can."""
    kept, certified = Kept(), PaypalCertification()
    asked = instructions(ACCOUNT, amount, "0VF52814937998046")
    authorize, void = asked[Operation.AUTHORIZE], asked[Operation.VOID]
    assert isinstance(authorize, AuthorizeInstruction)
    assert isinstance(void, VoidInstruction)
    async with speaking(lambda request: certified.answer(request, verdict), kept) as adapter:
        for operation, each in asked.items():
            await quietly(getattr(adapter, "sell" if operation == SALE else operation)(each))
            if operation == COMPLETE:
                continue
            for psp_ref in (None, "1JU08902781691411"):
                lookup = lookup_of(each, operation, psp_ref)
                await quietly(adapter.look_up(lookup))
                await quietly(adapter.look_up(replace(lookup, parent_ref=None)))
        await quietly(adapter.authorize(replace(authorize, payment_token=None)))
        await quietly(adapter.void(replace(void, psp_ref=ORDER_REF)))
        await quietly(adapter.void(replace(void, after_capture=True)))
        await quietly(adapter.look_up(lookup_of(authorize, Operation.AUTHORIZE, ORDER_REF)))
        sale, completion = asked[SALE], asked[COMPLETE]
        assert isinstance(sale, SellInstruction)
        assert isinstance(completion, CompleteInstruction)
        await quietly(adapter.sell(replace(sale, payment_token=None)))
        await quietly(adapter.complete(replace(completion, authorize_key=sale.key)))
        back = replace(void, authorize_key=sale.key, sale=True)
        for psp_ref in (f"order_{SOLD_ORDER_ID}", "0VF52814937998sold"):
            await quietly(adapter.void(replace(back, psp_ref=psp_ref)))
            await quietly(adapter.look_up(replace(lookup_of(back, "void"), parent_ref=psp_ref)))
            await quietly(adapter.look_up(lookup_of(sale, SALE, psp_ref)))
    return kept


async def of_what_is_not_certified() -> Kept:
    """Batches, the report, and PayPal asked about a webhook."""
    kept = Kept()
    payout = instructions(ACCOUNT)[Operation.PAYOUT]
    async with speaking(by_place(), kept) as adapter:
        for psp_ref in ("batch_FYXMPQTX4JC9N", "8AELMXH8UB2P8"):
            await adapter.look_up(lookup_of(payout, Operation.PAYOUT, psp_ref))
        for cursor in (None, "2"):
            query = SettlementQuery(account=ACCOUNT, day="2026-11-24", cursor=cursor)
            await quietly(adapter.settlement(query))
    return kept


def by_place() -> Answer:
    resources = {"payouts": batch("SUCCESS", item("SUCCESS")), "payouts-item": item("SUCCESS")}

    def answer(request: Heard) -> Canned:
        if request.path.startswith("/v1/reporting/"):
            return canned(200, report(transaction("T0006", "50.00")))
        return canned(200, resources[request.path.split("/")[3]])

    return answer


@pytest.mark.parametrize("amount", AMOUNTS, ids=str)
@pytest.mark.parametrize("verdict", Verdict)
async def test_every_request_and_reply_is_as_described(verdict: Verdict, amount: Money) -> None:
    kept = await every_exchange(verdict, amount)
    assert len(kept.heard) > 15
    for heard, reply in zip(kept.heard, kept.answered, strict=True):
        check_request(judge_of(heard.path), *request_of(heard))
        if heard.method == "GET" or verdict is not Verdict.NOT_FOUND:
            judge_reply(heard, reply)


async def test_batches_and_reports_are_asked_for_as_described() -> None:
    kept = await of_what_is_not_certified()
    assert len(kept.heard) == 4
    for heard, reply in zip(kept.heard, kept.answered, strict=True):
        check_request(judge_of(heard.path), *request_of(heard))
        judge_reply(heard, reply)


async def test_every_call_is_among_those_that_are_judged() -> None:
    kept = await every_exchange(Verdict.APPROVED, AMOUNTS[1])
    other = await of_what_is_not_certified()
    asked = {each.partition("?")[0] for each in (*kept.asked, *other.asked)}
    assert asked == {
        "POST /v2/checkout/orders",
        "GET /v2/checkout/orders/5O190127TN364715T",
        "POST /v2/checkout/orders/0VF52814937998046/authorize",
        "POST /v2/checkout/orders/0VF52814937998046/capture",
        "GET /v2/payments/authorizations/0VF52814937998046",
        "GET /v2/payments/authorizations/1JU08902781691411",
        "POST /v2/payments/authorizations/0VF52814937998046/capture",
        "POST /v2/payments/authorizations/0VF52814937998046/void",
        "GET /v2/checkout/orders/50LD90127TN364715",
        "GET /v2/payments/authorizations/0VF52814937998sold",
        "GET /v2/payments/captures/0VF52814937998sold",
        "GET /v2/payments/captures/2GG279541U471931P",
        "POST /v2/payments/captures/2GG279541U471931P/refund",
        "GET /v2/payments/captures/0VF52814937998046",
        "GET /v2/payments/captures/1JU08902781691411",
        "POST /v2/payments/captures/0VF52814937998046/refund",
        "GET /v2/payments/refunds/1JU08902781691411",
        "POST /v1/payments/payouts",
        "GET /v1/payments/payouts/FYXMPQTX4JC9N",
        "GET /v1/payments/payouts-item/1JU08902781691411",
        "GET /v1/payments/payouts-item/8AELMXH8UB2P8",
        "GET /v1/reporting/transactions",
    }


@pytest.mark.parametrize("amount", AMOUNTS, ids=str)
async def test_the_judge_is_not_blind_to_what_could_be_wrong_with_them(amount: Money) -> None:
    heard = [
        *(await every_exchange(Verdict.APPROVED, amount)).heard,
        *(await of_what_is_not_certified()).heard,
    ]
    for each in {(r.method, r.path, r.body): r for r in heard}.values():
        assert refuses_mutations(judge_of(each.path), request_of(each)) >= 3, each.path


def example(path: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(path.read_text())
    return made


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_as_described(path: Path) -> None:
    document = example(path)
    if "webhook" in document:
        resource = document["webhook"]["resource"]
        base, component = RESOURCES.get(document["webhook"]["resource_type"], ("", ""))
        check_component(
            description(PLACES["/v1/notifications/"]),
            "event",
            json.dumps(document["webhook"]).encode(),
        )
        body = json.dumps(resource).encode()
        if component and not any(word in body for word in NO_WORDS_OF_PAYPALS):
            check_component(description(PLACES[base]), component, body)
        return
    sent, answer = document["request"], document["answer"]
    body = b"" if isinstance(sent["body"], str) else json.dumps(sent["body"]).encode()
    headers = sent["headers"] | {"content-type": "application/json"}
    heard = Heard(sent["method"], sent["path"], headers, body)
    check_request(judge_of(sent["path"]), *request_of(heard))
    judge_reply(heard, canned(answer["status"], answer["body"]))


REPLIES: dict[str, tuple[str, dict[str, Any]]] = {
    "GET /v2/checkout/orders/5O1 ready": ("/v2/checkout/orders/5O1", order("APPROVED")),
    "GET /v2/checkout/orders/5O1 done": ("/v2/checkout/orders/5O1", order("COMPLETED", held())),
    "GET /v2/payments/authorizations/0VF": ("/v2/payments/authorizations/0VF", held("VOIDED")),
    "GET /v1/payments/payouts/FYX": ("/v1/payments/payouts/FYX", batch("SUCCESS", item("ONHOLD"))),
    "GET /v1/payments/payouts-item/8AE": ("/v1/payments/payouts-item/8AE", item("RETURNED")),
    "GET /v1/reporting/transactions": (
        "/v1/reporting/transactions",
        report(transaction("T0006", "50.00")),
    ),
}


@pytest.mark.parametrize("name", REPLIES)
def test_what_the_other_tests_play_is_as_described(name: str) -> None:
    path, body = REPLIES[name]
    check_response(
        judge_of(path),
        "GET",
        path,
        200,
        {"content-type": "application/json"},
        json.dumps(body).encode(),
    )

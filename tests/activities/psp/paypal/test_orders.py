"""An order, what a payer does with it, and what becomes of it when we authorize it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.paypal.far import (
    HELD,
    ORDER,
    ORDER_REF,
    ask,
    error,
    held,
    instruction,
    order,
    refused,
    unit,
)
from workflows.domain.money import Money
from workflows.domain.psp import COMPLETE, Approved, Declined, Operation, Pending

CREATE = "POST /v2/checkout/orders"
AUTHORIZE = f"POST /v2/checkout/orders/{ORDER}/authorize"
LOOK = f"GET /v2/checkout/orders/{ORDER}"
PAGE = f"https://www.sandbox.paypal.com/checkoutnow?token={ORDER}"


def completion(**more: Any) -> Any:
    return instruction(COMPLETE, ORDER_REF, **more)


async def test_without_a_token_the_payer_is_asked_on_paypals_page() -> None:
    reply, kept = await ask(
        Operation.AUTHORIZE,
        instruction(Operation.AUTHORIZE),
        {CREATE: (201, order("PAYER_ACTION_REQUIRED"))},
    )
    assert reply == Pending(ORDER_REF, PAGE)
    body = json.loads(kept.heard[0].body)
    assert body["payment_source"] == {
        "paypal": {
            "experience_context": {
                "return_url": "https://return.private/done",
                "cancel_url": "https://return.private/done",
                "user_action": "PAY_NOW",
                "shipping_preference": "NO_SHIPPING",
                "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
                "brand_name": "Certified Casino",
            }
        }
    }


@pytest.mark.parametrize("rel", ["approve", "payer-action"])
async def test_the_page_is_found_by_its_old_and_by_its_new_name(rel: str) -> None:
    told = order("CREATED", links=[{"href": PAGE, "rel": rel, "method": "GET"}])
    reply, _ = await ask(
        Operation.AUTHORIZE, instruction(Operation.AUTHORIZE), {CREATE: (201, told)}
    )
    assert reply == Pending(ORDER_REF, PAGE)


async def test_a_page_that_is_no_https_address_is_shown_to_nobody() -> None:
    links = [{"href": "javascript:alert(1)", "rel": "approve", "method": "GET"}]
    reply, _ = await ask(
        Operation.AUTHORIZE,
        instruction(Operation.AUTHORIZE),
        {CREATE: (201, order("CREATED", links=links))},
    )
    assert reply == Pending(ORDER_REF, None)


@pytest.mark.parametrize("token", ["4111111111111111", "DE89370400440532013000", "a/b", "a b"])
async def test_a_token_that_may_be_a_card_or_a_path_is_not_sent(token: str) -> None:
    reply, kept = await ask(
        Operation.AUTHORIZE, instruction(Operation.AUTHORIZE, payment_token=token), {}
    )
    assert isinstance(reply, NeverSent)
    assert token not in str(reply)
    assert kept.asked == []


async def test_an_order_of_another_currency_is_not_believed() -> None:
    other = order("CREATED")
    other["purchase_units"][0]["amount"] = {"currency_code": "USD", "value": "50.00"}
    reply, _ = await ask(
        Operation.AUTHORIZE, instruction(Operation.AUTHORIZE), {CREATE: (201, other)}
    )
    assert isinstance(reply, InDoubt)


async def test_an_order_for_another_merchant_is_not_believed() -> None:
    other = order("CREATED")
    other["purchase_units"][0]["payee"] = {"merchant_id": "ZZZZZZZZZZZZZ"}
    reply, _ = await ask(
        Operation.AUTHORIZE, instruction(Operation.AUTHORIZE), {CREATE: (201, other)}
    )
    assert isinstance(reply, InDoubt)


async def test_what_the_payer_approved_is_authorized_under_a_key_of_its_own() -> None:
    done = {AUTHORIZE: (201, order("COMPLETED", held()))}
    reply, kept = await ask(COMPLETE, completion(), done)
    assert reply == Approved(HELD, Money(5000, "EUR"))
    assert kept.heard[0].headers["paypal-request-id"] == "in_cert:authorize:1:complete:1"


async def test_a_second_completion_finds_what_the_first_one_did() -> None:
    reply, _ = await ask(
        COMPLETE,
        completion(),
        {AUTHORIZE: refused("ORDER_ALREADY_AUTHORIZED"), LOOK: (200, order("COMPLETED", held()))},
    )
    assert reply == Approved(HELD, Money(5000, "EUR"))


async def test_who_came_back_without_approving_is_sent_there_again() -> None:
    reply, _ = await ask(
        COMPLETE,
        completion(),
        {AUTHORIZE: refused("ORDER_NOT_APPROVED"), LOOK: (200, order("PAYER_ACTION_REQUIRED"))},
    )
    assert reply == Pending(ORDER_REF, PAGE)


@pytest.mark.parametrize("issue", ["INSTRUMENT_DECLINED", "PAYER_ACTION_REQUIRED"])
async def test_another_way_to_pay_may_be_chosen_on_paypals_page(issue: str) -> None:
    links = [{"href": PAGE, "rel": "redirect", "method": "GET"}]
    reply, kept = await ask(COMPLETE, completion(), {AUTHORIZE: refused(issue, links=links)})
    assert reply == Pending(ORDER_REF, PAGE)
    assert len(kept.asked) == 1


async def test_where_nothing_can_be_chosen_it_is_declined() -> None:
    reply, _ = await ask(
        COMPLETE,
        completion(),
        {AUTHORIZE: refused("INSTRUMENT_DECLINED"), LOOK: (200, order("CREATED", links=[]))},
    )
    assert reply == Declined("do_not_honor", soft=True, code="INSTRUMENT_DECLINED")


async def test_a_look_that_fails_after_a_certain_no_leaves_the_payer_waiting() -> None:
    reply, _ = await ask(
        COMPLETE,
        completion(),
        {AUTHORIZE: refused("ORDER_NOT_APPROVED"), LOOK: (503, {})},
    )
    assert reply == Pending(ORDER_REF)


async def test_an_expired_order_is_declined() -> None:
    reply, _ = await ask(COMPLETE, completion(), {AUTHORIZE: refused("ORDER_EXPIRED")})
    assert reply == Declined("expired", soft=False, code="ORDER_EXPIRED")


async def test_what_paypal_says_is_null_is_as_if_it_were_not_said() -> None:
    told = order("COMPLETED", held(processor_response=None, invoice_id=None), payment_source=None)
    reply, _ = await ask(COMPLETE, completion(), {AUTHORIZE: (201, told)})
    assert isinstance(reply, Approved)
    reply, _ = await ask(COMPLETE, completion(), {AUTHORIZE: (201, told | {"status": None})})
    assert isinstance(reply, InDoubt)


async def test_an_order_without_id_cannot_be_completed() -> None:
    reply, kept = await ask(COMPLETE, instruction(COMPLETE, None), {})
    assert isinstance(reply, NeverSent)
    assert kept.asked == []


@pytest.mark.parametrize(
    "told",
    [
        order("COMPLETED", held(custom_id="in_other:authorize:1")),
        order("COMPLETED", held(), id="9ZZ190127TN364715"),
        order("COMPLETED"),
        order("COMPLETED", held(), purchase_units=[unit(held()), unit(held())]),
        order("COMPLETED", held(amount={"currency_code": "EUR", "value": "-50.00"})),
        order("COMPLETED", held(amount={"currency_code": "EUR", "value": "fifty"})),
    ],
    ids=["another key", "another order", "no hold", "two units", "below zero", "no amount"],
)
async def test_an_authorization_that_does_not_fit_is_in_doubt(told: dict[str, Any]) -> None:
    reply, _ = await ask(COMPLETE, completion(), {AUTHORIZE: (201, told)})
    assert isinstance(reply, InDoubt)


CERTAINLY_NOTHING = {
    "wrong key": (401, {"error": "invalid_token"}),
    "not allowed": (403, error("NOT_AUTHORIZED", "PERMISSION_DENIED")),
    "too many": (429, error("RATE_LIMIT_REACHED", "RATE_LIMIT_REACHED")),
}


@pytest.mark.parametrize("name", CERTAINLY_NOTHING)
async def test_where_paypal_did_nothing_another_psp_may_be_asked(name: str) -> None:
    reply, _ = await ask(
        Operation.AUTHORIZE,
        instruction(Operation.AUTHORIZE),
        {CREATE: CERTAINLY_NOTHING[name]},
    )
    assert isinstance(reply, NeverSent)


MAYBE = {
    "in progress": (409, error("RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS")),
    "paid before": refused("DUPLICATE_INVOICE_ID"),
    "broken": (500, error("INTERNAL_SERVER_ERROR", "INTERNAL_SERVICE_ERROR")),
    "timeout": (408, error("REQUEST_TIMEOUT", "REQUEST_TIMEOUT")),
    "teapot": (418, error("TEAPOT", "TEAPOT")),
}


@pytest.mark.parametrize("name", MAYBE)
async def test_where_something_may_have_been_done_it_is_in_doubt(name: str) -> None:
    reply, _ = await ask(
        Operation.AUTHORIZE, instruction(Operation.AUTHORIZE), {CREATE: MAYBE[name]}
    )
    assert isinstance(reply, InDoubt)


async def test_forints_with_a_fraction_are_not_sent() -> None:
    reply, kept = await ask(
        Operation.AUTHORIZE, instruction(Operation.AUTHORIZE, amount=Money(1050, "HUF")), {}
    )
    assert isinstance(reply, NeverSent)
    assert kept.asked == []

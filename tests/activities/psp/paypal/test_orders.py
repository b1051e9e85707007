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
    answers,
    ask,
    held,
    instruction,
    order,
    refused,
    speaking,
    unit,
)
from workflows.domain.money import Money
from workflows.domain.psp import COMPLETE, Approved, Authentication, Declined, Operation, Pending

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


async def test_a_player_who_comes_back_pays_by_the_wallet_that_paypal_keeps() -> None:
    reply, kept = await ask(
        Operation.AUTHORIZE,
        instruction(Operation.AUTHORIZE, payment_token="8kk8451t"),
        {CREATE: (201, order("COMPLETED", held()))},
    )
    assert reply == Approved(HELD, Money(5000, "EUR"))
    (source,) = json.loads(kept.heard[0].body)["payment_source"].items()
    assert source[0] == "paypal"
    assert source[1]["vault_id"] == "8kk8451t"
    # As somebody who has paid so before and is there now.
    assert source[1]["stored_credential"] == {
        "payment_initiator": "CUSTOMER",
        "usage": "SUBSEQUENT",
        "usage_pattern": "IMMEDIATE",
    }
    # PayPal may want to see the payer all the same.
    assert source[1]["experience_context"]["return_url"] == "https://return.private/done"


async def test_a_kept_wallet_whose_payer_paypal_wants_to_see_goes_by_its_page() -> None:
    reply, _ = await ask(
        Operation.AUTHORIZE,
        instruction(Operation.AUTHORIZE, payment_token="8kk8451t"),
        {CREATE: (201, order("PAYER_ACTION_REQUIRED"))},
    )
    assert reply == Pending(ORDER_REF, PAGE)


async def test_a_proof_of_3d_secure_is_neither_claimed_to_be_taken_nor_sent() -> None:
    proof = Authentication("visa", "05", "cavv-private", True, "2.2.0", "ds-private")
    replies = {CREATE: (201, order("PAYER_ACTION_REQUIRED"))}
    asked = instruction(Operation.AUTHORIZE, authentication=proof)
    _, kept = await ask(Operation.AUTHORIZE, asked, replies)
    assert b"private" not in kept.heard[0].body.replace(b"return.private", b"")
    async with speaking(answers(replies)) as adapter:
        assert adapter.reuses_3ds is False


@pytest.mark.parametrize("rel", ["approve", "payer-action"])
async def test_the_page_is_found_by_its_old_and_by_its_new_name(rel: str) -> None:
    answer = order("CREATED", links=[{"href": PAGE, "rel": rel, "method": "GET"}])
    reply, _ = await ask(
        Operation.AUTHORIZE, instruction(Operation.AUTHORIZE), {CREATE: (201, answer)}
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
    answer = order("COMPLETED", held(processor_response=None, invoice_id=None), payment_source=None)
    reply, _ = await ask(COMPLETE, completion(), {AUTHORIZE: (201, answer)})
    assert isinstance(reply, Approved)
    reply, _ = await ask(COMPLETE, completion(), {AUTHORIZE: (201, answer | {"status": None})})
    assert isinstance(reply, InDoubt)


async def test_an_order_without_id_cannot_be_completed() -> None:
    reply, kept = await ask(COMPLETE, instruction(COMPLETE, None), {})
    assert isinstance(reply, NeverSent)
    assert kept.asked == []


@pytest.mark.parametrize(
    "answer",
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
async def test_an_authorization_that_does_not_fit_is_in_doubt(answer: dict[str, Any]) -> None:
    reply, _ = await ask(COMPLETE, completion(), {AUTHORIZE: (201, answer)})
    assert isinstance(reply, InDoubt)


async def test_forints_with_a_fraction_are_not_sent() -> None:
    reply, kept = await ask(
        Operation.AUTHORIZE, instruction(Operation.AUTHORIZE, amount=Money(1050, "HUF")), {}
    )
    assert isinstance(reply, NeverSent)
    assert kept.asked == []

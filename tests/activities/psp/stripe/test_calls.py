"""What Stripe's answers to an instruction make certain, and what is never asked of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import structlog

from activities.psp.contract import Completes, PaysOut
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.orders import AMOUNT, PRIVATE, instructions
from tests.activities.psp.stripe.exchanges import (
    ACCOUNT,
    Answer,
    Exchanges,
    listed,
    pi,
    re,
    saying,
    speaking,
)
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, MerchantAccount, Pending

ASKED = instructions(ACCOUNT, AMOUNT, "pi_1")
CARD = "4111 1111 1111 1111"
SEARCHED: dict[str, Any] = {"object": "search_result", "url": "/v1", "has_more": False}


async def ask(operation: str, answer: Answer, kept: Exchanges | None = None, **change: Any) -> Any:
    async with speaking(answer, kept) as adapter:
        return await getattr(adapter, operation)(replace(ASKED[operation], **change))


def refusing(status: int, kind: str = "invalid_request_error", **members: Any) -> Answer:
    return saying({"error": {"type": kind, "message": "No.", **members}}, status=status)


EVERY = ("authorize", "capture", "void", "refund")
FOLLOWS = EVERY[1:]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_stripe_does_not_take_lets_another_account_be_asked_and_alerts(
    status: int,
) -> None:
    with structlog.testing.capture_logs() as lines:
        for token in ("tok_private", None):
            said_no = await ask("authorize", refusing(status), payment_token=token)
            assert said_no == Declined(
                "account_misconfigured", soft=True, code="invalid_request_error"
            )
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("psp_account_misconfigured", "error")
    ] * 2


@pytest.mark.parametrize("operation", FOLLOWS)
@pytest.mark.parametrize("status", [401, 403])
async def test_what_follows_waits_until_the_key_is_taken_again(operation: str, status: int) -> None:
    with pytest.raises(NeverSent):
        await ask(operation, refusing(status))


@pytest.mark.parametrize("operation", EVERY)
@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (429, "invalid_request_error", "rate_limit"),
        (429, "rate_limit_error", "lock_timeout"),
        (400, "rate_limit_error", None),
        (400, "invalid_request_error", "payment_intent_rate_limit_exceeded"),
    ],
)
async def test_what_stripe_did_not_begin_was_never_sent(
    operation: str, status: int, kind: str, code: str | None
) -> None:
    with pytest.raises(NeverSent):
        await ask(operation, refusing(status, kind, code=code))


@pytest.mark.parametrize("operation", EVERY)
@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "idempotency_error", None),
        (409, "idempotency_error", "idempotency_key_in_use"),
        (409, "invalid_request_error", "lock_timeout"),
        (400, "invalid_request_error", "payment_intent_unexpected_state"),
        (400, "api_error", None),
        (400, "a_kind_of_next_year", None),
        (402, "api_error", None),
        (404, "invalid_request_error", None),
        (424, "api_error", None),
        (500, "api_error", None),
        (503, "api_error", None),
    ],
)
async def test_whatever_else_went_wrong_is_a_doubt(
    operation: str, status: int, kind: str, code: str | None
) -> None:
    with pytest.raises(InDoubt):
        await ask(operation, refusing(status, kind, code=code))


async def test_a_busy_payment_intent_that_is_there_is_a_doubt() -> None:
    busy = refusing(400, code="payment_intent_rate_limit_exceeded", payment_intent=pi())
    with pytest.raises(InDoubt):
        await ask("authorize", busy)


@pytest.mark.parametrize("operation", EVERY)
async def test_a_refused_request_did_nothing(operation: str) -> None:
    reply = await ask(operation, refusing(400, code="parameter_invalid_integer"))
    assert reply == Declined("invalid_request", soft=False, code="parameter_invalid_integer")
    gone = await ask(operation, refusing(404, code="resource_missing"))
    assert gone == Declined("invalid_request", soft=False, code="resource_missing")


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        ("authorize", pi(amount_capturable=5000, metadata={})),
        ("authorize", pi(amount_capturable=5000, currency="usd")),
        ("authorize", pi(amount_capturable=None)),
        ("authorize", pi(amount_capturable=-1)),
        ("authorize", pi(amount_capturable="5000")),
        ("authorize", {**pi(amount_capturable=5000), "object": "charge"}),
        ("capture", pi(status="succeeded", amount_received=5000, id="pi_2")),
        ("capture", pi(status="succeeded", amount_received=5000, currency="usd")),
        ("capture", pi(status="requires_capture")),
        ("void", pi(status="canceled", metadata={"paysaga_key": "in_cert:authorize:2"})),
        ("void", pi(status="requires_capture")),
        ("refund", re(payment_intent="pi_2")),
        ("refund", re(metadata={"paysaga_key": "re_cert:case-refund"})),
        ("refund", re(currency="usd")),
    ],
)
async def test_an_answer_that_does_not_fit_the_question_is_a_doubt(
    operation: str, answer: dict[str, Any]
) -> None:
    with pytest.raises(InDoubt):
        await ask(operation, saying(answer))


async def test_a_decline_that_comes_with_a_living_hold_is_a_doubt() -> None:
    members = {"decline_code": "do_not_honor", "payment_intent": pi(amount_capturable=5000)}
    with pytest.raises(InDoubt):
        await ask("authorize", refusing(402, "card_error", **members))


async def test_a_refused_capture_of_a_captured_one_is_told_by_its_state() -> None:
    done = pi(status="succeeded", amount_received=3000)
    code = "payment_intent_unexpected_state"
    reply = await ask("capture", refusing(400, code=code, payment_intent=done))
    assert reply == Approved("pi_1", Money(3000, "EUR"))


async def test_a_refused_cancel_of_a_canceled_one_has_reached_its_end() -> None:
    gone = pi(status="canceled")
    code = "payment_intent_unexpected_state"
    reply = await ask("void", refusing(400, code=code, payment_intent=gone))
    assert reply == Approved("pi_1", AMOUNT)
    foreign = pi(status="canceled", metadata={})
    with pytest.raises(InDoubt):
        await ask("void", refusing(400, code=code, payment_intent=foreign))


async def test_a_bank_may_decline_a_capture() -> None:
    held = pi(status="requires_capture", amount_capturable=5000)
    members = {"code": "card_declined", "decline_code": "generic_decline", "payment_intent": held}
    declined = await ask("capture", refusing(402, "card_error", **members))
    assert isinstance(declined, Declined)
    assert declined.code == "generic_decline"


# --- what is never asked ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "change"),
    [
        ("authorize", {"payment_token": CARD}),
        ("authorize", {"payment_token": "DE89370400440532013000"}),
        ("authorize", {"method": "sofort"}),
        ("authorize", {"account": MerchantAccount("stripe", "nowhere")}),
        ("capture", {"psp_ref": "../refunds"}),
        ("capture", {"psp_ref": ""}),
        ("void", {"psp_ref": "pi_1/confirm"}),
        ("refund", {"authorization_ref": "pi_1?x"}),
    ],
)
async def test_what_stripe_cannot_be_asked_is_never_sent(
    operation: str, change: dict[str, Any]
) -> None:
    kept = Exchanges()
    with pytest.raises(NeverSent) as refused:
        await ask(operation, saying({}), kept, **change)
    assert kept.heard == []
    assert not [each for each in (*PRIVATE, "4111", "DE89") if each in str(refused.value)]


async def test_it_pays_no_player_and_needs_no_completion() -> None:
    async with speaking(saying({})) as adapter:
        assert not isinstance(adapter, PaysOut | Completes)


# --- voids ------------------------------------------------------------------------------------


async def test_the_rest_of_a_captured_hold_is_released_already_and_only_looked_at() -> None:
    kept = Exchanges()
    part = pi(status="succeeded", amount=5000, amount_received=3000)
    reply = await ask("void", saying(part), kept, after_capture=True)
    assert reply == Approved("pi_1", Money(2000, "EUR"))
    assert [each.method for each in kept.heard] == ["GET"]


@pytest.mark.parametrize(
    "answer",
    [
        pi(status="requires_capture"),
        pi(status="canceled"),
        pi(status="succeeded", amount_received=6000),
        pi(status="succeeded", amount_received=3000, metadata={}),
    ],
)
async def test_a_rest_that_stripe_does_not_confirm_is_a_doubt(answer: dict[str, Any]) -> None:
    with pytest.raises(InDoubt):
        await ask("void", saying(answer), after_capture=True)


async def test_a_hold_whose_id_we_never_heard_is_searched_for_and_canceled() -> None:
    kept = Exchanges()
    found = {**SEARCHED, "data": [pi()]}
    reply = await ask("void", saying(found, pi(status="canceled")), kept, psp_ref=None)
    assert reply == Approved("pi_1", AMOUNT)
    assert [each.path.partition("?")[0] for each in kept.heard] == [
        "/v1/payment_intents/search",
        "/v1/payment_intents/pi_1/cancel",
    ]


async def test_where_no_hold_is_found_none_was_asked_to_be_canceled() -> None:
    nothing = saying({**SEARCHED, "data": []}, listed(url="/v1/checkout/sessions"))
    for answer in (nothing, refusing(404), refusing(500, "api_error")):
        kept = Exchanges()
        with pytest.raises(NeverSent):
            await ask("void", answer, kept, psp_ref=None)
        assert kept.heard
        assert {each.method for each in kept.heard} == {"GET"}


# --- how it is asked --------------------------------------------------------------------------


async def test_each_account_is_asked_in_its_own_name_and_in_a_version_that_we_know() -> None:
    kept = Exchanges()
    await ask("authorize", saying(pi(amount_capturable=5000)), kept)
    headers = kept.heard[0].headers
    assert headers["authorization"] == "Bearer sk_test_certified"
    assert headers["stripe-version"] == "2025-09-30.clover"
    assert headers["idempotency-key"] == "in_cert:authorize:1"


async def test_a_player_is_sent_where_stripe_says_and_only_if_it_is_a_place() -> None:
    def action(**step: Any) -> Answer:
        return saying(pi(status="requires_action", next_action=step))

    there = {"url": "https://hooks.stripe.com/3ds"}
    sent = await ask("authorize", action(type="redirect_to_url", redirect_to_url=there))
    assert sent == Pending("pi_1", "https://hooks.stripe.com/3ds")
    other = await ask("authorize", action(type="use_stripe_sdk", redirect_to_url=there))
    assert other == Pending("pi_1")
    with pytest.raises(InDoubt):
        bad = {"url": "javascript:alert(1)"}
        await ask("authorize", action(type="redirect_to_url", redirect_to_url=bad))

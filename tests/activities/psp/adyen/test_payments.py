"""Authorizing, coming back from the issuer, and Adyen's own page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from activities.psp.plugins.adyen.keys import shopper_reference
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.adyen.far import (
    LINK,
    PAYMENT,
    a_link,
    adyen,
    asked,
    fault,
    says,
)
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Authentication, Declined, Pending

LINKED = f"link_{LINK}"
GET = {"type": "redirect", "method": "GET", "url": "https://issuer.example/3ds?x=1"}
KEY = "in_cert:authorize:1"
CAVV = "AAABBEg0VhI0VniQEjRWAAAAAAA="


def answered(result: str, **more: Any) -> dict[str, Any]:
    return {"resultCode": result, "pspReference": PAYMENT, "merchantReference": KEY, **more}


async def outcome(answer: dict[str, Any], operation: str = "authorize") -> Any:
    async with adyen(says(200, answer)) as far:
        return await getattr(far.adapter, operation)(asked(operation))


@pytest.mark.parametrize("operation", ["authorize", "complete"])
async def test_a_redirect_sends_the_player_to_the_issuer(operation: str) -> None:
    reply = await outcome(answered("RedirectShopper", action=GET), operation)
    assert reply == Pending(PAYMENT, "https://issuer.example/3ds?x=1")


@pytest.mark.parametrize(
    "action",
    [
        {**GET, "method": "POST", "data": {"MD": "1"}},
        {**GET, "url": "javascript:alert(1)"},
        {**GET, "url": ""},
        {"type": "threeDS2", "token": "x"},
    ],
    ids=["a form", "a script", "nowhere", "a challenge"],
)
async def test_what_is_no_plain_link_is_pending_without_one(action: dict[str, Any]) -> None:
    assert await outcome(answered("RedirectShopper", action=action)) == Pending(PAYMENT)


@pytest.mark.parametrize(
    "result",
    ["Pending", "Received", "PresentToShopper", "ChallengeShopper", "IdentifyShopper", "Success"],
)
async def test_whatever_is_not_final_is_pending(result: str) -> None:
    assert await outcome(answered(result)) == Pending(PAYMENT)


async def test_a_pending_payment_may_have_no_reference_yet() -> None:
    assert await outcome({"resultCode": "Received"}) == Pending("")


async def test_a_part_that_is_authorised_is_told_as_it_is() -> None:
    amount = {"currency": "EUR", "value": 3000}
    reply = await outcome(answered("PartiallyAuthorised", amount=amount))
    assert reply == Approved(PAYMENT, Money(3000, "EUR"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"merchantReference": "in_other:authorize:1"},
        {"merchantReference": None},
        {"amount": {"currency": "USD", "value": 5000}},
        {"amount": None},
        {"pspReference": None},
        {"pspReference": "../refunds"},
        {"amount": {"currency": "XXL", "value": 5000}},
    ],
    ids=str,
)
async def test_an_authorization_of_something_else_leaves_doubt(wrong: dict[str, Any]) -> None:
    right = answered("Authorised", amount={"currency": "EUR", "value": 5000})
    assert isinstance(await outcome(right), Approved)
    with pytest.raises(InDoubt):
        await outcome({**right, **wrong})


@pytest.mark.parametrize("body", [{}, {"resultCode": 7}, {"resultCode": "Authorised"}], ids=str)
async def test_an_answer_out_of_the_dialect_leaves_doubt(body: dict[str, Any]) -> None:
    async with adyen(says(200, body)) as far:
        with pytest.raises(InDoubt):
            await far.adapter.authorize(asked("authorize"))


@pytest.mark.parametrize(
    ("status", "code", "kind", "raised"),
    [
        (401, "000", "security", NeverSent),
        (403, "901", "security", NeverSent),
        (422, "704", "validation", InDoubt),
        (422, "903", "internal", InDoubt),
        (429, "429", "validation", InDoubt),
        (500, "905", "internal", InDoubt),
    ],
)
async def test_an_error_says_what_is_certain(
    status: int, code: str, kind: str, raised: type[Exception]
) -> None:
    async with adyen(fault(status, code, kind)) as far:
        with pytest.raises(raised):
            await far.adapter.authorize(asked("authorize"))


async def test_what_adyen_calls_transient_leaves_doubt() -> None:
    body = {"status": 422, "errorCode": "137", "errorType": "validation", "message": "no"}
    async with adyen(says(422, body, transient_error="true")) as far:
        with pytest.raises(InDoubt):
            await far.adapter.authorize(asked("authorize"))


async def test_a_request_that_is_not_taken_is_declined() -> None:
    async with adyen(fault(422, "138")) as far:
        reply = await far.adapter.authorize(asked("authorize"))
    assert reply == Declined("currency_not_supported", soft=True, code="138")


async def test_without_what_the_player_brought_back_nothing_is_asked() -> None:
    async with adyen() as far:
        reply = await far.adapter.complete(replace(asked("complete"), parameters={}))
        assert (reply, far.exchanges) == (Pending(PAYMENT), [])


async def test_what_a_browser_brought_cannot_decline_a_payment() -> None:
    async with adyen(fault(422, "14_018")) as far:
        assert await far.adapter.complete(asked("complete")) == Pending(PAYMENT)


@pytest.mark.parametrize("result", ["Authorised", "Refused", "RedirectShopper"])
async def test_what_a_browser_brought_of_another_payment_says_nothing_of_this(result: str) -> None:
    """It would be in doubt for ever, as the same question has the same answer."""
    other = answered(result, merchantReference="in_other:authorize:1", action=GET)
    assert await outcome(other, "complete") == Pending(PAYMENT)


async def test_a_refusal_that_names_no_payment_is_left_to_the_webhook() -> None:
    answer = answered("Refused", refusalReasonCode="2")
    del answer["merchantReference"]
    assert await outcome(answer, "complete") == Pending(PAYMENT)
    assert isinstance(await outcome(answer), Declined)


@pytest.mark.parametrize(
    "token",
    [
        "4111111111111111",
        "4111-1111-1111-1111",
        "GB33BUKB20201555555555",
        "LATEST",
        "latest",
        "a/b",
        "a b",
        "",
        "t" * 129,
    ],
)
async def test_what_is_no_token_goes_nowhere(token: str) -> None:
    async with adyen() as far:
        with pytest.raises(NeverSent) as authorize:
            await far.adapter.authorize(replace(asked("authorize"), payment_token=token))
        with pytest.raises(NeverSent):
            await far.adapter.payout(replace(asked("payout"), destination=token))
        assert not far.exchanges
        assert not token or token not in str(authorize.value)


async def test_adyen_learns_no_id_of_a_player_and_keeps_one_reference_of_each() -> None:
    async with adyen() as far:
        await far.adapter.authorize(asked("authorize"))
        await far.adapter.payout(asked("payout"))
        await far.adapter.payout(replace(asked("payout"), method="card"))
    assert all(b"player_private" not in e.request.body for e in far.exchanges)
    payment, _, payout = (e.body for e in far.exchanges)
    holder = payout["counterparty"]["card"]["cardHolder"]["reference"]
    assert payment["shopperReference"] == holder == shopper_reference("player_private")
    assert shopper_reference("player_1") != shopper_reference("player_2")


async def test_a_player_with_stored_details_is_sent_as_the_returning_customer_that_they_are() -> (
    None
):
    async with adyen() as far:
        await far.adapter.authorize(asked("authorize"))
        await far.adapter.authorize(replace(asked("authorize"), payment_token=None))
    returning, first = (e.body for e in far.exchanges)
    assert returning["shopperInteraction"] == "ContAuth"
    assert returning["recurringProcessingModel"] == "CardOnFile"
    assert "storePaymentMethodMode" not in returning
    assert first["storePaymentMethodMode"] == "askForConsent"
    assert first["recurringProcessingModel"] == "CardOnFile"


async def test_a_proof_from_another_psp_is_handed_on_and_nobody_is_challenged_again() -> None:
    proof = Authentication(
        "visa", "05", CAVV, None, "2.2.0", "f25084f0-5b16-4c0a-ae5d-b24808a95e4b"
    )
    async with adyen() as far:
        await far.adapter.authorize(replace(asked("authorize"), authentication=proof))
        await far.adapter.authorize(asked("authorize"))
    shown, without = (e.body for e in far.exchanges)
    assert (shown["mpiData"]["cavv"], shown["mpiData"]["eci"]) == (CAVV, "05")
    assert shown["authenticationData"] == {"attemptAuthentication": "never"}
    assert "mpiData" not in without
    assert without["origin"] == "https://return.private"


@pytest.mark.parametrize(
    "odd",
    [
        {"paymentMethod": "visa"},
        {"paymentMethod": 7},
        {"paymentMethod": {"type": 7, "brand": None}},
        {"additionalData": "none"},
        {"additionalData": None},
        {"action": "none"},
        {"action": {"type": 7}},
        {"refusalReason": 7, "refusalReasonCode": 0},
    ],
    ids=str,
)
async def test_what_only_adorns_an_answer_does_not_lose_it(odd: dict[str, Any]) -> None:
    right = answered("Authorised", amount={"currency": "EUR", "value": 5000})
    outcome_found = await outcome(right | odd)
    assert (outcome_found.psp_ref, outcome_found.amount, outcome_found.captured) == (
        PAYMENT,
        Money(5000, "EUR"),
        False,
    )


async def test_a_number_that_should_be_a_text_still_names_the_refusal() -> None:
    outcome_found = await outcome(answered("Refused", refusalReasonCode=12))
    assert (outcome_found.reason, outcome_found.code) == ("insufficient_funds", "12")


async def test_a_hold_is_captured_by_us_alone() -> None:
    async with adyen() as far:
        await far.adapter.authorize(asked("authorize"))
        await far.adapter.authorize(replace(asked("authorize"), payment_token=None))
    assert far.exchanges[0].body["additionalData"] == {"manualCapture": "true"}
    assert far.exchanges[1].body["manualCapture"] is True


# --- Adyen's own page ---------------------------------------------------------------------------


async def test_without_a_token_the_player_goes_to_adyens_page() -> None:
    async with adyen() as far:
        reply = await far.adapter.authorize(replace(asked("authorize"), payment_token=None))
    assert reply == Pending(LINKED, f"https://test.adyen.link/{LINK}")
    assert far.exchanges[0].body["allowedPaymentMethods"] == ["scheme"]


async def test_a_page_for_another_amount_is_not_shown() -> None:
    def other(request: Any) -> Any:
        made = a_link(request)
        return replace(made, body=made.body.replace(b"5000", b"50"))

    async with adyen(other) as far:
        with pytest.raises(InDoubt):
            await far.adapter.authorize(replace(asked("authorize"), payment_token=None))


@pytest.mark.parametrize("status", ["active", "paid", "paymentPending", "expired", "completed"])
async def test_a_player_who_has_not_paid_yet_may_go_on_to_pay(status: str) -> None:
    def link(request: Any) -> Any:
        made = a_link(request)
        return replace(made, body=made.body.replace(b"active", status.encode()))

    async with adyen(link) as far:
        reply = await far.adapter.complete(asked("complete", psp_ref=LINKED))
    url = f"https://test.adyen.link/{LINK}" if status == "active" else None
    assert reply == Pending(LINKED, url)

"""Declines, 3-D Secure and the evidence of both."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.psps.base.profile import find
from tests.infra.local.psps.stripe_caller import BACK, Caller, fresh

TOKENS = find("stripe").tokens


async def test_a_soft_decline_at_one_account_is_approved_at_the_other(merchant: Caller) -> None:
    key = fresh()
    no = await merchant.authorize(TOKENS.soft, key=key)
    assert no.status_code == 402
    error = no.json()["error"]
    assert (error["type"], error["code"]) == ("card_error", "card_declined")
    assert (error["decline_code"], error["network_decline_code"]) == ("do_not_honor", "05")
    assert error["advice_code"] == "try_again_later"
    intent = error["payment_intent"]
    assert (intent["status"], intent["latest_charge"]) == (
        "requires_payment_method",
        error["charge"],
    )
    assert intent["last_payment_error"]["decline_code"] == "do_not_honor"
    yes = await merchant.authorize(TOKENS.soft, key=key, account="secondary")
    assert yes.json()["status"] == "requires_capture"
    assert await merchant.at.psp.story(key) == [
        "authorization 50.10 EUR declined at primary",
        "authorization 50.10 EUR approved at secondary",
    ]
    assert [each["type"] for each in await merchant.events(intent["id"], 3)] == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
    ]


@pytest.mark.parametrize(
    ("method", "code", "decline_code", "advice"),
    [
        (TOKENS.hard, "card_declined", "stolen_card", "do_not_try_again"),
        (
            "pm_card_chargeDeclinedInsufficientFunds",
            "card_declined",
            "insufficient_funds",
            "try_again_later",
        ),
        (
            "pm_card_chargeDeclinedExpiredCard",
            "expired_card",
            "expired_card",
            "confirm_card_data",
        ),
    ],
)
async def test_a_decline_is_the_same_at_every_account(
    merchant: Caller, method: str, code: str, decline_code: str, advice: str
) -> None:
    for account in ("primary", "secondary"):
        error = (await merchant.authorize(method, account=account)).json()["error"]
        assert (error["code"], error["decline_code"]) == (code, decline_code)
        assert error["advice_code"] == advice


async def test_mastercards_advice_is_passed_on(merchant: Caller) -> None:
    error = (await merchant.authorize("pm_card_lookalikeMastercardNever")).json()["error"]
    assert error["network_advice_code"] == "03"


async def _challenged(merchant: Caller, key: str, **form: str) -> dict[str, Any]:
    asked = (await merchant.authorize(TOKENS.challenge, key=key, **form)).json()
    assert asked["status"] == "requires_action"
    assert asked["next_action"]["type"] == "redirect_to_url"
    assert asked["next_action"]["redirect_to_url"]["return_url"] == BACK
    return dict(asked)


async def test_a_challenge_that_is_passed_leaves_its_evidence(merchant: Caller) -> None:
    key = fresh()
    asked = await _challenged(merchant, key)
    page = asked["next_action"]["redirect_to_url"]["url"]
    assert await merchant.at.psp.story(key) == []
    back = await merchant.at.psp.answer(page, "approve")
    assert back.startswith(f"{BACK}&payment_intent={asked['id']}&payment_intent_client_secret=")
    seen = (await merchant.get(f"/payment_intents/{asked['id']}", expand__0="latest_charge")).json()
    assert (seen["status"], "next_action" in seen) == ("requires_capture", False)
    card = seen["latest_charge"]["payment_method_details"]["card"]
    assert card["network"] == "visa"
    assert card["checks"]["cvc_check"] == "pass"
    secured = card["three_d_secure"]
    assert (secured["result"], secured["electronic_commerce_indicator"]) == ("authenticated", "05")
    assert (secured["version"], len(secured["transaction_id"])) == ("2.2.0", 36)
    assert await merchant.at.psp.story(key) == ["authorization 50.10 EUR approved at primary"]
    assert (await merchant.at.http.get(page)).status_code == 200
    charge = (await merchant.get(f"/charges/{seen['latest_charge']['id']}")).json()
    assert charge == seen["latest_charge"]


@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_a_challenge_that_is_not_passed_makes_no_charge(
    merchant: Caller, action: str
) -> None:
    key = fresh()
    asked = await _challenged(merchant, key)
    await merchant.at.psp.answer(asked["next_action"]["redirect_to_url"]["url"], action)
    seen = (await merchant.get(f"/payment_intents/{asked['id']}")).json()
    assert seen["status"] == "requires_payment_method"
    assert seen["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert "latest_charge" not in seen
    assert await merchant.at.psp.story(key) == ["authorization 50.10 EUR declined at primary"]
    assert [each["type"] for each in await merchant.events(asked["id"], 3)] == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "payment_intent.payment_failed",
    ]
    # Another card may be tried on the same payment intent.
    other = await merchant.post(
        f"/payment_intents/{asked['id']}/confirm", payment_method="pm_card_visa"
    )
    assert other.json()["status"] == "requires_capture"


async def test_a_challenge_can_be_cancelled_by_the_merchant(merchant: Caller) -> None:
    key = fresh()
    asked = await _challenged(merchant, key)
    page = asked["next_action"]["redirect_to_url"]["url"]
    gone = await merchant.post(f"/payment_intents/{asked['id']}/cancel")
    assert gone.json()["status"] == "canceled"
    assert (await merchant.at.http.post(page, data={"action": "approve"})).status_code == 303
    assert await merchant.at.psp.story(key) == []


async def test_a_page_is_found_by_its_whole_address_only(merchant: Caller) -> None:
    asked = await _challenged(merchant, fresh())
    page = asked["next_action"]["redirect_to_url"]["url"]
    assert (await merchant.at.http.get(page[:-1])).status_code == 404
    assert (await merchant.at.http.post(page, data={"action": "steal"})).status_code == 400


async def test_an_absent_player_cannot_be_challenged(merchant: Caller) -> None:
    for form in ({"off_session": "true"}, {"error_on_requires_action": "true"}):
        no = await merchant.authorize(TOKENS.challenge, **form)
        assert (no.status_code, no.json()["error"]["code"]) == (402, "authentication_required")


async def test_3ds_that_is_only_attempted_says_so(merchant: Caller) -> None:
    made = await merchant.authorize(
        "pm_card_mastercard",
        payment_method_options__card__request_three_d_secure="any",
        expand__0="latest_charge",
    )
    card = made.json()["latest_charge"]["payment_method_details"]["card"]
    assert card["three_d_secure"]["result"] == "attempt_acknowledged"
    assert card["three_d_secure"]["electronic_commerce_indicator"] == "01"


async def test_checks_of_address_and_code_are_told(merchant: Caller) -> None:
    made = await merchant.authorize("pm_card_avsZipFail", expand__0="latest_charge")
    checks = made.json()["latest_charge"]["payment_method_details"]["card"]["checks"]
    assert (checks["address_line1_check"], checks["address_postal_code_check"]) == ("pass", "fail")

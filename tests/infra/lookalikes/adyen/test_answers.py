"""What the issuer and the shopper say, and how Adyen passes it on."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.infra.lookalikes.adyen.caller import BACK, TOKENS, Body, Caller, fresh

DETAILS = "/v71/payments/details"


async def come_back(shop: Caller, answer: Body, action: str) -> str:
    """Press the button on the page; the redirectResult with which the browser returns."""
    assert answer["resultCode"] == "RedirectShopper"
    location = await shop.at.psp.answer(answer["action"]["url"], action)
    assert location.startswith(BACK + "&")
    return parse_qs(urlsplit(location).query)["redirectResult"][0]


async def finish(shop: Caller, result: str) -> Body:
    answer = await shop.post(DETAILS, {"details": {"redirectResult": result}})
    assert answer.status_code == 200, answer.text
    told: Body = answer.json()
    return told


async def test_a_challenge_is_answered_on_the_page_and_authorised_with_its_result(
    shop: Caller,
) -> None:
    reference = fresh()
    asked = (await shop.pay(TOKENS.challenge, reference=reference)).json()
    assert asked["action"]["method"] == "GET"
    result = await come_back(shop, asked, "approve")
    assert await shop.story(reference) == []
    done = await finish(shop, result)
    assert (done["resultCode"], done["pspReference"]) == ("Authorised", asked["pspReference"])
    data = done["additionalData"]
    assert (data["eci"], data["threeDAuthenticated"], data["liabilityShift"]) == (
        "05",
        "true",
        "true",
    )
    assert data["cavv"] and data["dsTransID"]
    assert await finish(shop, result) == done
    assert await shop.story(reference) == ["authorization 50.10 EUR approved at primary"]
    heard = await shop.told("AUTHORISATION", asked["pspReference"])
    assert heard["additionalData"]["dsTransID"] == data["dsTransID"]


@pytest.mark.parametrize(
    ("action", "result", "code"), [("decline", "Refused", "11"), ("cancel", "Cancelled", "16")]
)
async def test_a_shopper_who_does_not_pass_pays_nothing(
    shop: Caller, action: str, result: str, code: str
) -> None:
    reference = fresh()
    asked = (await shop.pay("MCCHALLENGE00001", reference=reference)).json()
    done = await finish(shop, await come_back(shop, asked, action))
    assert (done["resultCode"], done["refusalReasonCode"]) == (result, code)
    assert (await shop.told("AUTHORISATION", asked["pspReference"]))["success"] == "false"
    assert await shop.story(reference) == ["authorization 50.10 EUR declined at primary"]


async def test_a_page_is_answered_once_and_found_by_its_whole_address(shop: Caller) -> None:
    asked = (await shop.pay(TOKENS.challenge)).json()
    url = asked["action"]["url"]
    wrong = f"{url[:-3]}xyz"
    assert (await shop.at.http.get(wrong)).status_code == 404
    assert (await shop.at.http.post(url, data={"action": "steal"})).status_code == 400
    result = await come_back(shop, asked, "decline")
    assert "already" in (await shop.at.http.get(url)).text
    await shop.at.http.post(url, data={"action": "approve"})
    assert (await finish(shop, result))["resultCode"] == "Refused"


async def test_a_result_that_adyen_did_not_give_is_refused(shop: Caller) -> None:
    asked = (await shop.pay(TOKENS.challenge)).json()
    result = await come_back(shop, asked, "approve")
    for account, given in (("primary", "X6Xtnone"), ("secondary", result)):
        body = {"details": {"redirectResult": given}}
        answer = await shop.post(DETAILS, body, account=account)
        assert (answer.status_code, answer.json()["errorCode"]) == (422, "14_018")


async def test_nobody_is_challenged_who_is_not_there(shop: Caller) -> None:
    told = (await shop.pay(TOKENS.challenge, shopperInteraction="ContAuth")).json()
    assert (told["resultCode"], told["refusalReasonCode"]) == ("Refused", "38")


async def test_authentication_may_be_asked_for(shop: Caller) -> None:
    wanted = {"attemptAuthentication": "always"}
    plain = (await shop.pay("MCAPPROVED000001")).json()["additionalData"]
    secure = (await shop.pay("MCAPPROVED000001", authenticationData=wanted)).json()
    assert (plain["eci"], plain["threeDAuthenticated"]) == ("00", "false")
    data = secure["additionalData"]
    assert (data["eci"], data["threeDAuthenticated"], data["paymentMethod"]) == ("02", "true", "mc")


@pytest.mark.parametrize(
    ("token", "result", "code", "raw", "advice"),
    [
        (TOKENS.soft, "Refused", "2", "05 : Do not honor", None),
        (TOKENS.hard, "Refused", "5", "43 : Stolen card, pick up", None),
        ("VISANOFUNDS00001", "Refused", "12", "51 : Insufficient funds", None),
        ("MCNEVERAGAIN0001", "Refused", "2", "05 : Do not honor", "03 : Do Not Try Again"),
        ("VISAFRAUD0000001", "Cancelled", "20", None, None),
        ("VISAACQUIRERDOWN", "Error", "4", None, None),
    ],
)
async def test_a_refusal_says_why(
    shop: Caller, token: str, result: str, code: str, raw: str | None, advice: str | None
) -> None:
    reference = fresh()
    told = (await shop.pay(token, reference=reference)).json()
    assert (told["resultCode"], told["refusalReasonCode"]) == (result, code)
    data = told["additionalData"]
    assert (data.get("refusalReasonRaw"), data.get("merchantAdviceCode")) == (raw, advice)
    heard = await shop.told("AUTHORISATION", told["pspReference"])
    assert (heard["success"], heard["reason"]) == ("false", told["refusalReason"])
    assert "operations" not in heard
    assert await shop.story(reference) == ["authorization 50.10 EUR declined at primary"]


async def test_a_soft_refusal_is_the_first_accounts_alone(shop: Caller) -> None:
    told = (await shop.pay(TOKENS.soft, account="secondary")).json()
    assert told["resultCode"] == "Authorised"
    heard = await shop.told("AUTHORISATION", told["pspReference"])
    assert heard["merchantAccountCode"] == shop.name("secondary")


@pytest.mark.parametrize(
    ("token", "success"), [("VISARECEIVED0001", "true"), ("VISARECEIVEDNO01", "false")]
)
async def test_a_payment_that_was_only_received_is_decided_by_webhook(
    shop: Caller, token: str, success: str
) -> None:
    told = (await shop.pay(token)).json()
    assert (told["resultCode"], "refusalReason" in told) == ("Received", False)
    heard = await shop.told("AUTHORISATION", told["pspReference"])
    assert heard["success"] == success

"""What the issuer and the shopper say, and how Adyen passes it on."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.infra.local.psps.adyen.caller import BACK, TOKENS, Body, Caller, fresh

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
    done: Body = answer.json()
    return done


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
    additional = done["additionalData"]
    assert (additional["eci"], additional["threeDAuthenticated"], additional["liabilityShift"]) == (
        "05",
        "true",
        "true",
    )
    assert additional["cavv"] and additional["dsTransID"]
    assert await finish(shop, result) == done
    assert await shop.story(reference) == ["authorization 50.10 EUR approved at primary"]
    heard = await shop.notice("AUTHORISATION", asked["pspReference"])
    assert heard["additionalData"]["dsTransID"] == additional["dsTransID"]


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
    assert (await shop.notice("AUTHORISATION", asked["pspReference"]))["success"] == "false"
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
    answer = (await shop.pay(TOKENS.challenge, shopperInteraction="Moto")).json()
    assert (answer["resultCode"], answer["refusalReasonCode"]) == ("Refused", "38")


async def test_a_returning_customer_may_be_challenged(shop: Caller) -> None:
    answer = (await shop.pay(TOKENS.challenge, shopperInteraction="ContAuth")).json()
    assert answer["resultCode"] == "RedirectShopper"


async def test_who_was_authenticated_elsewhere_is_not_challenged_again(shop: Caller) -> None:
    proof = {"cavv": "AAABBEg0VhI0VniQEjRWAAAAAAA=", "eci": "05", "directoryResponse": "Y"}
    answer = (await shop.pay(TOKENS.challenge, mpiData=proof)).json()
    assert answer["resultCode"] == "Authorised"
    assert answer["additionalData"]["threeDAuthenticated"] == "true"


async def test_authentication_may_be_asked_for(shop: Caller) -> None:
    wanted = {"attemptAuthentication": "always"}
    plain = (await shop.pay("MCAPPROVED000001")).json()["additionalData"]
    secure = (await shop.pay("MCAPPROVED000001", authenticationData=wanted)).json()
    assert (plain["eci"], plain["threeDAuthenticated"]) == ("00", "false")
    additional = secure["additionalData"]
    assert (additional["eci"], additional["threeDAuthenticated"], additional["paymentMethod"]) == (
        "02",
        "true",
        "mc",
    )


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
    payment = (await shop.pay(token, reference=reference)).json()
    assert (payment["resultCode"], payment["refusalReasonCode"]) == (result, code)
    additional = payment["additionalData"]
    assert (additional.get("refusalReasonRaw"), additional.get("merchantAdviceCode")) == (
        raw,
        advice,
    )
    heard = await shop.notice("AUTHORISATION", payment["pspReference"])
    assert (heard["success"], heard["reason"]) == ("false", payment["refusalReason"])
    assert "operations" not in heard
    assert await shop.story(reference) == ["authorization 50.10 EUR declined at primary"]


async def test_a_soft_refusal_is_the_first_accounts_alone(shop: Caller) -> None:
    payment = (await shop.pay(TOKENS.soft, account="secondary")).json()
    assert payment["resultCode"] == "Authorised"
    heard = await shop.notice("AUTHORISATION", payment["pspReference"])
    assert heard["merchantAccountCode"] == shop.name("secondary")


@pytest.mark.parametrize(
    ("token", "success"), [("VISARECEIVED0001", "true"), ("VISARECEIVEDNO01", "false")]
)
async def test_a_payment_that_was_only_received_is_decided_by_webhook(
    shop: Caller, token: str, success: str
) -> None:
    payment = (await shop.pay(token)).json()
    assert (payment["resultCode"], "refusalReason" in payment) == ("Received", False)
    heard = await shop.notice("AUTHORISATION", payment["pspReference"])
    assert heard["success"] == success

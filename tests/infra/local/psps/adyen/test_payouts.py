"""Payouts: submitted by one, confirmed or declined by another, told by webhook."""

from __future__ import annotations

from infra.local.psps.base.profile import Destinations
from tests.infra.local.psps.adyen.caller import PROFILE, Caller, amount, fresh
from tests.infra.local.psps.running import until

TO = PROFILE.destinations or Destinations("", "")


async def test_a_payout_is_paid_once_it_is_confirmed(shop: Caller) -> None:
    reference = fresh("payout")
    made = await shop.pay_out(TO.ok, reference=reference)
    assert made["resultCode"] == "[payout-submit-received]"
    assert await shop.story(reference) == []
    confirmed = (await shop.review("confirm", made["pspReference"])).json()
    assert confirmed["response"] == "[payout-confirm-received]"
    again = (await shop.review("confirm", made["pspReference"])).json()
    assert again["response"] == "[payout-confirm-received]"
    heard = await shop.notice("PAYOUT_THIRDPARTY", made["pspReference"])
    assert (heard["success"], heard["originalReference"]) == ("true", made["pspReference"])
    assert (heard["merchantReference"], heard["amount"]) == (reference, amount(2500))
    assert await shop.story(reference) == ["payout 25.00 EUR approved at primary"]


async def test_a_payout_that_fails_is_told_by_webhook(shop: Caller) -> None:
    reference = fresh("payout")
    made = await shop.pay_out(TO.fails, reference=reference)
    await shop.review("confirm", made["pspReference"])
    heard = await shop.notice("PAYOUT_THIRDPARTY", made["pspReference"])
    assert (heard["success"], heard["reason"]) == ("false", "Invalid bank account")
    assert await shop.story(reference) == ["payout 25.00 EUR declined at primary"]


async def test_a_declined_payout_cannot_be_confirmed(shop: Caller) -> None:
    reference = fresh("payout")
    made = await shop.pay_out(TO.ok, reference=reference)
    declined = (await shop.review("decline", made["pspReference"])).json()
    assert declined["response"] == "[payout-decline-received]"
    await shop.review("confirm", made["pspReference"])
    heard = await shop.notice("PAYOUT_DECLINE", made["pspReference"])
    assert heard["success"] == "true"
    # Time enough for a confirmation to pay, if it could.
    later = await shop.pay_out(TO.ok, reference=fresh("payout"))
    await shop.review("confirm", later["pspReference"])
    await shop.notice("PAYOUT_THIRDPARTY", later["pspReference"])
    assert await shop.story(reference) == ["payout 25.00 EUR declined at primary"]


async def test_a_payout_that_nobody_confirms_expires(shop: Caller) -> None:
    reference = fresh("payout")
    made = await shop.pay_out(TO.ok, reference=reference)
    await shop.at.order("adyen/payout-expired", reference=reference)
    assert (await shop.notice("PAYOUT_EXPIRE", made["pspReference"]))["success"] == "true"
    assert await shop.story(reference) == ["payout 25.00 EUR declined at primary"]
    once_more = await shop.at.http.post(
        "/_control/adyen/payout-expired", json={"reference": reference}
    )
    assert once_more.status_code == 404


async def test_the_bank_may_return_a_payout(shop: Caller) -> None:
    reference = fresh("payout")
    made = await shop.pay_out(TO.ok, reference=reference)
    await shop.review("confirm", made["pspReference"])
    await shop.notice("PAYOUT_THIRDPARTY", made["pspReference"])
    await shop.at.order("adyen/payout-reversed", reference=reference)
    heard = await shop.notice("PAIDOUT_REVERSED", made["pspReference"])
    assert (heard["merchantReference"], heard["success"]) == (reference, "true")
    assert await shop.story(reference) == [
        "payout 25.00 EUR approved at primary",
        "payout 25.00 EUR declined at primary",
    ]


async def test_who_submits_may_not_confirm(shop: Caller) -> None:
    made = await shop.pay_out(TO.ok, reference=fresh("payout"))
    body = {"originalReference": made["pspReference"]}
    for right in ("store_payout_key", "api_key"):
        answer = await shop.payout("confirmThirdParty", body, right=right)
        assert (answer.status_code, answer.json()["errorCode"]) == (403, "010")
    submitted = await shop.payout("submitThirdParty", {}, right="review_payout_key")
    assert submitted.status_code == 403
    assert (await shop.post("/v71/payments", {}, right="store_payout_key")).status_code == 403


async def test_a_payout_may_bring_its_bank_account(shop: Caller) -> None:
    reference = fresh("payout")
    body = {
        "amount": amount(2500),
        "reference": reference,
        "shopperEmail": "player@casino.example",
        "shopperReference": "pl_1",
        "recurring": {"contract": "PAYOUT"},
        "dateOfBirth": "1990-01-02",
        "nationality": "NL",
        "entityType": "NaturalPerson",
        "bank": {"countryCode": "NL", "ownerName": "A. Player", "bankAccountNumber": "1"},
    }
    call = "storeDetailAndSubmitThirdParty"
    answer = await shop.payout(call, body, right="store_payout_key", key=reference)
    again = await shop.payout(call, body, right="store_payout_key", key=reference)
    assert again.json() == answer.json()
    await shop.review("confirm", answer.json()["pspReference"])

    async def paid() -> bool:
        return await shop.story(reference) == ["payout 25.00 EUR approved at primary"]

    await until(paid)
    less = {name: value for name, value in body.items() if name != "bank"}
    refused = await shop.payout(call, less, right="store_payout_key")
    assert refused.status_code == 422


async def test_what_adyen_does_not_know_is_not_paid(shop: Caller) -> None:
    gone = await shop.review("confirm", "NOSUCHPAYOUTHERE")
    assert (gone.status_code, gone.json()["errorCode"]) == (422, "167")
    body = {
        "amount": amount(2500),
        "reference": fresh("payout"),
        "shopperEmail": "player@casino.example",
        "shopperReference": "pl_1",
        "recurring": {"contract": "PAYOUT"},
        "selectedRecurringDetailReference": "NOBODYSACCOUNT01",
    }
    answer = await shop.payout("submitThirdParty", body, right="store_payout_key")
    assert (answer.status_code, answer.json()["errorCode"]) == (422, "803")

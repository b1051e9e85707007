"""Adyen's own pages that take a payment: of a link, of a hosted session."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.infra.local.psps.adyen.caller import BACK, TOKENS, Body, Caller, amount, fresh


async def link(shop: Caller, **more: object) -> Body:
    body = {"amount": amount(5010), "reference": fresh(), "returnUrl": BACK, **more}
    answer = await shop.post("/v71/paymentLinks", body)
    assert answer.status_code == 201, answer.text
    made: Body = answer.json()
    return made


async def status(shop: Caller, link_id: str) -> str:
    headers = {"X-API-Key": shop.at.credentials["primary"]["api_key"]}
    answer = await shop.at.http.get(f"/v71/paymentLinks/{link_id}", headers=headers)
    return str(answer.json()["status"])


async def test_a_link_takes_the_payment_under_its_own_reference(shop: Caller) -> None:
    made = await link(shop)
    assert await shop.at.psp.answer(made["url"], "decline") == BACK
    assert await shop.at.psp.answer(made["url"], "cancel") == BACK
    assert await status(shop, made["id"]) == "active"
    assert await shop.at.psp.answer(made["url"], "approve") == BACK
    assert await status(shop, made["id"]) == "completed"
    assert await shop.story(made["reference"]) == [
        "authorization 50.10 EUR declined at primary",
        "authorization 50.10 EUR approved at primary",
    ]
    heard = await shop.told_of(made["reference"], 2)
    assert [each["success"] for each in heard] == ["false", "true"]
    assert heard[1]["additionalData"]["paymentLinkId"] == made["id"]
    taken = await shop.modify(heard[1]["pspReference"], "captures", 5010)
    assert (await shop.notice("CAPTURE", taken["pspReference"]))["success"] == "true"
    assert "completed" in (await shop.at.http.get(made["url"])).text


async def test_a_link_ends_when_somebody_says_so_or_its_time_is_over(shop: Caller) -> None:
    made = await link(shop, returnUrl="")
    headers = {"X-API-Key": shop.at.credentials["primary"]["api_key"]}
    path = f"/v71/paymentLinks/{made['id']}"
    ended = await shop.at.http.patch(path, json={"status": "expired"}, headers=headers)
    assert (ended.status_code, ended.json()["status"]) == (200, "expired")
    again = await shop.at.http.patch(path, json={"status": "expired"}, headers=headers)
    assert again.status_code == 422
    late = await shop.at.http.post(made["url"], data={"action": "approve"})
    assert late.status_code == 200
    assert await shop.story(made["reference"]) == []
    for expiry in ("2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z", "tomorrow"):
        body = {"amount": amount(1), "reference": fresh(), "expiresAt": expiry}
        assert (await shop.post("/v71/paymentLinks", body)).status_code == 422


async def test_the_shopper_chooses_the_card_on_the_page(shop: Caller) -> None:
    made = await link(shop)
    assert await shop.at.psp.answer(made["url"], "approve", card=TOKENS.hard) == BACK
    assert await status(shop, made["id"]) == "active"
    [heard] = await shop.told_of(made["reference"])
    assert (heard["success"], heard["reason"]) == ("false", "Blocked Card")


async def session(shop: Caller, **more: object) -> Body:
    body = {"amount": amount(5010), "reference": fresh(), "returnUrl": BACK, **more}
    answer = await shop.post("/v71/sessions", body)
    assert answer.status_code == 201, answer.text
    made: Body = answer.json()
    return made


@pytest.mark.parametrize(
    ("action", "ending", "story"),
    [
        ("approve", "completed", ["authorization 50.10 EUR approved at primary"]),
        ("decline", "refused", ["authorization 50.10 EUR declined at primary"]),
        ("cancel", "canceled", []),
    ],
)
async def test_a_hosted_session_ends_on_its_page(
    shop: Caller, action: str, ending: str, story: list[str]
) -> None:
    made = await session(shop, mode="hosted")
    back = await shop.at.psp.answer(made["url"], action)
    given = parse_qs(urlsplit(back).query)
    assert given["sessionId"] == [made["id"]]
    headers = {"X-API-Key": shop.at.credentials["primary"]["api_key"]}
    path = f"/v71/sessions/{made['id']}"
    asked = {"sessionResult": given["sessionResult"][0]}
    shown = (await shop.at.http.get(path, params=asked, headers=headers)).json()
    assert (shown["status"], shown["reference"]) == (ending, made["reference"])
    assert [each["resultCode"] for each in shown.get("payments", [])] == (
        ["Authorised"] if action == "approve" else []
    )
    assert await shop.story(made["reference"]) == story
    stranger = await shop.at.http.get(path, params={"sessionResult": "x"}, headers=headers)
    assert stranger.status_code == 422


async def test_an_embedded_session_has_no_page(shop: Caller) -> None:
    made = await session(shop)
    assert (made["mode"], "url" in made) == ("embedded", False)

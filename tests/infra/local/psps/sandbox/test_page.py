"""The sandbox PSP's hosted page, as a browser without JavaScript meets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.infra.local.psps.sandbox.client import SandboxPsp, codes, sandbox_psp


@pytest.fixture(scope="module")
async def psp(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxPsp]:
    async with sandbox_psp(tmp_path_factory.mktemp("page")) as running:
        yield running


class Page(HTMLParser):
    """What a player can see, press and choose."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.buttons: list[str] = []
        self.cards: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "button":
            self.buttons.append(attributes["value"] or "")
        if tag == "input":
            self.cards.append(attributes["value"] or "")
        if tag in ("script", "link", "img", "iframe"):
            self.loads.append(tag)

    def handle_data(self, text: str) -> None:
        self.text += text


async def open_page(psp: SandboxPsp, asked: dict[str, Any]) -> Page:
    response = await psp.http.get(asked["redirect_url"])
    assert response.status_code == 200
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    return Page(response.text)


async def press(psp: SandboxPsp, asked: dict[str, Any], action: str, **more: str) -> httpx.Response:
    return await psp.http.post(asked["redirect_url"], data={"action": action, **more})


async def test_the_page_shows_amount_and_choices_and_loads_nothing(psp: SandboxPsp) -> None:
    asked = await psp.authorize("tok_3ds", 123450)
    assert asked["status"] == "requires_action"
    page = await open_page(psp, asked)
    assert page.buttons == ["approve", "decline", "cancel"]
    assert "1,234.50 EUR" in page.text
    assert "close this tab" in page.text
    assert (page.cards, page.loads) == ([], [])


@pytest.mark.parametrize(
    ("currency", "shown"), [("JPY", "5,000 JPY"), ("KWD", "5.000 KWD"), ("UYW", "0.5000 UYW")]
)
async def test_the_page_writes_an_amount_as_its_currency_is_written(
    psp: SandboxPsp, currency: str, shown: str
) -> None:
    page = await open_page(psp, await psp.authorize("tok_3ds", 5000, currency=currency))
    assert shown in page.text


@pytest.mark.parametrize(
    ("action", "result", "code"),
    [
        ("approve", "approved", None),
        ("decline", "declined", "authentication_failed"),
        ("cancel", "cancelled", "cancelled_by_player"),
    ],
)
async def test_the_player_answers_and_goes_back_and_the_webhook_tells_it(
    psp: SandboxPsp, action: str, result: str, code: str | None
) -> None:
    asked = await psp.authorize("tok_3ds")
    response = await press(psp, asked, action)
    assert response.status_code == 303
    back = urlsplit(response.headers["Location"])
    assert (back.scheme, back.netloc, back.path) == ("https", "casino.example", "/back")
    query = {"tab": ["cashier"], "reference": [asked["reference"]], "result": [result]}
    assert parse_qs(back.query) == query
    [event] = await psp.receiver.wait_for(asked["reference"])
    assert codes(event.operation) == [code]
    assert (event.operation["three_ds"] is not None) == (code is None)
    assert event.operation["redirect_url"] is None
    [entry] = await psp.journal(asked["reference"])
    assert entry["code"] == code


async def test_an_approval_carries_the_evidence_of_3ds(psp: SandboxPsp) -> None:
    asked = await psp.authorize("tok_3ds")
    await press(psp, asked, "approve")
    held = (await psp.look_up(asked["reference"])).json()
    assert held["three_ds"]["eci"] == "05"
    assert held["three_ds"]["liability_shift"] is True
    assert set(held["three_ds"]) == {
        "scheme",
        "version",
        "eci",
        "cavv",
        "ds_trans_id",
        "liability_shift",
    }
    assert codes(await psp.capture(held, 5000)) == [None]


async def test_answering_twice_shows_the_earlier_result(psp: SandboxPsp) -> None:
    asked = await psp.authorize("tok_3ds")
    await press(psp, asked, "decline")
    again = await press(psp, asked, "approve")
    assert again.status_code == 200
    assert "Payment declined" in again.text
    assert "Payment declined" in (await open_page(psp, asked)).text
    assert codes((await psp.look_up(asked["reference"])).json()) == ["authentication_failed"]
    assert len(await psp.journal(asked["reference"])) == 1


@pytest.mark.parametrize(
    ("card", "code"), [("ok", None), ("3ds", None), ("soft", "05"), ("hard", "43")]
)
async def test_without_a_token_the_player_chooses_a_card(
    psp: SandboxPsp, card: str, code: str | None
) -> None:
    asked = await psp.authorize(None)
    assert (await open_page(psp, asked)).cards == ["ok", "3ds", "soft", "hard"]
    assert (await press(psp, asked, "approve", card=card)).status_code == 303
    assert codes((await psp.look_up(asked["reference"])).json()) == [code]


async def test_a_closed_tab_leaves_the_payment_open_until_it_is_voided(psp: SandboxPsp) -> None:
    asked = await psp.authorize("tok_3ds")
    await open_page(psp, asked)
    assert (await psp.look_up(asked["reference"])).json() == asked
    assert (await psp.void(asked))["status"] == "approved"
    late = await press(psp, asked, "approve")
    assert (late.status_code, "Payment closed" in late.text) == (410, True)
    assert codes((await psp.look_up(asked["reference"])).json()) == ["reference_voided"]


async def test_what_the_merchant_sends_is_shown_as_text(psp: SandboxPsp) -> None:
    asked = await psp.authorize("tok_3ds", reference='<script>alert("x")</script>')
    page = await open_page(psp, asked)
    assert page.loads == []
    assert '<script>alert("x")</script>' in page.text


async def test_an_unknown_button_or_payment_changes_nothing(psp: SandboxPsp) -> None:
    asked = await psp.authorize("tok_3ds")
    assert (await press(psp, asked, "steal")).status_code == 400
    assert (await press(psp, asked, "approve", card="gold")).status_code == 400
    assert (await psp.look_up(asked["reference"])).json() == asked
    held = await psp.authorize("tok_ok")
    assert (await psp.http.get(f"/pay/{held['id']}")).status_code == 404
    assert (await psp.http.post("/pay/auth_0", data={"action": "approve"})).status_code == 404

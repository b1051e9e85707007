"""How webhooks come: signed item by item, again until accepted, several at once, in any order."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.local.psps.adyen.server import build
from tests.infra.local.psps.adyen.caller import PROFILE, Caller, fresh
from tests.infra.local.psps.running import Running, in_process, until


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Running]:
    """One whose receiver does not accept yet."""
    async with in_process(build, PROFILE.credentials(tmp_path)) as running:
        yield running


async def test_a_delivery_is_repeated_until_the_answer_says_accepted(own: Running) -> None:
    shop = Caller(own)
    own.receiver.refusals, own.receiver.answer = 1, "ok"
    await shop.pay()
    await own.receiver.wait_for(1)
    own.receiver.answer = '{"notificationResponse":"[accepted]"}'

    async def delivered() -> bool:
        return [each["state"] for each in await own.webhooks()] == ["delivered"]

    await until(delivered)
    assert [each.answered for each in own.receiver.heard[:2]] == [500, 200]
    assert len(own.receiver.heard) >= 3
    assert len({each.body for each in own.receiver.heard}) == 1


async def test_a_delivery_brings_the_user_and_password_of_its_account(own: Running) -> None:
    own.receiver.answer = "[accepted]"
    await Caller(own).pay(account="secondary")
    [heard] = await own.receiver.wait_for(1)
    credentials = own.credentials["secondary"]
    pair = f"{credentials['webhook_username']}:{credentials['webhook_password']}"
    assert heard.headers["authorization"] == f"Basic {base64.b64encode(pair.encode()).decode()}"
    assert heard.headers["content-type"] == "application/json"


async def test_a_delivery_without_a_configured_user_has_no_credentials(tmp_path: Path) -> None:
    credentials = PROFILE.credentials(tmp_path)
    for known in credentials.values():
        del known["webhook_username"], known["webhook_password"]
    async with in_process(build, credentials) as running:
        running.receiver.answer = "[accepted]"
        await Caller(running).pay()
        [heard] = await running.receiver.wait_for(1)
        assert "authorization" not in heard.headers


async def test_several_items_come_in_one_delivery_of_their_account(own: Running) -> None:
    shop = Caller(own)
    own.receiver.answer = "[accepted]"
    await own.order("adyen/items", size=3)
    mine = [await shop.held(account="primary") for _ in range(2)]
    await shop.pay(account="secondary")
    first, second = await own.receiver.wait_for(2)
    items = [each["NotificationRequestItem"] for each in first.message["notificationItems"]]
    assert [each["pspReference"] for each in items] == mine
    assert first.message["live"] == "false"
    assert len(second.message["notificationItems"]) == 1
    assert len(shop.items()) == 3
    # Fewer than a delivery takes do not wait for ever.
    await shop.pay()
    await own.receiver.wait_for(3)


async def test_a_colon_in_a_reference_is_signed_as_it_stands(own: Running) -> None:
    own.receiver.answer = "[accepted]"
    shop = Caller(own)
    reference = "in_9:authorize:with\\colons:€"
    payment = (await shop.pay(reference=reference)).json()
    heard = await shop.notice("AUTHORISATION", payment["pspReference"])
    assert heard["merchantReference"] == reference


async def test_the_newest_may_come_first(own: Running) -> None:
    own.receiver.answer = "[accepted]"
    shop = Caller(own)
    await own.order("webhooks", mode="reordered")
    payment = await shop.held(reference=fresh())
    await shop.modify(payment, "captures", 5010)
    await own.receiver.wait_for(2)
    assert [each["eventCode"] for each in shop.items()] == ["CAPTURE", "AUTHORISATION"]


@pytest.mark.parametrize(
    ("command", "body", "status"),
    [
        ("items", {"size": 0}, 422),
        ("batch", {"account": "none"}, 404),
        ("batch", {}, 422),
        ("refund-reversed", {"reference": "none"}, 404),
        ("payout-reversed", {"reference": "none"}, 404),
    ],
)
async def test_a_command_that_makes_no_sense_changes_nothing(
    shop: Caller, command: str, body: dict[str, object], status: int
) -> None:
    answer = await shop.at.http.post(f"/_control/adyen/{command}", json=body)
    assert answer.status_code == status

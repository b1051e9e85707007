"""Webhooks of the sandbox PSP: signed, in order, and never lost. The receiver verifies each."""

from __future__ import annotations

import asyncio
import base64
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from activities.psp.contract import WebhookRequest
from activities.psp.signatures import PlainSignature, StandardWebhooks
from infra.local.stack.ports import HOST
from tests.infra.local.psps.sandbox.client import (
    SECRET,
    Heard,
    Receiver,
    SandboxPsp,
    sandbox_psp,
    until,
)

SEED = b"a seed of thirty-two bytes, yes!"
SIGNING_KEY = "whsk_" + base64.b64encode(SEED).decode()


@pytest.fixture(scope="module")
async def psp(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxPsp]:
    async with sandbox_psp(tmp_path_factory.mktemp("webhooks")) as running:
        yield running


async def events(psp: SandboxPsp, reference: str) -> list[dict[str, Any]]:
    listed = (await psp.control("GET", "webhooks"))["webhooks"]
    return [each for each in listed if each["reference"] == reference]


async def has_events(psp: SandboxPsp, reference: str, attempts: int = 0) -> bool:
    return [each["attempts"] for each in await events(psp, reference)] == [attempts]


async def test_a_pending_result_comes_by_signed_webhook(psp: SandboxPsp) -> None:
    asked = await psp.authorize("tok_async")
    assert asked["status"] == "pending"
    [event] = await psp.receiver.wait_for(asked["reference"])
    assert event.id.startswith("evt_")
    assert event.signature.startswith("v1,")
    assert event.type == "authorization.approved"
    assert event.operation == (await psp.look_up(asked["reference"])).json()


async def test_a_refused_webhook_comes_again_under_the_same_id(psp: SandboxPsp) -> None:
    psp.receiver.refusals = 2
    async with psp.behaving(async_seconds=0):
        asked = await psp.authorize("tok_async")
    await psp.receiver.wait_for(asked["reference"])
    tries = psp.receiver.of(asked["reference"])
    assert [each.answered for each in tries] == [500, 500, 204]
    assert len({(each.id, each.body) for each in tries}) == 1
    while [each["state"] for each in await events(psp, asked["reference"])] != ["delivered"]:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert await has_events(psp, asked["reference"], attempts=3)


async def test_results_given_at_once_send_no_webhook_unless_all_are_wanted(
    psp: SandboxPsp,
) -> None:
    quiet = await psp.authorize()
    assert await events(psp, quiet["reference"]) == []
    async with psp.behaving(webhooks="all"):
        loud = await psp.authorize("tok_soft")
    [event] = await psp.receiver.wait_for(loud["reference"])
    assert event.type == "authorization.declined"


async def test_webhooks_of_one_payment_come_in_order(psp: SandboxPsp) -> None:
    already = len(psp.receiver.heard)
    psp.receiver.refusals = 1
    async with psp.behaving(webhooks="all"):
        held = await psp.authorize()
        parts = [await psp.capture(held, 100) for _ in range(5)]
        released = await psp.void(held)
    await psp.receiver.wait_for(released["reference"])
    taken = [each.operation["id"] for each in psp.receiver.heard[already:] if each.answered == 204]
    assert taken == [each["id"] for each in (held, *parts, released)]


async def test_a_webhook_that_never_comes_can_be_sent_later(psp: SandboxPsp) -> None:
    async with psp.behaving(webhooks="none", async_seconds=0):
        asked = await psp.authorize("tok_async")
        await until(lambda: has_events(psp, asked["reference"]))
    listed = await events(psp, asked["reference"])
    assert listed[0]["state"] == "withheld"
    assert psp.receiver.of(asked["reference"]) == []
    await psp.control("POST", f"webhooks/{listed[0]['id']}/resend")
    await psp.receiver.wait_for(asked["reference"])
    await psp.control("POST", f"webhooks/{listed[0]['id']}/resend")
    twice = await psp.receiver.wait_for(asked["reference"], 2)
    assert twice[0].body == twice[1].body
    unknown = await psp.http.post("/_control/webhooks/evt_0/resend")
    assert unknown.status_code == 404


async def test_paused_webhooks_wait_for_the_resume(psp: SandboxPsp) -> None:
    assert await psp.control("POST", "webhooks/pause") == {"paused": True}
    async with psp.behaving(async_seconds=0):
        asked = await psp.authorize("tok_async")
    await until(lambda: has_events(psp, asked["reference"]))
    await asyncio.sleep(0.1)
    assert [e["state"] for e in await events(psp, asked["reference"])] == ["waiting"]
    assert psp.receiver.of(asked["reference"]) == []
    assert await psp.control("POST", "webhooks/resume") == {"paused": False}
    await psp.receiver.wait_for(asked["reference"])


async def test_a_kill_loses_neither_journal_nor_promise_nor_webhook_nor_orders(
    psp: SandboxPsp,
) -> None:
    await psp.control("POST", "webhooks/pause")
    await psp.control("POST", "faults", {"operation": "status", "fault": "status_503"})
    await psp.control("PUT", "settings", {"async_seconds": 0})
    decided = await psp.authorize("tok_async")
    await psp.control("PUT", "settings", {"async_seconds": 0.3})
    promised = await psp.authorize("tok_async")
    held = await psp.authorize()
    await until(lambda: has_events(psp, decided["reference"]))
    [waiting] = await events(psp, decided["reference"])

    await psp.stop(signal.SIGKILL)
    await psp.start()

    assert len(await psp.journal(held["reference"])) == 1
    assert (await psp.look_up(held["reference"])).status_code == 503
    assert (await psp.look_up(held["reference"])).json() == held
    assert psp.receiver.of(decided["reference"]) == []
    await psp.control("POST", "webhooks/resume")
    [event] = await psp.receiver.wait_for(decided["reference"])
    assert event.id == waiting["id"]
    await psp.receiver.wait_for(promised["reference"])
    assert [e["outcome"] for e in await psp.journal(promised["reference"])] == ["approved"]


async def test_webhooks_wait_for_a_receiver_that_hangs_up(psp: SandboxPsp) -> None:
    psp.receiver.hangs_up = True
    asked = await psp.authorize("tok_async")
    await until(lambda: has_events(psp, asked["reference"], attempts=1))
    psp.receiver.hangs_up = False
    await psp.receiver.wait_for(asked["reference"])


class ListensToAllForms(Receiver):
    """Notes in which form each webhook was signed; none that is wrongly signed is taken."""

    def __init__(self) -> None:
        super().__init__()
        secret = base64.b64decode(SECRET.removeprefix("whsec_"))
        public = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
        self._verifiers: dict[str, StandardWebhooks | PlainSignature] = {
            "standard_hmac": StandardWebhooks(secrets=[secret]),
            "standard_ed25519": StandardWebhooks(public_keys=[public]),
            "plain": PlainSignature([secret]),
        }
        self.expected = "standard_hmac"
        self.names: list[str] = []

    def _hear(self, headers: dict[str, str], body: bytes) -> int:
        request = WebhookRequest(headers, body, time.time())
        self.names.append(self._verifiers[self.expected].verified(request))
        message = orjson.loads(body)
        self.heard.append(Heard(message["id"], message["type"], message["data"], body, "", 204))
        return 204


async def test_webhooks_are_signed_in_the_form_that_is_ordered(tmp_path: Path) -> None:
    receiver = ListensToAllForms()
    listening = await asyncio.start_server(receiver.serve, HOST, 0)
    psp = SandboxPsp(tmp_path, receiver, listening.sockets[0].getsockname()[1])
    psp.environment["PAYSAGA_SANDBOX_PSP_WEBHOOK_SIGNING_KEY"] = SIGNING_KEY
    await psp.start()
    try:
        for form in ("plain", "standard_ed25519", "standard_hmac", "plain"):
            receiver.expected = form
            await psp.control("PUT", "settings", {"signing": form, "async_seconds": 0})
            asked = await psp.authorize("tok_async")
            [event] = await receiver.wait_for(asked["reference"])
            assert (receiver.names[-1] == event.id) == (form != "plain")
        assert len(set(receiver.names)) == 4
    finally:
        await psp.http.aclose()
        await psp.stop()
        listening.close()


async def test_a_form_without_its_key_cannot_be_ordered(psp: SandboxPsp) -> None:
    asked: httpx.Response = await psp.http.put(
        "/_control/settings", content=orjson.dumps({"signing": "standard_ed25519"})
    )
    assert asked.status_code == 409
    assert asked.json()["error"]["code"] == "no_key"
    assert (await psp.control("GET", "settings"))["signing"] == "standard_hmac"

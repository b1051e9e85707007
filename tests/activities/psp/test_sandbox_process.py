"""The plugin and the sandbox PSP's own process understand each other."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from activities.psp.calls import PspCalls
from activities.psp.catalog import Catalog
from activities.psp.contract import Adapter, WebhookRequest
from activities.psp.plugins.sandbox.adapter import SandboxAdapter
from activities.psp.plugins.sandbox.settings import SandboxSettings
from tests.activities.psp import peer
from tests.activities.psp.sandbox_orders import (
    EUROS,
    SECONDARY,
    ask,
    authorize,
    capture,
    look,
    step,
)
from workflows.domain.declines import DeclineReason
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    Declined,
    NotFound,
    NotSent,
    Operation,
    PayoutInstruction,
    Pending,
    RefundInstruction,
    Unknown,
    VoidInstruction,
)

SECRET = "whsec_" + "c2FuZGJveC1wc3Atc2VjcmV0LW9mLXRlc3Rz"
KEYS = {"KEY_PRIMARY": "sk_primary_of_tests", "KEY_SECONDARY": "sk_secondary_of_tests"}


class Speaking:
    """The plugin, connected to the process under test."""

    name = "sandbox"

    def __init__(self, url: str) -> None:
        self.url = url

    def connect(self) -> Adapter:
        return SandboxAdapter(
            SandboxSettings(
                url=self.url,
                key_primary=SecretStr(KEYS["KEY_PRIMARY"]),
                key_secondary=SecretStr(KEYS["KEY_SECONDARY"]),
                webhook_secret=SecretStr(SECRET),
            )
        )


@pytest.fixture(scope="module")
async def door() -> AsyncIterator[peer.Peer]:
    """Where the sandbox PSP sends its webhooks."""
    async with peer.listening(peer.sends(peer.response(200, b"{}"))) as far:
        yield far


@pytest.fixture(scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory, door: peer.Peer) -> AsyncIterator[str]:
    port = _free_port()
    settings = {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATABASE": str(tmp_path_factory.mktemp("sandbox") / "psp.db"),
        "WEBHOOK_URL": f"{door.url}/webhooks/sandbox",
        "WEBHOOK_SECRET": SECRET,
        **KEYS,
    }
    environment = {f"PAYSAGA_SANDBOX_PSP_{name}": value for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "infra.local.psps.sandbox",
        cwd=Path(__file__).parents[3],
        env={**os.environ, **environment},
    )
    try:
        await _until_ready(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
async def psp(sandbox: str) -> AsyncIterator[PspCalls]:
    catalog = Catalog({"sandbox": Speaking(sandbox)})
    yield PspCalls(catalog)
    await catalog.aclose()


@pytest.mark.parametrize("amount", [Money(1, "JPY"), EUROS, Money(5125, "KWD")], ids=str)
async def test_a_payment_is_held_captured_in_part_released_and_refunded(
    psp: PspCalls, amount: Money
) -> None:
    asked = authorize(amount=amount)
    held = await ask(psp.authorize, asked)
    assert isinstance(held, Approved)
    assert held.amount == amount
    assert await ask(psp.look_up, look(asked)) == held
    captured = await ask(psp.capture, capture(asked, held.psp_ref))
    assert isinstance(captured, Approved)
    assert captured.amount == amount
    refund = RefundInstruction(**step(asked, "refund"), psp_ref=captured.psp_ref)
    refunded = await ask(psp.refund, refund)
    assert isinstance(refunded, Approved)
    over = RefundInstruction(**step(asked, "refund:2"), psp_ref=captured.psp_ref)
    assert (await ask(psp.refund, over)).reason == "not_refundable"


async def test_what_is_not_captured_is_released(psp: PspCalls) -> None:
    asked = authorize()
    held = await ask(psp.authorize, asked)
    part = Money(2000, "EUR")
    await ask(psp.capture, capture(asked, held.psp_ref, part))
    void = VoidInstruction(**step(asked, "void:1"), authorize_key=asked.key, psp_ref=held.psp_ref)
    released = await ask(psp.void, void)
    assert released.amount == Money(3000, "EUR")


async def test_a_sale_is_answered_and_found_as_taken_and_refunded_under_its_own_id(
    psp: PspCalls,
) -> None:
    asked = replace(authorize(), method="ideal", country="NL")
    sale = await ask(psp.authorize, asked)
    assert (type(sale), sale.captured) == (Approved, True)
    assert await ask(psp.look_up, look(asked)) == sale
    refund = RefundInstruction(**step(asked, "refund"), psp_ref=sale.psp_ref)
    assert isinstance(await ask(psp.refund, refund), Approved)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"method": "sofort"}, DeclineReason.METHOD_NOT_SUPPORTED),
        ({"method": "bank"}, DeclineReason.METHOD_NOT_SUPPORTED),
        ({"method": "ideal", "country": "DE"}, DeclineReason.COUNTRY_NOT_SUPPORTED),
        ({"method": "ideal", "amount": Money(5000, "USD")}, DeclineReason.CURRENCY_NOT_SUPPORTED),
        ({"method": "ideal", "amount": Money(99, "EUR")}, DeclineReason.AMOUNT_TOO_SMALL),
    ],
)
async def test_what_its_methods_do_not_do_never_reaches_it(
    psp: PspCalls, changes: dict[str, Any], reason: DeclineReason
) -> None:
    asked = replace(authorize(), **changes)
    refused = await ask(psp.authorize, asked)
    assert refused == Declined(reason, soft=True, code=reason)
    assert isinstance(await ask(psp.look_up, look(asked)), NotFound)


async def test_declines_and_promises_are_told_apart(psp: PspCalls) -> None:
    soft = await ask(psp.authorize, authorize("tok_soft"))
    assert isinstance(soft, Declined)
    assert (soft.reason, soft.soft) == ("do_not_honor", True)
    hard = await ask(psp.authorize, authorize("tok_hard"))
    assert (hard.reason, hard.soft) == ("stolen_card", False)
    challenged = await ask(psp.authorize, authorize("tok_3ds"))
    assert isinstance(challenged, Pending)
    assert challenged.redirect_url
    assert isinstance(await ask(psp.authorize, authorize("tok_async")), Pending)


async def test_a_proof_given_at_one_account_spares_a_challenge_at_the_next(
    psp: PspCalls,
) -> None:
    asked = authorize("tok_3ds_soft_first")
    challenged = await ask(psp.authorize, asked)
    async with httpx.AsyncClient() as browser:
        await browser.post(challenged.redirect_url, data={"action": "approve"})
    no = await ask(psp.look_up, look(asked))
    assert isinstance(no, Declined)
    proof = no.authentication
    assert proof is not None
    assert (no.soft, proof.is_reusable) == (True, True)
    elsewhere = replace(asked, account=SECONDARY, authentication=proof.handed_over)
    yes = await ask(psp.authorize, elsewhere)
    assert isinstance(yes, Approved)
    assert yes.authentication is not None
    assert yes.authentication.ds_trans_id == proof.ds_trans_id
    assert str(proof.cavv) not in repr(elsewhere)


async def test_a_lost_answer_is_found_and_not_repeated(psp: PspCalls) -> None:
    asked = authorize("tok_lost_authorize")
    assert isinstance(await ask(psp.authorize, asked), Unknown)
    assert isinstance(await ask(psp.look_up, look(asked)), Approved)


async def test_what_never_arrived_is_voided_by_its_key(psp: PspCalls) -> None:
    asked = authorize("tok_500")
    assert isinstance(await ask(psp.authorize, asked), Unknown)
    assert await ask(psp.look_up, look(asked)) == NotFound(safe_to_repeat=True)
    void = VoidInstruction(**step(asked, "void:1"), authorize_key=asked.key, psp_ref=None)
    released = await ask(psp.void, void)
    assert isinstance(released, Approved)
    assert released.amount == Money(0, "EUR")
    late = AuthorizeInstruction(**{**vars(asked), "payment_token": "tok_ok"})
    assert (await ask(psp.authorize, late)).reason == "voided"


async def test_a_payout_is_promised(psp: PspCalls) -> None:
    payout = PayoutInstruction(
        **{**step(authorize(), "payout"), "key": f"po_{uuid4().hex}:payout"},
        method="bank",
        destination="dst_ok",
        player_id="player_1",
    )
    assert isinstance(await ask(psp.payout, payout), Pending)


async def test_what_was_promised_is_heard(psp: PspCalls, sandbox: str, door: peer.Peer) -> None:
    asked = authorize("tok_async", Money(5000, "JPY"))
    assert isinstance(await ask(psp.authorize, asked), Pending)
    event = await _heard(Catalog({"sandbox": Speaking(sandbox)}), door, asked.key)
    assert event.operation is Operation.AUTHORIZE
    assert isinstance(event.reply, Approved)
    assert event.reply.amount == event.amount == asked.amount
    assert event.raw_type == "authorization.approved"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("lost_before", Unknown),
        ("lost_after", Unknown),
        ("status_500_before", Unknown),
        ("status_500_after", Unknown),
        ("garbage", Unknown),
        ("html_200", Unknown),
        ("reset", Unknown),
        ("status_429", NotSent),
        ("status_503", NotSent),
    ],
)
async def test_every_fault_is_seen_for_what_it_is(
    psp: PspCalls, sandbox: str, fault: str, kind: type
) -> None:
    planned = {"operation": "authorization", "fault": fault, "times": 1}
    async with httpx.AsyncClient(base_url=sandbox, trust_env=False) as control:
        (await control.post("/_control/faults", json=planned)).raise_for_status()
    assert isinstance(await ask(psp.authorize, authorize()), kind)


async def _heard(catalog: Catalog, door: peer.Peer, key: str) -> PspEvent:
    for _ in range(100):
        for sent in door.heard:
            request = WebhookRequest(sent.headers, sent.body, time.time())
            for event in (await catalog.hear("sandbox", request)).events:
                if event.key == key:
                    return event
        await asyncio.sleep(0.05)
    raise AssertionError("no webhook came")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def _until_ready(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        for _ in range(100):
            try:
                if (await client.get("/healthz")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise AssertionError("the sandbox PSP does not start")

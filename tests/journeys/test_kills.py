"""kill -9 under way: what died is started again, and the payment ends as if nothing had been."""

from __future__ import annotations

import asyncio

import pytest

from infra.local.demo.cashier import Cashier
from infra.local.demo.sandbox import SandboxPsp
from infra.local.stack.addresses import Stack
from tests.infra.waiting import eventually
from tests.journeys.drills import delivered, kill, persistently


@pytest.mark.parametrize("victim", ["worker", "api", "sandbox-psp"])
async def test_a_deposit_that_waits_for_its_player_survives_a_kill_of_any_process(
    stack: Stack, cashier: Cashier, psp: SandboxPsp, victim: str
) -> None:
    intent_id = await cashier.open(f"rosa-{victim}", "31.20 EUR", "tok_3ds")
    deposit = await cashier.tell(intent_id, "authorize")
    killed = kill(stack, victim)
    await persistently(lambda: psp.answer(deposit["redirect_url"], "approve"))
    await eventually(lambda: stack.processes[victim].pid not in (None, killed))
    await persistently(lambda: _final_status(cashier, intent_id))
    assert await psp.story(intent_id) == [
        "authorization 31.20 EUR approved at primary",
        "capture 31.20 EUR approved at primary",
    ]
    assert await cashier.wallet(f"rosa-{victim}", "EUR") == "31.20 EUR"


async def test_a_worker_killed_while_the_psp_works_asks_what_became_of_it(
    stack: Stack, cashier: Cashier, psp: SandboxPsp
) -> None:
    intent_id = await cashier.open("sven", "32.30 EUR", "tok_slow")
    authorizing = asyncio.create_task(cashier.tell(intent_id, "authorize"))
    # The PSP takes five seconds: the question is on its way by now, the answer is not.
    await asyncio.sleep(1.0)
    kill(stack, "worker")
    await authorizing
    seen = await cashier.final_intent(intent_id)
    assert seen["status"] == "CAPTURED"
    assert await psp.story(intent_id) == [
        "authorization 32.30 EUR approved at primary",
        "capture 32.30 EUR approved at primary",
    ]


async def test_a_webhook_that_comes_while_no_worker_is_there_is_applied_afterwards(
    stack: Stack, cashier: Cashier, psp: SandboxPsp
) -> None:
    intent_id = await cashier.open("tara", "33.40 EUR", "tok_3ds")
    deposit = await cashier.tell(intent_id, "authorize")
    await stack.processes["worker"].stop()
    await psp.answer(deposit["redirect_url"], "approve")
    await delivered(psp)
    meanwhile = await cashier.look(f"/v1/cashier/intents/{intent_id}")
    assert meanwhile["status"] == "REQUIRES_ACTION"
    await stack.processes["worker"].start()
    assert (await cashier.final_intent(intent_id))["status"] == "CAPTURED"


async def _final_status(cashier: Cashier, intent_id: str) -> str:
    return str((await cashier.final_intent(intent_id))["status"])

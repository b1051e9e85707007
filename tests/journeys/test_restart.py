"""`make up`, Ctrl-C, `make up`: what runs is kept, and finishes."""

from __future__ import annotations

from pathlib import Path

from infra.local.demo.play import scene
from infra.local.settings import Ports
from infra.local.stack import local_stack
from tests.journeys.conftest import books_hold


async def test_a_deposit_outlives_the_whole_stack_and_its_key_still_answers(
    tmp_path: Path,
) -> None:
    ports = Ports.free(headless=True)
    async with local_stack(tmp_path, ports=ports) as stack, scene(stack) as at:
        intent_id = await at.cashier.open("uma", "41.50 EUR", "tok_3ds", key="uma-1")
        told = await at.cashier.tell(intent_id, "authorize")
        await at.cashier.deposit("vera", "42.60 EUR")
    async with local_stack(tmp_path, ports=ports) as stack, scene(stack) as at:
        seen = await at.cashier.look(f"/v1/cashier/intents/{intent_id}")
        assert seen["status"] == "REQUIRES_ACTION"
        again = await at.cashier.ask_for_intent("uma", "41.50 EUR", "tok_3ds", key="uma-1")
        assert (again.status, again.headers["idempotent-replayed"]) == (200, "true")
        assert again.body["intent_id"] == intent_id
        assert again.body["status"] == "INITIATED"
        await at.psp.answer(told["redirect_url"], "approve")
        assert (await at.cashier.final_intent(intent_id))["status"] == "CAPTURED"
        assert await at.cashier.wallet("uma", "EUR") == "41.50 EUR"
        assert await at.cashier.wallet("vera", "EUR") == "42.60 EUR"
        await books_hold(at)

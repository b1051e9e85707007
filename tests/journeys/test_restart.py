"""kill -9 of both servers, Ctrl-C, `make up` again: what runs is kept, and finishes."""

from __future__ import annotations

from pathlib import Path

from infra.local.demo.cashier import RETURN_URL
from infra.local.demo.play import Scene, scene
from infra.local.stack.addresses import Stack
from infra.local.stack.settings import Ports
from infra.local.stack.stack import local_stack
from tests.journeys.drills import books_hold, kill
from tests.journeys.private import files_of, open_to_others


async def test_a_deposit_outlives_its_servers_and_the_whole_stack_and_its_key_still_answers(
    tmp_path: Path,
) -> None:
    ports = Ports.free(headless=True)
    async with local_stack(tmp_path, ports=ports) as stack, scene(stack) as at:
        intent_id = await at.cashier.open("uma", "41.50 EUR", "tok_3ds", key="uma-1")
        deposit = await at.cashier.tell(intent_id, "authorize")
        await at.cashier.deposit("vera", "42.60 EUR")
        kill(stack, "temporal")
        kill(stack, "postgres")
    # As an older version left it.
    for name in ("log/api.log", "temporal/temporal.db", "up.json.old"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    async with local_stack(tmp_path, ports=ports) as stack, scene(stack) as at:
        seen = await at.cashier.look(f"/v1/cashier/intents/{intent_id}")
        assert seen["status"] == "REQUIRES_ACTION"
        again = await at.cashier.ask_for_intent("uma", "41.50 EUR", "tok_3ds", key="uma-1")
        assert (again.status, again.headers["idempotent-replayed"]) == (200, "true")
        assert again.body["intent_id"] == intent_id
        assert again.body["status"] == "INITIATED"
        await at.psp.answer(deposit["redirect_url"], "approve")
        assert (await at.cashier.final_intent(intent_id))["status"] == "CAPTURED"
        assert await at.cashier.wallet("uma", "EUR") == "41.50 EUR"
        assert await at.cashier.wallet("vera", "EUR") == "42.60 EUR"
        await books_hold(at)
        assert files_of(tmp_path) > 500
        assert open_to_others(tmp_path) == []
        await capture_behind_our_back(at, stack)
        broken = [proof for proof in await at.books.prove() if not proof.holds]
        assert [proof.claim for proof in broken] == [
            "What the PSP captured is what was credited",
            "What the PSP owes us is what the clearing accounts say",
        ]
        assert broken[0].numbers == "the PSP says stranger 1.23 EUR, the ledger stranger 0.00 EUR"


async def capture_behind_our_back(at: Scene, stack: Stack) -> None:
    """What must never be; the proof would be worth nothing if it did not see it."""
    key = stack.environment["PAYSAGA_SANDBOX_PSP_KEY_PRIMARY"]
    amount = {"amount": 123, "currency": "EUR"}
    asked = {"reference": "stranger:authorize:1", "payment_token": "tok_ok", **amount}
    asked |= {"method": "card", "player_id": "x", "return_url": RETURN_URL}
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "stranger-1"}
    held = await at.psp.http.post("/v1/authorizations", json=asked, headers=headers)
    captures = f"/v1/authorizations/{held.json()['id']}/captures"
    asked = {"reference": "stranger:capture", **amount}
    headers["Idempotency-Key"] = "stranger-2"
    captured = await at.psp.http.post(captures, json=asked, headers=headers)
    assert captured.json()["status"] == "approved"

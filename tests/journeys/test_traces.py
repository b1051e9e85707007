"""One trace through all of it, and no secret anywhere on the way."""

from __future__ import annotations

import json
import uuid

from infra.local.demo.cashier import Cashier
from infra.local.demo.sandbox import SandboxPsp
from infra.local.stack.addresses import Stack
from infra.settings import Temporal
from infra.temporal import connect


async def test_a_trace_is_found_on_the_run_in_the_logs_and_at_the_psp(
    stack: Stack, cashier: Cashier, psp: SandboxPsp
) -> None:
    trace_id = f"trace-{uuid.uuid4().hex}"
    intent_id = await cashier.open("wim", "51.70 EUR", trace_id=trace_id)
    await cashier.tell(intent_id, "authorize")
    seen = await cashier.final_intent(intent_id)
    assert seen["trace_id"] == trace_id
    assert {done["trace_id"] for done in await psp.journal(intent_id)} == {trace_id}
    client = await connect(Temporal(address=stack.temporal.address))
    run = await client.get_workflow_handle(f"deposit-{intent_id}").describe()
    assert await run.memo_value("trace_id") == trace_id
    for process in ("api", "worker"):
        assert any(line.get("trace_id") == trace_id for line in log_lines(stack, process)), process


async def test_no_log_has_a_token_a_key_a_password_or_a_cards_token(
    stack: Stack, cashier: Cashier
) -> None:
    await cashier.deposit("xena", "52.80 EUR", "tok_hard")
    payout_id = await cashier.pay_out(*await _funded(cashier), "dst_ok")
    await cashier.final_payout(payout_id)
    kept = json.loads((stack.folder / "sandbox_psp.json").read_text())
    passwords = json.loads((stack.folder / "postgres" / "passwords.json").read_text())
    secrets = {*kept.values(), *passwords.values(), *cashier.tokens.values()}
    assert len(secrets) >= 8
    logs = list((stack.folder / "log").glob("*.log*"))
    assert {log.stem for log in logs} >= {"postgres", "temporal", "sandbox-psp", "worker", "api"}
    for log in logs:
        text = log.read_text()
        assert [secret for secret in {*secrets, "tok_hard", "dst_ok"} if secret in text] == [], log


async def _funded(cashier: Cashier) -> tuple[str, str]:
    await cashier.deposit("yves", "53.90 EUR")
    return "yves", "13.10 EUR"


def log_lines(stack: Stack, process: str) -> list[dict[str, object]]:
    """What a process wrote as JSON; anything else has no trace."""
    lines = (stack.folder / "log" / f"{process}.log").read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]

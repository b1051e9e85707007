"""Whoever reaches Temporal's port and has no key of ours moves nothing: people see that they tried,
and the next genuine word is heard."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateStage

from activities.registry.claims import Claim
from activities.registry.runs import start_run
from activities.seals.keys import SealKeys
from api.http.runs import Command
from tests.api.callers import Caller
from tests.sealing import SECOND, plain
from tests.walls import stories
from tests.walls.forgers import Forger, told_late
from tests.walls.house import House
from tests.walls.strangers import late_fact
from tests.walls.test_junk import a_case
from workflows.domain.cases import Action, CaseOrder, Proposal, Review, Stage
from workflows.domain.deposits import AuthorizeCommand, CaptureCommand, CompleteCommand
from workflows.domain.events import PspEvent
from workflows.domain.identity import workflow_of
from workflows.domain.money import Money
from workflows.domain.payouts import Approval, ApprovalDecision
from workflows.domain.psp import Approved, Declined, Fact, Operation
from workflows.domain.records import Record
from workflows.domain.seals import FACT
from workflows.starting import start_of

FIFTY = Money(5000, "EUR")
YES, NO = (
    Approval(decision=decision, approver="approver-1", reason="seen")
    for decision in (ApprovalDecision.APPROVE, ApprovalDecision.DECLINE)
)
LATER = Approval(
    decision=ApprovalDecision.POSTPONE,
    approver="approver-1",
    until=(datetime.now(UTC) + timedelta(days=2)).isoformat(),
)
PART = CaptureCommand(amount=Money(2000, "EUR"))
COMMANDS: dict[str, tuple[Any, list[tuple[str, tuple[Any, ...]]], Any]] = {
    "opened": (
        stories.opened,
        [("authorize", (AuthorizeCommand(payment_token="mine"),)), ("cancel", ())],
        stories._authorize,
    ),
    "challenged": (
        stories.challenged,
        [("complete", (CompleteCommand(parameters={"redirectResult": "x"}),)), ("cancel", ())],
        stories._complete,
    ),
    "held": (
        stories._held,
        [("capture", (PART,)), ("void", ()), ("cancel", ())],
        stories._capture,
    ),
    "payout": (
        stories.awaiting,
        [("approve", (YES,)), ("approve", (NO,)), ("approve", (LATER,)), ("cancel", ())],
        stories._approve,
    ),
}


async def forged(house: House, payment_id: str) -> int:
    """How many are counted in the one case of it."""
    [case] = [case for case in await house.cases(payment_id) if case["kind"] == "forged"]
    assert case["money_at_risk_minor"] == 5000
    return int(case["facts"]["count"])


@pytest.mark.parametrize("kind", COMMANDS)
async def test_no_command_is_obeyed_that_our_api_has_not_made(house: House, kind: str) -> None:
    play, commands, end = COMMANDS[kind]
    payment_id = await play(house)
    run, before = str(workflow_of(payment_id)), await house.books.recall(payment_id)
    asked = list(house.bank.asked)
    tries = 0
    for message, content in commands:
        tries += await Forger(house).commands(run, message, *content)
    assert await house.books.recall(payment_id) == before
    assert [key for key in house.bank.asked[len(asked) :] if payment_id in key[1]] == []
    assert await forged(house, payment_id) == tries
    house.bank.moods.pop(payment_id, None)
    await end(house, payment_id)
    assert (await house.agrees(payment_id)).status in ("CAPTURED", "PAYOUT_SETTLED")


async def test_nobody_without_a_key_decides_about_a_case(house: House) -> None:
    payment_id = await stories.cancelled_before(house)
    await house.ended(payment_id)
    case_id = await a_case(house, payment_id, Money(500000, "EUR"))
    order = CaseOrder(case_id=case_id, payment_id=payment_id, brand="acme", trace_id="trace-1")
    await start_run(house.client, house.queue, order)
    run, wish = start_of(order).id, uuid.uuid4().hex
    handle = house.client.get_workflow_handle(run)
    proposal = Proposal(id=wish, action=Action.DISMISS, amount=None, reason="seen", by="ann")
    tries = await Forger(house).commands(run, "propose", proposal)
    waits = await handle.execute_update("propose", proposal, result_type=Record)
    assert waits.status == Stage.AWAITING_APPROVAL
    word = Review(approve=True, by="bob", reason="seen", proposal=wish)
    tries += await Forger(house).commands(run, "approve", word)
    assert await forged(house, payment_id) == tries
    with pytest.raises(WorkflowUpdateFailedError):
        # Genuine, and copied from the history of another proposal.
        await handle.execute_update("approve", replace(word, proposal="another"))
    done = await handle.execute_update("approve", word, result_type=Record)
    assert done.status == Stage.RESOLVED


def _fact(house: House, payment_id: str, step: str, operation: Operation, reply: Fact) -> PspEvent:
    return PspEvent(
        psp=house.first.psp,
        event_id=f"evt-{uuid.uuid4().hex}",
        key=f"{payment_id}:{step}",
        operation=operation,
        reply=reply,
        amount=FIFTY,
        account=house.first.id,
    )


def _returned(house: House, payment_id: str) -> PspEvent:
    no = Declined("returned", soft=False, code="R03")
    return _fact(house, payment_id, "payout:1", Operation.PAYOUT, no)


async def test_a_forged_return_gives_nothing_back_and_the_genuine_one_does(house: House) -> None:
    payment_id = await stories.paid(house)
    player = (await house.books.recall(payment_id)).player
    fact = _returned(house, payment_id)
    sent = await Forger(house).late_facts(payment_id, fact)
    assert await house.money(player) == (1000, 0)
    assert await forged(house, payment_id) == sent
    [came_to] = await told_late(house, payment_id, fact)
    assert "evt-" in came_to
    assert await house.money(player) == (6000, 0)
    assert (await house.books.recall(payment_id)).status == "PAYOUT_RETURNED"


async def test_a_forged_capture_credits_nobody(house: House) -> None:
    payment_id = await stories.challenged(house)
    run = str(workflow_of(payment_id))
    yes = Approved("psp-1", FIFTY, captured=True)
    sale = _fact(house, payment_id, "authorize:1", Operation.AUTHORIZE, yes)
    capture = _fact(house, payment_id, "capture", Operation.CAPTURE, yes)
    sent = sum([await Forger(house).facts(run, each) for each in (sale, capture)])
    await house.tell(payment_id, "cancel")
    known = await house.agrees(payment_id)
    assert (known.status, await house.money(known.player)) == ("CANCELLED", (0, 0))
    assert await forged(house, payment_id) == sent
    sent += await Forger(house).late_facts(payment_id, capture)
    assert await house.money(known.player) == (0, 0)
    assert {case["kind"] for case in await house.cases(payment_id)} == {"forged"}
    assert await forged(house, payment_id) == sent


async def test_a_forged_no_gives_no_payout_back_and_a_forged_yes_settles_none(
    house: House,
) -> None:
    payment_id = await stories.processing(house)
    run = str(workflow_of(payment_id))
    replies = (Approved("psp-1", FIFTY), Declined("account_closed", soft=False, code="R02"))
    for reply in replies:
        fact = _fact(house, payment_id, "payout:1", Operation.PAYOUT, reply)
        await Forger(house).facts(run, fact)
    assert (await house.books.recall(payment_id)).status == "PAYOUT_PROCESSING"
    await house.webhooks(payment_id)
    assert (await house.agrees(payment_id)).status == "PAYOUT_SETTLED"


async def test_an_invented_psp_keeps_no_genuine_fact_waiting(house: House) -> None:
    payment_id = await stories.cancelled_before(house)
    await house.ended(payment_id)
    odd = replace(late_fact(house, payment_id), psp="nobody-has-a-worker-for-it", account="x")
    assert await Forger(house).tells_late(payment_id, odd) == []
    [came_to] = await told_late(house, payment_id, late_fact(house, payment_id))
    assert "a hold that nobody wants" in came_to
    assert house.bank.done(payment_id)["void"] == 1


async def test_a_message_that_is_sealed_with_the_second_key_is_heard(house: House) -> None:
    payment_id = await stories.awaiting(house)
    seal = SealKeys([SECOND]).seal(payment_id, "approve", YES, by="approver-1")
    run = plain(house.client).get_workflow_handle(str(workflow_of(payment_id)))
    await run.execute_update("approve", args=[YES, seal])
    assert (await house.agrees(payment_id)).status == "PAYOUT_SETTLED"


async def test_ten_thousand_forgeries_are_one_case_and_some_lines_of_security(
    house: House,
) -> None:
    """Some hundreds stand for them."""
    payment_id = await stories.awaiting(house)
    run = plain(house.client).get_workflow_handle(str(workflow_of(payment_id)))
    count = "SELECT count(*) FROM security_events WHERE psp = 'temporal'"
    before = await house.pool.fetchval(count)
    facts = [_returned(house, payment_id) for _ in range(300)]
    await asyncio.gather(*(run.signal(FACT, args=[fact]) for fact in facts))
    await house.tell(payment_id, "approve", YES)
    assert (await house.agrees(payment_id)).status == "PAYOUT_SETTLED"
    # A workflow task that is done again counts again.
    assert len(facts) <= await forged(house, payment_id) < 3 * len(facts)
    assert await house.pool.fetchval(count) - before <= 3
    assert len(await house.cases(payment_id)) == 1


async def test_who_guesses_an_idempotency_key_keeps_nobody_from_using_it(
    house: House, approver: Caller
) -> None:
    payment_id = await stories.awaiting(house)
    key = f"approve-{payment_id}"
    claim = Claim(brand="acme", key=key, request_hash="", resource_id=payment_id)
    guessed = Command(payment_id, "approve", claim).update_id
    run = plain(house.client).get_workflow_handle(str(workflow_of(payment_id)))
    await run.start_update("approve", YES, id=guessed, wait_for_stage=WorkflowUpdateStage.COMPLETED)
    path = f"/v1/cashier/payouts/{payment_id}/approvals"
    answer = await approver.post(path, {"decision": "approve", "reason": "seen"}, key=key)
    assert answer.status_code == 201, answer.text
    assert (await house.agrees(payment_id)).status == "PAYOUT_SETTLED"

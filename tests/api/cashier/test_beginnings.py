"""An intent's run begins with its first command, and one call may do it all."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import asyncpg
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.registry.claims import Claim
from activities.registry.orders import read_order
from activities.settings import Settings
from api.http.runs import Command
from tests.api.callers import Caller, intent, slug
from tests.sealing import SEALS
from tests.workflows.world import FakePsp
from workflows.domain.deposits import AuthorizeCommand, DepositOrder, FirstCommand
from workflows.domain.identity import Kind, workflow_id
from workflows.starting import start_of

INTENTS = "/v1/cashier/intents"


async def opened(platform: Caller, **changes: Any) -> str:
    answer = await platform.post(INTENTS, intent(**changes))
    assert (answer.status_code, answer.json()["status"]) == (201, "INITIATED")
    return str(answer.json()["intent_id"])


async def has_run(client: Client, intent_id: str) -> bool:
    try:
        await client.get_workflow_handle(workflow_id(Kind.DEPOSIT, intent_id)).describe()
    except RPCError as error:
        assert error.status is RPCStatusCode.NOT_FOUND
        return False
    return True


async def test_an_intent_has_no_run_until_its_first_command(
    platform: Caller, psp: FakePsp, temporal_client: Client
) -> None:
    intent_id = await opened(platform)
    assert not await has_run(temporal_client, intent_id)
    done = await platform.post(f"{INTENTS}/{intent_id}/authorize")
    assert (done.status_code, done.json()["status"]) == (201, "CAPTURED")
    assert await has_run(temporal_client, intent_id)


async def test_a_cancel_begins_a_run_that_ends_at_once(
    platform: Caller, psp: FakePsp, temporal_client: Client
) -> None:
    intent_id = await opened(platform)
    done = await platform.post(f"{INTENTS}/{intent_id}/cancel")
    assert (done.status_code, done.json()["status"]) == (201, "CANCELLED")
    assert slug(await platform.post(f"{INTENTS}/{intent_id}/authorize")) == "illegal-state"


async def test_one_call_opens_and_authorizes_and_its_repetition_is_told_the_same(
    platform: Caller, psp: FakePsp
) -> None:
    asked = len(psp.done)
    first = await platform.post(INTENTS, intent(authorize=True), key="all-in-one")
    again = await platform.post(INTENTS, intent(authorize=True), key="all-in-one")
    assert (first.status_code, first.json()["status"]) == (201, "CAPTURED")
    assert (again.status_code, again.json()) == (200, first.json())
    assert len(psp.done) - asked == 2
    refused = await platform.post(f"{INTENTS}/{first.json()['intent_id']}/authorize")
    assert slug(refused) == "illegal-state"


async def test_going_ahead_too_late_is_refused_with_what_became_of_it(
    platform: Caller, psp: FakePsp, owner: asyncpg.Pool
) -> None:
    intent_id, asked = await opened(platform), len(psp.done)
    await owner.execute(
        "UPDATE payments SET run_order = jsonb_set(run_order, '{expires_at}', "
        "'\"2026-01-01T00:00:00+00:00\"') WHERE id = $1",
        intent_id,
    )
    refused = await platform.post(f"{INTENTS}/{intent_id}/authorize")
    assert (refused.status_code, slug(refused)) == (409, "illegal-state")
    assert "EXPIRED" in refused.json()["detail"]
    shown = await platform.get(f"{INTENTS}/{intent_id}")
    assert (shown.json()["status"], shown.json()["final"]) == ("EXPIRED", True)
    assert len(psp.done) == asked


async def test_a_command_that_began_a_run_whose_answer_was_lost_is_told_what_came_of_it(
    platform: Caller,
    psp: FakePsp,
    temporal_client: Client,
    pool: asyncpg.Pool,
    settings: Settings,
) -> None:
    intent_id, key = await opened(platform), f"lost-{uuid.uuid4().hex}"
    claim = Claim(brand="acme", key=key, request_hash="", resource_id=intent_id)
    update_id = Command(intent_id, "authorize", claim).update_id
    row = await pool.fetchrow("SELECT kind, run_order FROM payments WHERE id = $1", intent_id)
    assert row is not None
    order, wish = read_order(row["kind"], row["run_order"]), AuthorizeCommand()
    assert isinstance(order, DepositOrder)
    seal = SEALS.seal(intent_id, "authorize", wish, by="platform")
    order = replace(order, first=FirstCommand(authorize=wish, seal=seal))
    start = start_of(order)
    run = await temporal_client.start_workflow(
        start.workflow,
        order,
        id=start.id,
        task_queue=settings.temporal.core_queue,
        memo={**start.memo, "begun_by": update_id},
    )
    await run.result()
    answer = await platform.post(f"{INTENTS}/{intent_id}/authorize", key=key)
    assert (answer.status_code, answer.json()["status"]) == (201, "CAPTURED")
    other = await platform.post(f"{INTENTS}/{intent_id}/authorize", key=f"{key}-other")
    assert slug(other) == "illegal-state"

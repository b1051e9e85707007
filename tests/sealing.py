"""What tests send to runs is sealed as our API and inbox do it: by a client that adds the seals."""

from __future__ import annotations

import base64
import json
from typing import Any

import asyncpg
import orjson
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    SignalWorkflowInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)

from activities.seals.keys import SealKeys
from workflows.domain.cases import Proposal, Review
from workflows.domain.events import PspEvent
from workflows.domain.payouts import Approval
from workflows.domain.seals import FACT, Seal

KEY = bytes(range(32))
SECOND = bytes(range(32, 64))
SETTING = json.dumps([base64.b64encode(key).decode() for key in (KEY, SECOND)])
"""As PAYSAGA_SEALS_KEYS: two are live."""
SEALS = SealKeys([KEY, SECOND])

COMMANDS = ("authorize", "complete", "capture", "void", "cancel", "approve", "propose")
_RUNS = ("deposit-", "payout-", "refund-", "late-", "case-")


def subject_of(workflow_id: str) -> str:
    """Whose run it is."""
    for prefix in _RUNS:
        if workflow_id.startswith(prefix):
            return workflow_id.removeprefix(prefix)
    return workflow_id


def sealed(workflow_id: str, message: str, *content: Any, row: int | None = None) -> list[Any]:
    """The arguments of a genuine message."""
    argument = content[0] if content else None
    seal = SEALS.seal(subject_of(workflow_id), message, argument, by=_by(argument), row=row)
    return [*content, seal]


def _by(content: Any) -> str:
    match content:
        case Approval(approver=name) | Proposal(by=name) | Review(by=name):
            return name
        case _:
            return "tests"


async def sealed_fact(
    workflow_id: str, event: PspEvent, pool: asyncpg.Pool | None = None
) -> list[Any]:
    """With a pool the inbox has it, as one that was delivered."""
    row = None
    if pool is not None:
        text = orjson.dumps(event).decode()
        kept = {} if "u0000" in text else orjson.loads(text)
        subject = subject_of(workflow_id)
        await pool.execute(_HEARD, event.psp, event.event_id, subject, kept)
        row = await pool.fetchval(_DELIVERED, event.psp, event.event_id)
    return sealed(workflow_id, FACT, event, row=row)


_HEARD = """
SELECT inbox_take_in($1, NULL, NULL, NULL, ARRAY[$1], ARRAY[$2], ARRAY[$3], ARRAY[$4::jsonb],
    ARRAY[$2], ARRAY[$2], 100000, 0)
"""
_DELIVERED = """
UPDATE inbox_events SET delivered_at = now(), parked = NULL WHERE psp = $1 AND event_id = $2
RETURNING id
"""


def sealing(client: Client, pool: asyncpg.Pool | None = None) -> Client:
    """The same, with seals; with a pool, what it tells runs is in the inbox."""
    config = client.config()
    config["interceptors"] = [Sealing(pool)]
    return Client(**config)


def plain(client: Client) -> Client:
    """The same without them: whoever reaches Temporal's port."""
    config = client.config()
    config["interceptors"] = []
    return Client(**config)


class Sealing(Interceptor):
    """Of a client: facts, given as such, and commands get their seal, unless they bring one."""

    def __init__(self, pool: asyncpg.Pool | None = None) -> None:
        self._pool = pool

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        return _Sealed(next, self._pool)


class _Sealed(OutboundInterceptor):
    def __init__(self, following: OutboundInterceptor, pool: asyncpg.Pool | None) -> None:
        super().__init__(following)
        self._pool = pool

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002
        if input.start_signal == FACT:
            input.start_signal_args = await self._fact(input.id, input.start_signal_args)
        return await super().start_workflow(input)

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002
        if input.signal == FACT:
            input.args = await self._fact(input.id, input.args)
        await super().signal_workflow(input)

    async def start_workflow_update(
        self,
        input: StartWorkflowUpdateInput,  # noqa: A002
    ) -> WorkflowUpdateHandle[Any]:
        bare = not any(isinstance(argument, Seal) for argument in input.args)
        if input.update in COMMANDS and bare and len(input.args) <= 1:
            input.args = sealed(input.id, input.update, *input.args)
        return await super().start_workflow_update(input)

    async def start_update_with_start_workflow(
        self,
        input: StartWorkflowUpdateWithStartInput,  # noqa: A002
    ) -> WorkflowUpdateHandle[Any]:
        update = input.update_workflow_input
        bare = not any(isinstance(argument, Seal) for argument in update.args)
        if update.update in COMMANDS and bare and len(update.args) <= 1:
            update.args = sealed(input.start_workflow_input.id, update.update, *update.args)
        return await super().start_update_with_start_workflow(input)

    async def _fact(self, workflow_id: str, arguments: Any) -> Any:
        if len(arguments) == 1 and isinstance(arguments[0], PspEvent):
            return await sealed_fact(workflow_id, arguments[0], self._pool)
        return arguments

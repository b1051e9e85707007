"""Whoever reaches Temporal's port, knows every word of the protocol, and has no key of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError

from activities.seals.keys import SealKeys
from tests.sealing import SEALS, plain, sealed, subject_of
from tests.walls.house import House
from workflows.domain.cases import Proposal, Review
from workflows.domain.deposits import CaptureCommand, CompleteCommand
from workflows.domain.events import PspEvent
from workflows.domain.identity import LATE_EVENT, late_workflow_id
from workflows.domain.money import Money
from workflows.domain.payouts import Approval
from workflows.domain.seals import FACT, Seal

ROTATED_OUT = SealKeys([b"the key of the year before, of 32 bytes"])
OTHER = "po_00000000000000000000000000000000"


def forgeries(workflow_id: str, message: str, *content: Any) -> Iterator[tuple[str, list[Any]]]:
    """By name: what is sent beside, or instead of, a genuine message."""
    subject, argument = subject_of(workflow_id), content[0] if content else None
    genuine: Seal = sealed(workflow_id, message, *content)[-1]
    yield "no seal", list(content)
    yield "an invented one", [*content, replace(genuine, mac="0" * 64)]
    yield "no hex at all", [*content, replace(genuine, mac="ключ")]
    yield "an old key's", [*content, ROTATED_OUT.seal(subject, message, argument, by=genuine.by)]
    yield "another payment's", [*content, SEALS.seal(OTHER, message, argument, by=genuine.by)]
    yield "another message's", [*content, SEALS.seal(subject, "accepted", argument, by=genuine.by)]
    yield "another person's", [*content, replace(genuine, by="the-cfo")]
    for changed in _changed(argument):
        yield f"that of another content than {changed}", [changed, genuine]


def _changed(content: Any) -> Iterator[Any]:
    match content:
        case Approval():
            yield replace(content, approver="the-cfo")
            yield replace(content, reason="never mind")
        case Proposal():
            yield replace(content, by="the-cfo")
            yield replace(content, amount=Money(1, "EUR"))
        case Review():
            yield replace(content, by="the-cfo")
            yield replace(content, approve=not content.approve)
        case CaptureCommand():
            yield replace(content, amount=Money(1, "EUR"))
        case CompleteCommand():
            yield replace(content, parameters={"redirectResult": "mine"})
        case PspEvent():
            yield replace(content, event_id=f"{content.event_id}-2")
            yield replace(content, psp="sold")
            yield replace(content, occurred_at="2031-01-01T00:00:00+00:00")


async def told_late(
    house: House, payment_id: str, *arguments: Any, client: Client | None = None
) -> list[str]:
    """By our inbox, or by whoever has another client."""
    run = await (client or house.client).start_workflow(
        LATE_EVENT,
        payment_id,
        id=late_workflow_id(payment_id),
        task_queue=house.queue,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal=FACT,
        start_signal_args=list(arguments),
        result_type=list[str],
    )
    async with asyncio.timeout(60):
        came_to: list[str] = await run.result()
    return came_to


@dataclass(frozen=True)
class Forger:
    house: House

    async def commands(self, workflow_id: str, message: str, *content: Any) -> int:
        """Everything that can be made up is refused; gives how many tries that were."""
        run = plain(self.house.client).get_workflow_handle(workflow_id)
        tries = 0
        for name, arguments in forgeries(workflow_id, message, *content):
            tries += 1
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await run.execute_update(message, args=arguments)
            cause = refused.value.cause
            assert isinstance(cause, ApplicationError), (name, cause)
            assert cause.type == "NotSealed", (name, cause)
        return tries

    async def facts(self, workflow_id: str, fact: PspEvent) -> int:
        """To a run that is there; gives how many were sent."""
        run = plain(self.house.client).get_workflow_handle(workflow_id)
        sent = [arguments for _, arguments in self._forged(workflow_id, fact)]
        for arguments in sent:
            await run.signal(FACT, args=arguments)
        return len(sent)

    async def late_facts(self, payment_id: str, fact: PspEvent) -> int:
        """Each to a run of its own, or to the one that is there."""
        run = late_workflow_id(payment_id)
        sent = [arguments for _, arguments in self._forged(run, fact)]
        for arguments in sent:
            await self.tells_late(payment_id, *arguments)
        return len(sent)

    async def tells_late(self, payment_id: str, *arguments: Any) -> list[str]:
        """What the run that sees to late facts makes of it."""
        return await told_late(self.house, payment_id, *arguments, client=plain(self.house.client))

    def _forged(self, workflow_id: str, fact: PspEvent) -> Iterator[tuple[str, list[Any]]]:
        yield from forgeries(workflow_id, FACT, fact)
        # Under the key that seals, and yet the inbox has never heard it.
        yield "of no row", sealed(workflow_id, FACT, fact)
        yield "of a row that is not there", sealed(workflow_id, FACT, fact, row=2**60)

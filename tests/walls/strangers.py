"""What anybody who reaches Temporal can send: junk to every handler, and odd facts."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.enums.v1 import UpdateWorkflowExecutionLifecycleStage
from temporalio.api.query.v1 import WorkflowQuery
from temporalio.api.update.v1 import Input, Meta, Request, WaitPolicy
from temporalio.api.workflowservice.v1 import (
    QueryWorkflowRequest,
    SignalWorkflowExecutionRequest,
    UpdateWorkflowExecutionRequest,
)
from temporalio.service import RPCError

from tests.walls.house import House
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Operation

SIGNALS = ("psp_event", "resume", "nobody_knows_it", "__temporal_workflow_metadata", "")
UPDATES = (
    "authorize",
    "capture",
    "void",
    "cancel",
    "complete",
    "accepted",
    "approve",
    "propose",
    "nobody_knows_it",
)
QUERIES = ("__stack_trace", "__temporal_workflow_metadata", "nobody_knows_it", "status")


def a_json(text: str) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=text.encode())


JUNK: dict[str, Sequence[Payload]] = {
    "nothing": (),
    "a number": (a_json("7"),),
    "a huge number": (a_json("1" + "0" * 4000),),
    "null": (a_json("null"),),
    "a list": (a_json("[[],[]]"),),
    "an empty object": (a_json("{}"),),
    "broken JSON": (a_json('{"key": '),),
    "many": tuple(a_json("{}") for _ in range(5)),
    "binary": (Payload(metadata={"encoding": b"binary/plain"}, data=b"\x00\xff\xfe"),),
    "no encoding": (Payload(data=b"what"),),
    "an unknown encoding": (Payload(metadata={"encoding": b"binary/encrypted"}, data=b"x"),),
    "text": (a_json('"psp_event"'),),
    "a fact with a huge amount": (
        a_json(
            '{"psp":"x","event_id":"1","key":"in_1:capture","operation":"capture","reply":'
            '{"psp_ref":"p","amount":{"minor_units":1e400,"currency":"EUR"},"kind":"approved"},'
            '"amount":{"minor_units":1' + "0" * 5000 + ',"currency":"EUR"}}'
        ),
    ),
}


SOON = timedelta(seconds=1)
"""The SDK leaves some questions that it cannot read without an answer."""
LATER = timedelta(seconds=20)
"""In a storm the server now and then forgets that it owes a stranger an answer."""


@dataclass(frozen=True)
class Stranger:
    """Whoever has the Temporal CLI."""

    house: House

    async def sends_everything(self, workflow_id: str) -> None:
        """None of it has a seal."""
        await asyncio.gather(
            *(self.signals(workflow_id, name, each) for name in SIGNALS for each in JUNK.values()),
            *(
                self._updates(workflow_id, name, arguments)
                for name in UPDATES
                for arguments in JUNK.values()
            ),
            *(
                self._queries(workflow_id, name, JUNK[what])
                for name in QUERIES
                for what in ("nothing", "broken JSON", "many")
            ),
        )

    async def signals(self, workflow_id: str, name: str, arguments: Sequence[Payload]) -> None:
        request = SignalWorkflowExecutionRequest(
            namespace="default",
            workflow_execution=WorkflowExecution(workflow_id=workflow_id),
            signal_name=name,
            input=Payloads(payloads=arguments),
            request_id=uuid.uuid4().hex,
        )
        try:
            await self.house.client.workflow_service.signal_workflow_execution(request)
        except RPCError:
            # The server itself does not pass on what has no name.
            assert name == ""

    async def _updates(self, workflow_id: str, name: str, arguments: Sequence[Payload]) -> None:
        request = UpdateWorkflowExecutionRequest(
            namespace="default",
            workflow_execution=WorkflowExecution(workflow_id=workflow_id),
            wait_policy=WaitPolicy(
                lifecycle_stage=UpdateWorkflowExecutionLifecycleStage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED
            ),
            request=Request(
                meta=Meta(update_id=uuid.uuid4().hex, identity="stranger"),
                input=Input(name=name, args=Payloads(payloads=arguments)),
            ),
        )
        try:
            await self.house.client.workflow_service.update_workflow_execution(
                request, timeout=LATER
            )
        except RPCError:
            return

    async def _queries(self, workflow_id: str, name: str, arguments: Sequence[Payload]) -> None:
        request = QueryWorkflowRequest(
            namespace="default",
            execution=WorkflowExecution(workflow_id=workflow_id),
            query=WorkflowQuery(query_type=name, query_args=Payloads(payloads=arguments)),
        )
        try:
            await self.house.client.workflow_service.query_workflow(request, timeout=SOON)
        except RPCError:
            return


def odd_facts(house: House, payment_id: str) -> list[PspEvent]:
    """Facts of which each is rightly made, and whose reference is none of ours, or another's."""
    other = f"in_{uuid.uuid4().hex}"
    keys = [
        payment_id,
        f"{payment_id}:",
        f"{payment_id}:authorize",
        f"{payment_id}:authorize:x",
        f"{payment_id}:authorize:0",
        f"{payment_id}:retry",
        f"{payment_id}:authorize:1:2:3",
        f"{payment_id}:authorize:{10**400}",
        f"{payment_id}:void",
        f"{payment_id}:void:²",
        f"{other}:authorize:1",
        f"{other}:refund",
        "",
        ":",
        "::::",
        "\u0000",
        "case_1:x",
        f"{payment_id}:payout",
        f"{payment_id}:case-refund:x",
        f"{payment_id}:capture:1:1",
    ]
    huge = Money(10**15, "EUR")
    fact = PspEvent(
        psp=house.first.psp,
        event_id="",
        key="",
        operation=Operation.AUTHORIZE,
        reply=Approved("psp-odd", Money(5000, "EUR")),
        amount=Money(5000, "EUR"),
        occurred_at="yesterday",
    )
    facts = [
        replace(fact, key=key, operation=operation, unasked=unasked)
        for number, key in enumerate(keys)
        for operation in (Operation.AUTHORIZE, tuple(Operation)[number % len(Operation)])
        for unasked in (False, True)
        if key or not unasked
    ]
    facts += [
        replace(
            fact,
            key=f"{payment_id}:capture",
            operation=Operation.CAPTURE,
            amount=huge,
            reply=Approved("", huge),
        ),
    ]
    return [
        replace(each, event_id=f"odd-{number}-{payment_id}") for number, each in enumerate(facts)
    ]


def late_fact(house: House, payment_id: str, ref: str = "psp-9", number: int = 1) -> PspEvent:
    """A hold that comes to light when the payment is over."""
    return PspEvent(
        psp=house.first.psp,
        event_id=f"evt-{uuid.uuid4().hex}",
        key=f"{payment_id}:authorize:{number}",
        operation=Operation.AUTHORIZE,
        reply=Approved(ref, Money(5000, "EUR")),
        amount=Money(5000, "EUR"),
        account=house.first.id,
    )

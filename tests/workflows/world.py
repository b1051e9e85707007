"""A world for workflows: fakes of the ports that keep a diary and do as they are told."""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import Worker

from activities.psp.lanes import CallsUnderWay, QuickCalls, SlowCalls
from activities.psp.terms import movement_of
from tests.workflows.fake_books import FakeBooks, FakeWallet
from tests.workflows.orders import FIFTY
from workers.assembly import WORKFLOWS, activities_of, workflow_runner
from workers.crash_points import CrashPoints
from workflows.domain.cases import CaseOrder
from workflows.domain.events import PspEvent
from workflows.domain.identity import LATE_EVENT, SALE, is_of_a_sale, late_workflow_id
from workflows.domain.money import Money
from workflows.domain.orders import PaymentOrder, id_of
from workflows.domain.psp import (
    COMPLETE,
    Approved,
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Declined,
    Fact,
    Finding,
    Instruction,
    Lookup,
    NotFound,
    Operation,
    Outcome,
    Parked,
    PayoutInstruction,
    Pending,
    RefundInstruction,
    SellInstruction,
    VoidInstruction,
)
from workflows.domain.records import Record, Result
from workflows.ports import Psp
from workflows.starting import Order, start_of

SOFT = Declined("do_not_honor", soft=True, code="05")
HARD = Declined("stolen_card", soft=False, code="43")
CHALLENGE = Pending("psp-1", "https://psp.example/challenge/1")


@dataclass
class Gate:
    """Between the PSP doing what it was asked and our hearing of it."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)


class FakePsp(Psp):
    """Answers what it was told to, else yes; `done` is its diary of keys.

    What it does has one name there, `psp-1`, whoever tells of it."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.asked: list[Instruction] = []
        self.lookups: list[str] = []
        self.asked_of: list[Lookup] = []
        self._outcomes: dict[str, deque[Outcome]] = defaultdict(deque)
        self._findings: dict[str, deque[Finding]] = defaultdict(deque)
        self._gates: dict[str, Gate] = {}
        self._answered: dict[tuple[str, str], Outcome] = {}
        self.stopped: Callable[[], int | None] = lambda: None
        """The stop by hand that is in the way of captures and payouts, if any."""

    def will_hold(self, operation: str) -> Gate:
        """Its next call of this kind answers when the gate is opened, and not before."""
        return self._gates.setdefault(operation, Gate())

    @property
    def holds(self) -> bool:
        return bool(self._gates)

    def will_answer(self, operation: str, *outcomes: Outcome) -> None:
        self._outcomes[operation].extend(outcomes)

    def will_find(self, operation: Operation, *findings: Finding) -> None:
        """The last finding is repeated."""
        self._findings[operation].extend(findings)

    async def authorize(self, instruction: AuthorizeInstruction) -> Outcome:
        return await self._do(Operation.AUTHORIZE, instruction)

    async def sell(self, instruction: SellInstruction) -> Outcome:
        return await self._do(SALE, instruction)

    async def complete(self, instruction: CompleteInstruction) -> Outcome:
        return await self._do(COMPLETE, instruction)

    async def capture(self, instruction: CaptureInstruction) -> Outcome:
        return await self._do(Operation.CAPTURE, instruction)

    async def void(self, instruction: VoidInstruction) -> Outcome:
        return await self._do(Operation.VOID, instruction)

    async def refund(self, instruction: RefundInstruction) -> Outcome:
        return await self._do(Operation.REFUND, instruction)

    async def payout(self, instruction: PayoutInstruction) -> Outcome:
        return await self._do(Operation.PAYOUT, instruction)

    async def look_up(self, lookup: Lookup) -> Finding:
        self.lookups.append(lookup.key)
        self.asked_of.append(lookup)
        findings = self._findings[lookup.operation]
        if not findings:
            return NotFound(safe_to_repeat=True)
        return findings.popleft() if len(findings) > 1 else findings[0]

    async def _do(self, operation: str, instruction: Instruction) -> Outcome:
        stop = self.stopped() if movement_of(instruction) is not None else None
        if stop is not None:
            return Parked(stop)
        name = (operation, instruction.key)
        if name in self._answered and not instruction.looked:
            # As the database has it: a task that is begun again finds the answer.
            return self._answered[name]
        self.done.append(instruction.key.partition(":")[2])
        self.asked.append(instruction)
        if gate := self._gates.pop(operation, None):
            gate.reached.set()
            await gate.opened.wait()
        outcomes = self._outcomes[operation]
        if operation == SALE and not outcomes:
            # What is to be answered to a hold is answered to a sale, but a yes that took nothing.
            holds = self._outcomes[Operation.AUTHORIZE]
            outcomes = holds if holds and not isinstance(holds[0], Approved) else outcomes
        sale = is_of_a_sale(getattr(instruction, "authorize_key", instruction.key))
        taken = sale and operation in (SALE, COMPLETE)
        yes = Approved("psp-1", instruction.amount, captured=taken)
        outcome = outcomes.popleft() if outcomes else yes
        if isinstance(outcome, Approved | Declined | Pending):
            self._answered[name] = outcome
        return outcome


@dataclass
class World:
    """One test's Temporal queues and fakes."""

    client: Client
    queue: str
    name: str
    psp: FakePsp = field(default_factory=FakePsp)
    wallet: FakeWallet = field(init=False)
    books: FakeBooks = field(init=False)

    def __post_init__(self) -> None:
        self.books = FakeBooks(self.name)
        self.wallet = FakeWallet(self.books)
        self.psp.stopped = lambda: self.books.stop_id

    async def start(self, order: Order) -> WorkflowHandle[Any, Result]:
        start = start_of(order)
        if not isinstance(order, CaseOrder):
            self.books.orders[id_of(order)] = order
        return await self.client.start_workflow(
            start.workflow,
            order,
            id=start.id,
            task_queue=self.queue,
            result_type=Result,
            static_summary=start.summary,
            static_details=start.details,
            search_attributes=start.search_attributes,
            memo=start.memo,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    async def begin(self, order: Order, name: str, *arguments: Any) -> Record:
        """Start it with an update, as the API does, and give what it says."""
        start = start_of(order)
        if not isinstance(order, CaseOrder):
            self.books.orders[id_of(order)] = order
        operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            start.workflow,
            order,
            id=start.id,
            task_queue=self.queue,
            static_summary=start.summary,
            static_details=start.details,
            search_attributes=start.search_attributes,
            memo=start.memo,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        record: Record = await self.client.execute_update_with_start_workflow(
            name,
            args=arguments,
            start_workflow_operation=operation,
            id=name,
            result_type=Record,
        )
        return record

    def run_of(self, order: PaymentOrder) -> WorkflowHandle[Any, Result]:
        name = start_of(order).id
        return self.client.get_workflow_handle(name, result_type=Result)

    async def end_of(self, handle: WorkflowHandle[Any, Result]) -> Record:
        """The last that the registry was given of a run that has ended."""
        result = await handle.result()
        return self.books.of(result.payment_id)[-1]

    async def late(self, event: PspEvent, payment_id: str = "") -> WorkflowHandle[Any, list[str]]:
        """A fact for a payment whose run is over, told as the relay tells it: it names the payment,
        or was found by the PSP's ids."""
        payment_id = payment_id or event.payment_id
        return await self.client.start_workflow(
            LATE_EVENT,
            payment_id,
            id=late_workflow_id(payment_id),
            task_queue=self.queue,
            result_type=list[str],
            start_signal="psp_event",
            start_signal_args=[event],
        )

    def event(
        self,
        key: str,
        operation: Operation,
        reply: Fact,
        amount: Money = FIFTY,
        event_id: str = "",
    ) -> PspEvent:
        """A webhook's fact about an instruction."""
        return PspEvent(
            psp=self.name,
            event_id=event_id or f"evt-{uuid.uuid4().hex}",
            key=key,
            operation=operation,
            reply=reply,
            amount=amount,
        )


def a_world(client: Client) -> World:
    """With queues of its own: runs may be started before anybody works on them."""
    name = f"fake{uuid.uuid4().hex[:12]}"
    return World(client, queue=f"core-{name}", name=name)


@asynccontextmanager
async def working(
    world: World, psp: Psp | None = None, points: CrashPoints | None = None
) -> AsyncIterator[World]:
    """Workers as in production, on this world's queues; `psp` in place of the obedient one."""
    asked, under_way = psp or world.psp, CallsUnderWay()
    # What is held for a test is held where operators see it, and rivals come between.
    held = asked if isinstance(asked, FakePsp) else world.psp
    quick = QuickCalls(asked, under_way, opens=lambda _: not held.holds, places=64)
    core = Worker(
        world.client,
        task_queue=world.queue,
        workflows=WORKFLOWS,
        activities=[
            *activities_of(world.wallet),
            *activities_of(world.books),
            *activities_of(quick),
        ],
        workflow_runner=workflow_runner(sandboxed=False),
        graceful_shutdown_timeout=timedelta(seconds=1),
        interceptors=[points] if points else [],
    )
    calls = Worker(
        world.client,
        task_queue=f"psp-{world.name}",
        activities=activities_of(SlowCalls(asked, under_way)),
        interceptors=[points] if points else [],
    )
    async with core, calls:
        yield world

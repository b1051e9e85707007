"""Joining every port to its answer: the only place where all rooms meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.cases.books import CaseBooks
from activities.clearance.clearance import ClearanceDesk
from activities.psp.asked import Asked
from activities.psp.calls import PspCalls
from activities.psp.catalog import Catalog
from activities.psp.lanes import CallsUnderWay, QuickCalls, SlowCalls
from activities.psp.once import AskedOnce
from activities.psp.watch import Watch
from activities.reconciliation.bank.desk import BankDesk
from activities.reconciliation.bank.originals import Originals
from activities.registry.books import RegistryBooks
from activities.risk.screen import PLAYER, RiskScreen
from activities.routing.health.breakers import Breakers
from activities.routing.health.conditions import SharedConditions
from activities.routing.route import PolicyRouting
from activities.routing.snapshots import Snapshots
from activities.seals.books import SealBooks
from activities.seals.keys import SealKeys
from activities.settings import Settings
from activities.wallet.ledger import Ledger
from workers.crash_points import CrashPoints
from workers.own_runs import LocalOnly, OwnRunOnly
from workers.written import Wakes
from workflows.case_resolution import CaseResolution
from workflows.deposit import Deposit
from workflows.expiry import Expiry
from workflows.late_event import LateEvent
from workflows.payout import Payout
from workflows.ports import Port, Psp
from workflows.refund import Refund

_TASKS = 400
"""Of runs at once in one worker: more than quick calls to some PSPs that hang can keep."""
WORKFLOWS = [Deposit, Payout, Refund, LateEvent, CaseResolution, Expiry]


@dataclass(frozen=True)
class Answers:
    """One answer to every port."""

    books: tuple[Port, ...]
    psp: Psp
    """On the queue of each PSP."""
    quick: Psp
    """Inside the tasks of the runs."""
    under_way: CallsUnderWay
    snapshots: Snapshots
    """The merchant accounts and policies by which the routing port is answered."""

    @property
    def core(self) -> tuple[Port, ...]:
        """What is answered beside the runs."""
        return (*self.books, self.quick)


def answers(
    settings: Settings,
    pool: asyncpg.Pool,
    catalog: Catalog,
    watch: Watch | None = None,
    points: CrashPoints | None = None,
) -> Answers:
    """With crash points the calls to PSPs have theirs inside what writes them down."""
    calls: Psp = PspCalls(catalog, watch)
    if points:
        calls = points.inside(calls)
    under_way = CallsUnderWay()
    snapshots = Snapshots(pool, settings.routing.accounts, catalog.pays_players)
    conditions = SharedConditions(Breakers(pool), catalog.names)
    screen = RiskScreen(pool, settings.risk, kyc_before_payout=settings.payout_requires_kyc)
    routing = PolicyRouting(pool, snapshots, conditions)
    return Answers(
        books=(
            Ledger(pool),
            RegistryBooks(pool),
            CaseBooks(pool, settings.risk.approval_above),
            screen,
            routing,
            ClearanceDesk(pool, screen, PLAYER, routing),
            SealBooks(pool, SealKeys(settings.seal_keys)),
            BankDesk(pool, settings.bank, Originals(settings.bank.originals)),
        ),
        psp=SlowCalls(AskedOnce(Asked(pool), calls), under_way),
        quick=QuickCalls(
            AskedOnce(Asked(pool, quick=True), calls),
            under_way,
            opens=catalog.keeps_keys,
            places=settings.worker.quick_psp_calls,
        ),
        under_way=under_way,
        snapshots=snapshots,
    )


def activities_of(port: Port) -> list[Callable[..., Any]]:
    """The bound methods of a port's answer that are activities."""
    methods = (getattr(port, name) for name in dir(port) if not name.startswith("_"))
    return [method for method in methods if hasattr(method, "__temporal_activity_definition")]


def core_worker(
    client: Client,
    settings: Settings,
    ports: Iterable[Port],
    points: CrashPoints | None = None,
    wake: Callable[[], None] | None = None,
) -> Worker:
    """Runs the workflows, and in their tasks our own books and the quick calls to PSPs; `wake` is
    called when the books wrote."""
    return Worker(
        client,
        task_queue=settings.temporal.core_queue,
        workflows=WORKFLOWS,
        activities=[activity for port in ports for activity in activities_of(port)],
        workflow_runner=workflow_runner(settings.worker.sandboxed),
        max_cached_workflows=settings.worker.max_cached_workflows,
        max_concurrent_workflow_task_polls=10,
        # A quick call keeps its run's task for as long as it waits: others need their own.
        max_concurrent_workflow_tasks=_TASKS,
        max_concurrent_local_activities=_TASKS,
        # A dead worker's runs go to the others after this, not after the default ten seconds.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        graceful_shutdown_timeout=timedelta(seconds=10),
        # Nothing of ours is stored elsewhere: what asks for it makes no task for each payload.
        max_workflow_task_external_storage_concurrency=1,
        interceptors=[
            LocalOnly(),
            OwnRunOnly(),
            *([Wakes(wake)] if wake else []),
            *([points] if points else []),
        ],
    )


def psp_worker(
    client: Client, settings: Settings, name: str, psp: Psp, points: CrashPoints | None = None
) -> Worker:
    """Runs the calls to one PSP, so that operators can throttle or pause that PSP alone."""
    return Worker(
        client,
        task_queue=f"psp-{name}",
        activities=activities_of(psp),
        max_concurrent_activities=settings.worker.concurrent_psp_calls,
        max_concurrent_activity_task_polls=5,
        graceful_shutdown_timeout=timedelta(seconds=15),
        interceptors=[OwnRunOnly(), *([points] if points else [])],
    )


def workflow_runner(sandboxed: bool) -> WorkflowRunner:
    """The words of money and the currency table are pure: they pass the sandbox once."""
    if not sandboxed:
        return UnsandboxedWorkflowRunner()
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            "workflows.domain", "iso4217"
        )
    )

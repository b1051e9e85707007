"""Our house as production wires it, and what an operator does to its runs from outside."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import ResetReapplyType, WorkflowTaskFailedCause
from temporalio.api.workflowservice.v1 import (
    PauseActivityRequest,
    ResetActivityRequest,
    ResetWorkflowExecutionRequest,
    UnpauseActivityRequest,
)
from temporalio.client import (
    Client,
    RPCError,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)

from activities.registry.books import RegistryBooks
from activities.registry.claims import Claim
from activities.registry.new_payment import NewPayment
from activities.registry.requests import Requests
from activities.registry.runs import start_run
from activities.settings import Settings
from activities.wallet.ledger import Ledger
from tests.walls.bank import Bank
from tests.walls.waiting import until
from tests.workflows import orders
from workflows.domain.deposits import CaptureCommand, DepositOrder, credit_key_of
from workflows.domain.events import PspEvent
from workflows.domain.identity import workflow_of
from workflows.domain.money import Money
from workflows.domain.orders import PaymentOrder, id_of
from workflows.domain.payouts import PayoutOrder
from workflows.domain.psp import Approved, MerchantAccount, Operation
from workflows.domain.records import Recalled, Record, Result
from workflows.domain.refunds import RefundOrder
from workflows.domain.wallet import Credit, Player
from workflows.starting import start_of

Handle = WorkflowHandle[Any, Result]

ALL = ResetReapplyType.RESET_REAPPLY_TYPE_ALL_ELIGIBLE
NOTHING = ResetReapplyType.RESET_REAPPLY_TYPE_NONE
_NO_FAULT = {
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND,
}
"""What a reset itself adds; that a message came while the run was about to end, or a hundred did
while it was at work."""
_OPENED_WITH = {"deposit": "INITIATED", "payout": "PAYOUT_SUBMITTED", "refund": "REFUND_SUBMITTED"}


@dataclass(frozen=True)
class House:
    settings: Settings
    pool: asyncpg.Pool
    client: Client
    bank: Bank
    books: RegistryBooks

    @property
    def first(self) -> MerchantAccount:
        account = self.settings.routing.accounts[0]
        return MerchantAccount(account.psp, account.id)

    @property
    def queue(self) -> str:
        return self.settings.temporal.core_queue

    # --- opening ------------------------------------------------------------------------------

    async def deposit(self, **changes: Any) -> DepositOrder:
        order = orders.deposit(**({"player": a_player()} | changes))
        await self.open(order)
        return order

    async def payout(self, **changes: Any) -> PayoutOrder:
        """Of a player who has the money, and ten more. Segment `vip` needs an approval."""
        order = orders.payout(**({"player": a_player(), "method": "card"} | changes))
        await self.give(order.player, Money(6000, "EUR"))
        await self.open(order)
        return order

    async def refund(self, **changes: Any) -> RefundOrder:
        """Of a deposit that was credited."""
        given = {"player": a_player(), "account": self.first} | changes
        order = orders.refund(self.first.psp, **given)
        await self.give(order.player, order.amount, order.intent_id)
        await self.open(order)
        return order

    async def open(self, order: PaymentOrder) -> None:
        """Version 1, as the API writes it."""
        payment_id, kind = id_of(order), start_of(order).workflow
        new = NewPayment(
            kind=kind,
            brand=order.player.brand,
            region="MT",
            player_id=order.player.id,
            currency=order.amount.currency,
            amount_minor=order.amount.minor_units,
            method="card",
            status=_OPENED_WITH[kind],
            trace_id=order.trace_id,
            requester="platform-1",
            details={"capture_method": "automatic", "return_url": "", "destination": "dst_ok"},
            order=orjson.loads(orjson.dumps(order)),
            intent_id=getattr(order, "intent_id", None) if kind == "refund" else None,
        )
        key = uuid.uuid4().hex
        claim = Claim(brand=new.brand, key=key, request_hash="h", resource_id=payment_id)
        await Requests(self.pool).open(claim, new)

    async def give(self, player: Player, amount: Money, intent_id: str = "") -> None:
        intent_id = intent_id or f"in_{uuid.uuid4().hex}"
        credit = Credit(
            key=credit_key_of(intent_id),
            player=player,
            amount=amount,
            source=self.first,
            payment_id=intent_id,
        )
        await Ledger(self.pool).credit(credit)

    async def start(self, order: PaymentOrder) -> Handle:
        await start_run(self.client, self.queue, order)
        return self.run(id_of(order))

    # --- the run ------------------------------------------------------------------------------

    def run(self, payment_id: str) -> Handle:
        """The latest."""
        return self.client.get_workflow_handle(str(workflow_of(payment_id)), result_type=Result)

    async def tell(self, payment_id: str, command: str, *arguments: Any) -> Record | None:
        """None: it was refused, or the run is over."""
        try:
            record: Record = await self.run(payment_id).execute_update(
                command, args=arguments, result_type=Record
            )
        except (WorkflowUpdateFailedError, RPCError):
            return None
        return record

    async def webhooks(self, payment_id: str) -> None:
        """The PSPs tell the run what they did."""
        for effect in self.bank.effects:
            if effect.payment_id != payment_id or effect.is_told_with_the_sale:
                continue
            event = PspEvent(
                psp=effect.psp,
                event_id=f"evt-{uuid.uuid4().hex}",
                key=effect.key,
                operation=Operation(effect.operation),
                reply=Approved(effect.ref, effect.amount, captured=effect.sold),
                amount=effect.amount,
            )
            with suppress(RPCError):
                await self.run(payment_id).signal("psp_event", event)

    async def capture(self, payment_id: str, minor_units: int | None = None) -> Record | None:
        amount = Money(minor_units, "EUR") if minor_units else None
        return await self.tell(payment_id, "capture", CaptureCommand(amount=amount))

    async def comes_to(self, payment_id: str, *statuses: str) -> None:
        """In the registry."""

        async def it_is() -> bool:
            return (await self.books.recall(payment_id)).status in statuses

        await until(it_is, f"{payment_id}: {statuses}")

    async def ended(self, payment_id: str, seconds: float = 60) -> Result:
        async with asyncio.timeout(seconds):
            return await self.run(payment_id).result()

    async def is_running(self, workflow_id: str) -> bool:
        run = await self.client.get_workflow_handle(workflow_id).describe()
        return run.status is WorkflowExecutionStatus.RUNNING

    async def pause(self, payment_id: str, operation: str) -> None:
        await self.client.workflow_service.pause_activity(
            PauseActivityRequest(type=f"psp.{operation}", **self._named(payment_id))
        )

    async def unpause(self, payment_id: str, operation: str) -> None:
        await self.client.workflow_service.unpause_activity(
            UnpauseActivityRequest(type=f"psp.{operation}", **self._named(payment_id))
        )

    async def reset_activity(self, payment_id: str, operation: str) -> None:
        await self.client.workflow_service.reset_activity(
            ResetActivityRequest(type=f"psp.{operation}", **self._named(payment_id))
        )

    def _named(self, payment_id: str) -> dict[str, Any]:
        run = WorkflowExecution(workflow_id=str(workflow_of(payment_id)))
        return {"namespace": self.client.namespace, "execution": run, "identity": "an operator"}

    # --- resets -------------------------------------------------------------------------------

    async def resettable(self, workflow_id: str) -> list[int]:
        """The events to which the run can be reset."""
        history = await self.client.get_workflow_handle(workflow_id).fetch_history()
        return [
            event.event_id
            for event in history.events
            if event.HasField("workflow_task_completed_event_attributes")
        ]

    async def reset(self, workflow_id: str, event_id: int, again: Any = ALL) -> None:
        """As `temporal workflow reset` and the Web UI's button do; `again`: what was told the run
        after that event is told it again, or is not."""
        await self.client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=self.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=workflow_id),
                reason="an operator's button",
                workflow_task_finish_event_id=event_id,
                request_id=uuid.uuid4().hex,
                reset_reapply_type=again,
            )
        )

    # --- afterwards ---------------------------------------------------------------------------

    async def failed_tasks(self, workflow_id: str) -> list[str]:
        """By a fault of ours."""
        history = await self.client.get_workflow_handle(workflow_id).fetch_history()
        return [
            event.workflow_task_failed_event_attributes.failure.message
            or str(event.workflow_task_failed_event_attributes.cause)
            for event in history.events
            if event.HasField("workflow_task_failed_event_attributes")
            and event.workflow_task_failed_event_attributes.cause not in _NO_FAULT
        ]

    async def money(self, player: Player) -> tuple[int, int]:
        """Available and held, in minor units."""
        rows = await self.pool.fetch(
            "SELECT purpose, balance FROM accounts WHERE brand = $1 AND player_id = $2",
            player.brand,
            player.id,
        )
        kept = {row["purpose"]: row["balance"] for row in rows}
        return kept.get("available", 0), kept.get("held", 0)

    async def cases(self, payment_id: str, state: str = "open") -> list[asyncpg.Record]:
        found: list[asyncpg.Record] = await self.pool.fetch(
            "SELECT * FROM cases WHERE payment_id = $1 AND state = $2 ORDER BY opened_at",
            payment_id,
            state,
        )
        return found

    async def agrees(self, payment_id: str) -> Recalled:
        """Run, registry, wallet and PSP tell one story, and nothing was done twice."""
        record = await self.ended(payment_id)
        known, done = await self.books.recall(payment_id), self.bank.done(payment_id)
        at = f"{payment_id} {known.status} {dict(done)}"
        assert known.final and (record.status, record.final) == (known.status, True), (
            f"{at}: {record}"
        )
        assert max([*(done[what] for what in ("capture", "payout", "refund")), 0]) <= 1, at
        assert self.bank.holds(payment_id) == 0, f"{at}: a hold is left"
        available, held = await self.money(known.player)
        assert held == 0, f"{at}: {held} is held"
        assert available == _belongs(known, done), f"{at}: {available}"
        failed = await self.failed_tasks(str(workflow_of(payment_id)))
        assert failed == [], f"{at}: {failed}"
        return known


def _belongs(known: Recalled, done: Any) -> int:
    """What the player has when this payment of theirs is over, in minor units."""
    if known.kind == "deposit":
        captured = known.facts.captured
        assert (captured is not None) == bool(done["capture"]), f"{known.payment_id} {done}"
        return captured.minor_units if captured is not None else 0
    paid = done[{"payout": "payout", "refund": "refund"}[known.kind]]
    had = known.amount.minor_units + (1000 if known.kind == "payout" else 0)
    is_done = known.status in ("PAYOUT_SETTLED", "REFUND_PROCESSED")
    assert is_done == bool(paid), f"{known.payment_id} {known.status} {done}"
    return had - (known.amount.minor_units if paid else 0)


def a_player() -> Player:
    return Player("acme", f"player-{uuid.uuid4().hex}")

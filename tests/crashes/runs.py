"""One payment as its caller sees it: opened, told what to do once, and never asked again."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.psp.plugins.sandbox.adapter import SandboxAdapter
from activities.registry.claims import Claim
from activities.registry.new_payment import NewPayment
from activities.registry.requests import Requests
from activities.wallet.ledger import Ledger
from infra.local.demo.expecting import Deviation
from infra.local.demo.sandbox import SandboxPsp
from tests.crashes.ward import Ward
from tests.workflows import orders
from workflows.domain.deposits import credit_key_of
from workflows.domain.identity import key_of, kind_of
from workflows.domain.orders import PaymentOrder, id_of
from workflows.domain.payouts import PayoutOrder
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    CaptureInstruction,
    MerchantAccount,
    Operation,
)
from workflows.domain.records import Record, Result
from workflows.domain.refunds import RefundOrder
from workflows.domain.wallet import Credit, Player
from workflows.starting import start_of

FIFTY = orders.FIFTY
TASK_TIMEOUT = timedelta(seconds=12)
"""Longer than it takes until all runs of a worker stand at their points: a worker that lives tells
of its task when most of this is over, and what the task decided would be history."""


@dataclass
class Run:
    """`answer` is what the last command was told: a status, or why it was refused."""

    order: PaymentOrder
    ward: Ward
    client: Client
    pool: asyncpg.Pool
    psp: SandboxPsp
    answer: str = ""

    @property
    def id(self) -> str:
        return id_of(self.order)

    @property
    def workflow_id(self) -> str:
        return start_of(self.order).id

    @property
    def handle(self) -> WorkflowHandle[Any, Result]:
        return self.client.get_workflow_handle(self.workflow_id, result_type=Result)

    @property
    def is_refused_as_it_stands(self) -> bool:
        """The last command may be possible a little later."""
        return self.answer.endswith("refused: IllegalState")

    async def command(self, name: str, *arguments: Any) -> Record | None:
        """Told once. None: it was refused, or the run is over; `answer` says which."""
        try:
            record = await self._told(name, arguments)
        except WorkflowUpdateFailedError as refused:
            cause = refused.cause
            known = isinstance(cause, ApplicationError) and cause.type
            self.answer = f"{name} refused: {known or repr(cause)}"
            return None
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            self.answer = f"{name}: the run is over"
            return None
        self.answer = f"{name}: {record.status}{' for good' if record.final else ''}"
        return record

    async def _told(self, name: str, arguments: tuple[Any, ...]) -> Record:
        """The server gives up waiting for a worker before we do; what it lost is pressed again."""
        update_id = f"{name}-{uuid.uuid4().hex[:8]}"
        while True:
            try:
                record: Record = await self.handle.execute_update(
                    name, args=arguments, id=update_id, result_type=Record
                )
            except WorkflowUpdateRPCTimeoutOrCancelledError as ended:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise asyncio.CancelledError from ended
            except RPCError as error:
                if "aborted" not in str(error):
                    raise
                update_id = f"{name}-{uuid.uuid4().hex[:8]}"
                await asyncio.sleep(0.3)
            else:
                return record

    async def page(self, action: str) -> None:
        """The player presses a button of the PSP's page, if there is one yet."""
        url = await self._fact("redirect_url")
        if url is None:
            return
        try:
            await self.psp.answer(url, action)
        except (LookupError, Deviation):
            # It is answered, or was given up.
            return

    async def block_player(self) -> None:
        await self.pool.execute(
            "INSERT INTO risk_players (brand, player_id, kyc, blocked, vip, updated_at) "
            "VALUES ($1, $2, 'verified', true, false, now())",
            self.order.player.brand,
            self.order.player.id,
        )

    async def _fact(self, name: str) -> str | None:
        value: str | None = await self.pool.fetchval(
            "SELECT facts ->> $2 FROM payments WHERE id = $1", self.id, name
        )
        return value


async def opened(
    order: PaymentOrder, ward: Ward, pool: asyncpg.Pool, adapter: SandboxAdapter
) -> PaymentOrder:
    """In the registry, with what must be there before: money in the wallet, a capture to refund."""
    player = Player(ward.brand, f"player-{uuid.uuid4().hex[:12]}")
    order = replace(order, player=player)
    if isinstance(order, PayoutOrder):
        await _funded(pool, ward, player, f"gift-{player.id}:credit")
    elif isinstance(order, RefundOrder):
        account = MerchantAccount(ward.psp, "primary")
        capture = await _captured(adapter, order.intent_id, account)
        await _funded(pool, ward, player, credit_key_of(order.intent_id))
        order = replace(order, account=account, capture_ref=capture)
    claim = Claim(
        brand=ward.brand, key=f"key-{id_of(order)}", request_hash="", resource_id=id_of(order)
    )
    await Requests(pool).open(claim, _payment(order))
    return order


async def started(order: PaymentOrder, ward: Ward, client: Client) -> None:
    start = start_of(order)
    await client.start_workflow(
        start.workflow,
        order,
        id=start.id,
        task_queue=ward.queue,
        task_timeout=TASK_TIMEOUT,
        search_attributes=start.search_attributes,
        memo=start.memo,
        static_summary=start.summary,
        static_details=start.details,
    )


def _payment(order: PaymentOrder) -> NewPayment:
    status = {"deposit": "INITIATED", "payout": "PAYOUT_SUBMITTED", "refund": "REFUND_SUBMITTED"}
    refund = order if isinstance(order, RefundOrder) else None
    kind = kind_of(id_of(order))
    return NewPayment(
        kind=kind,
        brand=order.player.brand,
        region="MT",
        player_id=order.player.id,
        currency=order.amount.currency,
        amount_minor=order.amount.minor_units,
        method="card",
        status=status[kind],
        trace_id=order.trace_id,
        requester="platform-1",
        details={},
        order=orjson.loads(orjson.dumps(order)),
        intent_id=refund.intent_id if refund else None,
        refund_id=refund.refund_id if refund else None,
    )


async def _funded(pool: asyncpg.Pool, ward: Ward, player: Player, key: str) -> None:
    source = MerchantAccount(ward.psp, "primary")
    payment_id = key.partition(":")[0]
    await Ledger(pool).credit(
        Credit(key=key, player=player, amount=FIFTY, source=source, payment_id=payment_id)
    )


async def _captured(psp: SandboxAdapter, intent_id: str, account: MerchantAccount) -> str:
    """The PSP's id of a capture that was made for the deposit."""
    key = key_of(intent_id, Operation.AUTHORIZE, 1)
    held = await psp.authorize(
        AuthorizeInstruction(
            key=key,
            method="card",
            payment_token="tok_ok",
            player_id="player-1",
            return_url="https://casino.example/back",
            account=account,
            amount=FIFTY,
            trace_id="trace-1",
        )
    )
    assert isinstance(held, Approved)
    taken = await psp.capture(
        CaptureInstruction(
            key=key_of(intent_id, Operation.CAPTURE),
            psp_ref=held.psp_ref,
            authorize_key=key,
            account=account,
            amount=FIFTY,
            trace_id="trace-1",
        )
    )
    assert isinstance(taken, Approved)
    return taken.psp_ref

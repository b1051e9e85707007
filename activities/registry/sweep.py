"""Starting the runs of payments whose API died between the row and the start."""

from __future__ import annotations

import asyncpg
import structlog
from pydantic import TypeAdapter
from temporalio.client import Client
from temporalio.service import RPCError

from activities.registry.runs import start_run
from workflows.domain.deposits import DepositOrder
from workflows.domain.payments import Kind
from workflows.domain.payouts import PayoutOrder
from workflows.domain.refunds import RefundOrder
from workflows.visibility import Order

_ORPHANS = """
SELECT p.id, p.kind, p.run_order FROM idempotency_keys k JOIN payments p ON p.id = k.resource_id
WHERE k.answer_status IS NULL AND k.swept_at IS NULL AND p.version = 1
  AND k.created_at < now() - interval '5 seconds'
ORDER BY k.created_at LIMIT 100
"""

_ORDERS: dict[str, TypeAdapter[Order]] = {
    Kind.DEPOSIT: TypeAdapter(DepositOrder),
    Kind.PAYOUT: TypeAdapter(PayoutOrder),
    Kind.REFUND: TypeAdapter(RefundOrder),
}

log = structlog.get_logger("paysaga.registry")


async def start_orphans(pool: asyncpg.Pool, client: Client, queue: str) -> int:
    """Make sure that every payment has its run; give how many were seen to.

    Raises asyncpg.PostgresError or OSError when the database is out of reach.
    """
    orphans = await pool.fetch(_ORPHANS)
    for row in orphans:
        order = _ORDERS[row["kind"]].validate_python(row["run_order"])
        try:
            await start_run(client, queue, order)
        except (RPCError, RuntimeError) as error:
            log.warning("orphan_not_started", payment_id=row["id"], error=str(error)[:200])
        else:
            await pool.execute("SELECT registry_swept($1)", row["id"])
            log.info("orphan_started", payment_id=row["id"])
    return len(orphans)

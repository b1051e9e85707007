"""Starting the runs of payments whose API died between the row and the start.

An intent begins its run when somebody goes ahead with it; until then it needs none.
"""

from __future__ import annotations

import asyncpg
import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from activities.registry.orders import read_order
from activities.registry.runs import start_run

# The key that opened it is of the same transaction: a command's is later, and waits for a run that
# is there. An API that lives gives up starting one before this looks.
_ORPHANS = """
SELECT p.id, p.kind, p.run_order FROM idempotency_keys k JOIN payments p ON p.id = k.resource_id
WHERE k.answer_status IS NULL AND k.swept_at IS NULL AND p.version = 1
  AND p.expires_at IS NULL
  AND k.created_at = p.created_at
  AND NOT EXISTS (SELECT FROM psp_instructions i WHERE i.payment_id = p.id)
  AND k.created_at < now() - interval '10 seconds'
ORDER BY k.created_at LIMIT 100
"""

log = structlog.get_logger("paysaga.registry")


async def start_orphans(pool: asyncpg.Pool, client: Client, queue: str) -> int:
    """Make sure that every payment has its run; give how many were seen to.

    Raises asyncpg.PostgresError or OSError when the database is out of reach.
    """
    orphans = await pool.fetch(_ORPHANS)
    for row in orphans:
        try:
            order = read_order(row["kind"], row["run_order"])
        except ValueError:
            # One that this code cannot read must not keep the others from their runs: a person
            # hears of it, as of every open payment that nobody works on.
            await pool.execute("SELECT registry_swept($1)", row["id"])
            log.error("orphan_unreadable", payment_id=row["id"])
            continue
        try:
            await start_run(client, queue, order)
        except (RPCError, RuntimeError) as error:
            log.warning("orphan_not_started", payment_id=row["id"], error=str(error)[:200])
        else:
            await pool.execute("SELECT registry_swept($1)", row["id"])
            log.info("orphan_started", payment_id=row["id"])
    return len(orphans)

"""`python -m tests.bench.rival`: serves deposits on DBOS until told to stop.

The addresses are those of our API, as far as the bench calls it; nobody is asked for a token.
"""

from __future__ import annotations

import hashlib
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import uvicorn
from dbos import DBOS, SetWorkflowID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activities.psp.catalog import Catalog
from activities.registry.claims import Answer, Claim
from activities.registry.new_payment import NewPayment
from activities.registry.requests import Requests
from activities.settings import settings
from infra.observability import start_logging
from infra.postgres import open_pool
from infra.running import run, settle_memory
from tests.bench.rival import SYSTEM_DATABASE
from tests.bench.rival.saga import Ports, deposit
from workflows.domain.deposits import DepositOrder, Status
from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod
from workflows.domain.wallet import Player

_BRAND = "default"


class Cashier:
    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def create(self, request: Request) -> Response:
        asked = orjson.loads(await request.body())
        key = request.headers["x-idempotency-key"]
        order = _order(asked, intent_id="in_" + hashlib.sha256(key.encode()).hexdigest()[:32])
        claim = Claim(brand=_BRAND, key=key, request_hash=_hash(asked), resource_id=order.intent_id)
        await self._requests.open(claim, _payment(order))
        status = str(Status.INITIATED)
        if asked.get("authorize"):
            status = await _deposited(order.intent_id, orjson.loads(orjson.dumps(order)))
        return await self._answered(claim, order.intent_id, status)

    async def authorize(self, request: Request) -> Response:
        intent_id = request.path_params["intent_id"]
        claim_key = request.headers["x-idempotency-key"]
        found = await self._requests.order(intent_id, [_BRAND], claim_key, _hash({}))
        if found is None:
            return Response(status_code=404)
        row, claim, _ = found
        return await self._answered(claim, intent_id, await _deposited(intent_id, row.order))

    async def _answered(self, claim: Claim, intent_id: str, status: str) -> Response:
        body = orjson.dumps({"intent_id": intent_id, "status": status}).decode()
        kept = await self._requests.answer(claim, Answer(201, body))
        return Response(kept.body, kept.status, media_type="application/json")


async def _deposited(intent_id: str, kept: dict[str, Any]) -> str:
    with SetWorkflowID(intent_id):
        handle = await DBOS.start_workflow_async(deposit, kept)
    status: str = await handle.get_result()
    return status


def _order(asked: dict[str, Any], intent_id: str) -> DepositOrder:
    return DepositOrder(
        intent_id=intent_id,
        player=Player(_BRAND, asked["player_id"]),
        amount=Money.parse(asked["amount"]["amount"], asked["amount"]["currency"]),
        method=asked["method"],
        region="default",
        segment=None,
        return_url=asked["return_url"],
        capture_method=CaptureMethod.AUTOMATIC,
        payment_token=asked["payment_token"],
        trace_id=intent_id,
        expires_at=(datetime.now(UTC) + timedelta(minutes=30)).isoformat(),
    )


def _payment(order: DepositOrder) -> NewPayment:
    return NewPayment(
        kind=Kind.DEPOSIT,
        brand=order.player.brand,
        region=order.region,
        player_id=order.player.id,
        currency=order.amount.currency,
        amount_minor=order.amount.minor_units,
        method=order.method,
        status=Status.INITIATED,
        trace_id=order.trace_id,
        requester="bench",
        details={"return_url": order.return_url},
        order=orjson.loads(orjson.dumps(order)),
    )


def _hash(asked: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(asked)).hexdigest()


async def main() -> None:
    chosen = settings()
    start_logging(chosen.log, "dbos")
    catalog = Catalog.of(chosen.psps)
    async with await open_pool(chosen.postgres) as pool:
        Ports.of(chosen, pool, catalog)
        DBOS(
            config={
                "name": "bench",
                "system_database_url": os.environ[SYSTEM_DATABASE],
                "log_level": "WARNING",
                "application_version": "1",
            }
        )
        DBOS.launch()
        cashier = Cashier(Requests(pool))
        app = Starlette(
            routes=[
                Route("/v1/cashier/intents", cashier.create, methods=["POST"]),
                Route(
                    "/v1/cashier/intents/{intent_id}/authorize",
                    cashier.authorize,
                    methods=["POST"],
                ),
                Route("/healthz", lambda _: Response("ok")),
            ]
        )
        settle_memory()
        config = uvicorn.Config(
            app,
            port=int(sys.argv[1]),
            access_log=False,
            log_config=None,
            lifespan="off",
            timeout_keep_alive=75,
        )
        await uvicorn.Server(config).serve()
    DBOS.destroy()


if __name__ == "__main__":
    run(main())
    sys.stdout.flush()
    os._exit(0)

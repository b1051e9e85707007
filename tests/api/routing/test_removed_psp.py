"""A PSP that was taken out of the settings with payments under way says so at once."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import orjson
import pytest
from structlog.testing import capture_logs

from activities.access.credential import Role
from activities.migrations import upgrade
from activities.psp.catalog import Catalog
from activities.registry.absent import report_left_behind
from activities.registry.books import RegistryBooks
from activities.registry.claims import Claim
from activities.registry.left_behind import left_behind
from activities.registry.new_payment import NewPayment
from activities.registry.requests import Requests
from activities.settings import Settings
from api.app import create_app
from infra.local.stack.postgres import LocalPostgres
from infra.postgres import open_pool
from infra.settings import Postgres
from tests.activities.outgoing_events.platform import a_brand, opened
from tests.api.callers import Caller
from tests.api.conftest import Issue, speaking_to
from tests.api.returning import ReturningPlugin
from tests.sealing import SEALS
from workers.__main__ import work
from workflows.domain.payments import Facts
from workflows.domain.psp import MerchantAccount
from workflows.domain.records import Record


async def under_way(
    pool: asyncpg.Pool, psp: str, brand: str, *, refund: bool = False, currency: str = "EUR"
) -> str:
    """A payment at this PSP; of a refund the order alone says where it goes."""
    payment_id = ("re_" if refund else "in_") + uuid.uuid4().hex
    payment = NewPayment(
        kind="refund" if refund else "deposit",
        brand=brand,
        region="eu",
        player_id="player-1",
        currency=currency,
        amount_minor=1500,
        method="card",
        status="REFUND_SUBMITTED" if refund else "INITIATED",
        trace_id="trace-1",
        requester="platform-1",
        details={"metadata": {}, "capture_method": "manual", "return_url": "https://x.example"},
        order={"account": {"psp": psp, "id": "primary"}} if refund else {},
        refund_id=payment_id if refund else None,
    )
    claim = Claim(brand=brand, key=payment_id, request_hash="x", resource_id=payment_id)
    await Requests(pool).open(claim, payment)
    if not refund:
        await becomes(pool, psp, payment_id, 2, "AUTHORIZED", final=False)
    return payment_id


async def becomes(
    pool: asyncpg.Pool, psp: str, payment_id: str, version: int, status: str, *, final: bool
) -> None:
    await RegistryBooks(pool).record(
        Record(
            payment_id=payment_id,
            version=version,
            status=status,
            final=final,
            facts=Facts(account=MerchantAccount(psp, "primary")),
            at="2031-01-31T12:00:00+00:00",
        )
    )


async def everything_else(pool: asyncpg.Pool, psp: str) -> list[str]:
    """The PSPs at which other tests have left payments."""
    return [one.psp for one in await left_behind(pool, []) if one.psp != psp]


@pytest.fixture
def gone() -> str:
    return f"gone{uuid.uuid4().hex[:10]}"


async def cases_of(caller: Caller, psp: str) -> list[dict[str, Any]]:
    listed = (await caller.get("/v1/cases?kind=psp_not_connected&limit=200")).json()["items"]
    return [case for case in listed if case["facts"]["psp"] == psp]


async def test_what_is_under_way_is_told_in_the_log_and_in_one_case(
    pool: asyncpg.Pool, issue: Issue, gone: str
) -> None:
    brand = a_brand()
    operator = await issue(Role.OPERATOR, brands=(brand,))
    first = await under_way(pool, gone, brand)
    await under_way(pool, gone, brand, refund=True)
    others = await everything_else(pool, gone)
    with capture_logs() as logs:
        assert await report_left_behind(pool, others) == [gone]
        assert await report_left_behind(pool, others) == [gone]
    errors = [entry for entry in logs if entry["event"] == "psp_not_connected"]
    assert [(e["log_level"], e["psp"], e["payments"]) for e in errors] == [("error", gone, 2)] * 2
    (case,) = await cases_of(operator, gone)
    assert (case["brand_id"], case["state"]) == (brand, "open")
    assert case["money_at_risk"] == {"amount": "30.00", "currency": "EUR"}
    assert (case["facts"]["payments"], case["facts"]["oldest"]) == ("2", first)


async def test_whoever_dismissed_it_is_told_again_as_long_as_it_lasts(
    pool: asyncpg.Pool, issue: Issue, running: Any, gone: str
) -> None:
    brand = a_brand()
    operator = await issue(Role.OPERATOR, brands=(brand,))
    await under_way(pool, gone, brand)
    others = await everything_else(pool, gone)
    await report_left_behind(pool, others)
    (case,) = await cases_of(operator, gone)
    seen = (await operator.get(f"/v1/cases/{case['id']}")).json()
    assert seen["allowed_actions"] == ["dismiss"]
    path = f"/v1/cases/{case['id']}/resolutions"
    done = await operator.post(path, {"action": "dismiss", "reason": "it comes back tomorrow"})
    assert done.json()["state"] == "resolved", done.text
    await report_left_behind(pool, others)
    assert [each["state"] for each in await cases_of(operator, gone)] == ["open", "resolved"]


async def test_payments_that_are_done_or_at_a_connected_psp_are_no_case(
    pool: asyncpg.Pool, gone: str
) -> None:
    brand = a_brand()
    done = await under_way(pool, gone, brand)
    await becomes(pool, gone, done, 3, "CAPTURED", final=True)
    others = await everything_else(pool, gone)
    assert await report_left_behind(pool, others) == []
    await under_way(pool, gone, brand)
    assert await report_left_behind(pool, [*others, gone]) == []
    await opened(pool, brand)
    assert all(one.psp for one in await left_behind(pool, [])), "an intent that was asked nowhere"


async def test_several_brands_and_currencies_are_one_case_for_who_sees_all_brands(
    pool: asyncpg.Pool, issue: Issue, gone: str
) -> None:
    for currency in ("EUR", "USD"):
        await under_way(pool, gone, a_brand(), currency=currency)
    await report_left_behind(pool, await everything_else(pool, gone))
    everybody = await issue(Role.OPERATOR, brands=("*",))
    (case,) = await cases_of(everybody, gone)
    assert (case["brand_id"], case["money_at_risk"]) == ("", None)
    assert case["facts"]["amounts"] == "15.00 EUR, 15.00 USD"


async def test_an_api_that_starts_without_it_says_so_in_its_health(
    settings: Settings, pool: asyncpg.Pool, gone: str
) -> None:
    payment = await under_way(pool, gone, a_brand())
    others = await everything_else(pool, gone)
    made = create_app(settings, Catalog({psp: ReturningPlugin(psp) for psp in others}))
    async with made.router.lifespan_context(made), speaking_to(made) as http:
        ready = await http.get("/readyz")
        assert ready.status_code == 200
        assert orjson.loads(ready.content) == {"status": "ready", "psps_not_connected": [gone]}
        await becomes(pool, gone, payment, 3, "CAPTURED", final=True)
        assert (await http.get("/readyz")).json() == {"status": "ready"}


async def test_a_worker_that_starts_without_it_says_so_at_once(
    settings: Settings, postgres_server: LocalPostgres, gone: str
) -> None:
    name = f"start_{uuid.uuid4().hex[:12]}"
    made = await postgres_server.create_database(name, template="template0")
    urls = {"url": made.url, "migration_url": made.migration_url}
    own = Postgres.model_validate(urls)
    chosen = settings.model_copy(update={"postgres": own})
    await upgrade(own)
    try:
        async with await open_pool(own) as pool:
            await under_way(pool, gone, a_brand())
            with capture_logs() as logs:
                async with AsyncExitStack() as stack:
                    await work(chosen, Catalog(), SEALS, stack, asyncio.Event())
            assert await pool.fetchval("SELECT kind FROM cases") == "psp_not_connected"
        assert [e["psp"] for e in logs if e["event"] == "psp_not_connected"] == [gone]
    finally:
        await postgres_server.drop_database(name)

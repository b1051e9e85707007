"""The second wall: what a session of the API is not told to see is not there for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection

import asyncpg
import pytest
from sqlalchemy import text

from activities.migrations.grants import ALL, FUNCTIONS, SHARED, TABLES, Who
from infra.local.stack.postgres import Database
from infra.postgres import engine, open_pool, see
from infra.settings import Postgres
from tests.activities.roles.books import ACME, OTHER, Names

_OF_PAYMENT = "(SELECT brand FROM payments WHERE id = t.payment_id)"
WHOSE = {
    "entries": "(SELECT brand FROM accounts WHERE id = t.account_id)",
    "payment_events": _OF_PAYMENT,
    "inbox_events": _OF_PAYMENT,
    "inbox_meanings": _OF_PAYMENT,
    "inbox_redeliveries": "(SELECT p.brand FROM inbox_events e JOIN payments p "
    "ON p.id = e.payment_id WHERE e.id = t.event_id)",
    "case_events": "(SELECT brand FROM cases WHERE id = t.case_id)",
    "psp_instructions": _OF_PAYMENT,
    "routing_decisions": "(SELECT brand FROM routing_changes WHERE id = t.change_id)",
    "routing_chargebacks": _OF_PAYMENT,
    "routing_stop_events": "(SELECT brand FROM routing_stops WHERE id = t.stop_id)",
    "settlement_completions": _OF_PAYMENT,
}
"""Of a row of a table without a brand, said here once more, in other words."""
OF_THE_HOUSE = {name for name, table in TABLES.items() if table.seen == ALL}
"""Tell of no brand, and are seen by those alone who are for all."""

OURS, THEIRS = Names(ACME), Names(OTHER)
BEHIND_THE_WALL = {
    "registry_open_answered": """SELECT registry_open_answered('other', 'new', 'h', 'in_new',
        '{"kind": "deposit",
        "brand": "other", "region": "EU", "player_id": "p", "currency": "EUR", "amount_minor": 1,
        "method": "card", "status": "INITIATED", "trace_id": "t", "requester": "r",
        "details": {}, "order": {}}', NULL, NULL, NULL)""",
    "registry_claim": f"SELECT registry_claim('other', '{THEIRS.deposit}', 'h', 'x')",
    "registry_answer": f"SELECT registry_answer('other', '{THEIRS.payout}', 200, '')",
    "case_assign": "SELECT case_assign('case_' || md5('other:case'), 'k', 'eve', 'eve')",
    "inbox_redeliver": "SELECT inbox_redeliver({event}, 'k', 'eve', 'why not')",
    "inbox_open_case": "SELECT inbox_open_case({event}, 'k', 'contradiction', 's', '{}')",
    "routing_propose": "SELECT routing_propose('policy', 'new', 'other', '{}', 0, 'r', 'eve')",
    "routing_decide": "SELECT routing_decide({change}, 'reject', 'r', 'eve', 0)",
    "routing_stop": "SELECT routing_stop('other', '*', '*', '*', 'captures', 'r', 'eve')",
    "routing_lift": "SELECT routing_lift({stop}, 1, 'r', 'eve')",
}
"""Functions of the API's that act for a brand, called for another one."""
SAY_NOTHING_OF_BRANDS = {
    "access_find": "the credential of whoever shows its token",
    "access_live": "prefixes of tokens",
    "registry_versions": "numbers of versions, of payments that the caller names",
    "brand_is_foreign": "yes or no, of the session's own setting",
    "brands_seen": "the session's own setting",
    "inbox_take_in": "takes what PSPs say, whoever it is about; gives counts and numbers of rows",
    "inbox_take_in_together": "likewise",
    "routing_active_version": "a number",
}


@pytest.fixture
async def api(two_brands: Database) -> AsyncIterator[asyncpg.Pool]:
    at = Postgres.model_validate({"url": two_brands.api_url, "pool_size": 3})
    see([])
    async with await open_pool(at, "as_told") as pool:
        yield pool


async def seen(pool: asyncpg.Pool, brands: Collection[str]) -> dict[str, int]:
    """Rows by table, of those that have any."""
    see(brands)
    counted = {
        name: await pool.fetchval(f"SELECT count(*) FROM {name}")
        for name, table in TABLES.items()
        if table.seen is not None
    }
    return {name: count for name, count in counted.items() if count}


async def there(admin: asyncpg.Connection, brands: Collection[str]) -> dict[str, int]:
    """The same, as somebody counts whom no policy stops; `*` is every row."""
    counted = {}
    for name, table in TABLES.items():
        if table.seen is None:
            continue
        shared = "true" if table.seen == SHARED or name in _OF_WHAT_IS_SHARED else "false"
        whose = "NULL" if name in OF_THE_HOUSE else WHOSE.get(name, "t.brand")
        counted[name] = await admin.fetchval(
            f"SELECT count(*) FROM {name} t "
            f"WHERE {whose} = ANY($1) OR '*' = ANY($1) OR ({shared} AND {whose} = '*')",
            list(brands),
        )
    return {name: count for name, count in counted.items() if count}


_OF_WHAT_IS_SHARED = ("routing_decisions", "routing_stop_events")


async def test_a_session_sees_the_rows_of_its_brands_and_no_others(
    api: asyncpg.Pool, admin: asyncpg.Connection
) -> None:
    of_brands = {name for name, table in TABLES.items() if table.seen is not None}
    for brand in (ACME, OTHER):
        found = await seen(api, [brand])
        assert found == await there(admin, [brand])
        assert set(found) == of_brands - OF_THE_HOUSE, "a table has no row to judge by"
    assert await seen(api, [ACME, OTHER]) == await there(admin, [ACME, OTHER])
    everything = await seen(api, ["*"])
    assert everything == await there(admin, ["*"])
    assert set(everything) == of_brands
    print(f"{len(of_brands)} tables, {sum(everything.values())} rows of two brands")  # noqa: T201


async def test_money_of_the_house_is_seen_by_who_sees_every_brand(
    api: asyncpg.Pool, admin: asyncpg.Connection
) -> None:
    houses = {
        "SELECT count(*) FROM accounts WHERE purpose = 'house'": 2,
        "SELECT count(*) FROM transfers WHERE brand IS NULL": 2,
        "SELECT count(*) FROM entries e WHERE EXISTS (SELECT FROM transfers t "
        "WHERE t.id = e.transfer_id AND t.brand IS NULL)": 4,
    }
    for query, count in houses.items():
        assert await admin.fetchval(query) == count
        for brands in ([ACME], [ACME, OTHER], []):
            see(brands)
            assert await api.fetchval(query) == 0
        see(["*"])
        assert await api.fetchval(query) == count
    see([ACME])
    at_risk = await api.fetch("SELECT DISTINCT brand FROM money_at_risk")
    assert [row["brand"] for row in at_risk] == [ACME]


async def test_a_session_that_is_told_nothing_sees_nothing(
    api: asyncpg.Pool, two_brands: Database
) -> None:
    assert await seen(api, []) == {}
    assert await seen(api, ["nobody"]) == {}
    assert await seen(api, [""]) == {}
    unasked = await asyncpg.connect(two_brands.api_url)
    assert await unasked.fetchval("SELECT count(*) FROM payments") == 0
    await unasked.execute("SET paysaga.brands = '{acme}'; RESET paysaga.brands")
    assert await unasked.fetchval("SELECT count(*) FROM payments") == 0
    await unasked.close()


@pytest.mark.parametrize("who", [Who.WORKER, Who.AUDITOR])
async def test_workers_and_auditors_see_every_brand(
    who: Who, two_brands: Database, admin: asyncpg.Connection
) -> None:
    at = Postgres.model_validate({"url": getattr(two_brands, f"{who}_url")})
    readable = {n for n, t in TABLES.items() if who is Who.AUDITOR or "SELECT" in t.worker}
    async with await open_pool(at) as pool:
        for name, count in (await there(admin, ["*"])).items():
            if name in readable:
                assert await pool.fetchval(f"SELECT count(*) FROM {name}") == count


async def test_no_function_of_the_apis_acts_for_another_brand(
    api: asyncpg.Pool, admin: asyncpg.Connection
) -> None:
    may_call = {name for name, callers in FUNCTIONS.items() if Who.API in callers}
    assert may_call == BEHIND_THE_WALL.keys() | SAY_NOTHING_OF_BRANDS.keys()
    ids = {
        "event": "SELECT id FROM inbox_events WHERE event_id = 'ev-other'",
        "change": "SELECT id FROM routing_changes WHERE brand = 'other'",
        "stop": "SELECT id FROM routing_stops WHERE brand = 'other'",
    }
    # A decision that was made is not made again: this one is open.
    open_change = (
        "SELECT (routing_propose('policy', 'open', 'other', '{}', 0, 'r', 'ann')).change_id"
    )
    known = {name: await admin.fetchval(query) for name, query in ids.items()}
    known["change"] = await admin.fetchval(open_change)
    for call in BEHIND_THE_WALL.values():
        filled = call
        for name, number in known.items():
            filled = filled.replace(f"{{{name}}}", str(number))
        for brands in ([ACME], []):
            see(brands)
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="does not act for"):
                await api.execute(filled)
        see([OTHER])
        async with api.acquire() as connection:
            attempt = connection.transaction()
            await attempt.start()
            try:
                await connection.execute(filled)
            finally:
                await attempt.rollback()


async def test_rows_of_another_brand_are_neither_added_nor_changed(api: asyncpg.Pool) -> None:
    see([ACME])
    for refused in (
        "INSERT INTO routing_switches (brand, psp, account, method, enabled, reason, changed_by) "
        "VALUES ($1, 'p', '*', '*', false, 'r', 'eve')",
        "INSERT INTO risk_players (brand, player_id, kyc, blocked, vip, updated_at) "
        "VALUES ($1, 'p', 'none', false, false, now())",
        "INSERT INTO routing_chargebacks (payment_id, reported_by) "
        "VALUES ('in_' || CASE $1 WHEN 'other' THEN repeat('b', 32) END, 'eve')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await api.execute(refused, OTHER)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await api.execute(
            "INSERT INTO routing_switches "
            "(brand, psp, account, method, enabled, reason, changed_by) "
            "VALUES ('*', 'p', '*', '*', false, 'for everybody', 'eve')"
        )
    changed = "UPDATE outgoing_events SET attempts = 99 WHERE brand = $1"
    assert await api.execute(changed, OTHER) == "UPDATE 0"
    assert await api.execute("UPDATE risk_players SET vip = true WHERE brand = $1", OTHER) == (
        "UPDATE 0"
    )


async def test_many_callers_on_few_connections_see_their_own(api: asyncpg.Pool) -> None:
    async def looks(brand: str) -> set[str]:
        see([brand])
        found = set()
        for _ in range(10):
            rows = await api.fetch("SELECT DISTINCT brand FROM payments")
            found |= {row["brand"] for row in rows}
        return found

    asked = [ACME, OTHER, "nobody"] * 8
    found = await asyncio.gather(*(looks(brand) for brand in asked))
    assert found == [set() if brand == "nobody" else {brand} for brand in asked]


async def test_a_connection_is_told_again_only_when_somebody_else_asks(api: asyncpg.Pool) -> None:
    queries: list[str] = []
    async with api.acquire() as connection:
        connection.add_query_logger(lambda record: queries.append(record.query))
    see([ACME])
    for _ in range(3):
        await api.fetch("SELECT id FROM payments")
    see([OTHER])
    await api.fetch("SELECT id FROM payments")
    settings = [query for query in queries if "set_config" in query]
    assert (len(settings), len(queries)) == (2, 6)


async def test_a_connection_that_may_not_have_been_told_is_told_again(api: asyncpg.Pool) -> None:
    """Whoever gives up in the middle of it leaves nobody with another's rows."""
    for _ in range(20):
        see([OTHER])
        given_up = asyncio.create_task(api.fetch("SELECT id FROM payments"))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        see([ACME])
        assert {row["brand"] for row in await api.fetch("SELECT brand FROM payments")} == {ACME}


async def test_reads_through_the_engine_see_the_same(two_brands: Database) -> None:
    reading = engine(Postgres.model_validate({"url": two_brands.api_url}), "as_told")
    try:
        for brands, expected in (([ACME], {ACME}), ([OTHER], {OTHER}), ([], set())):
            see(brands)
            async with reading.connect() as connection:
                rows = await connection.execute(text("SELECT brand FROM payments"))
                assert {row[0] for row in rows} == expected
    finally:
        await reading.dispose()


async def test_a_name_with_quotes_is_a_name(api: asyncpg.Pool) -> None:
    for brand in ('a"b', "a\\", "a,acme", "{acme}", "'"):
        see([brand])
        assert await api.fetchval("SELECT brands_seen()") == [brand]
        assert await api.fetchval("SELECT count(*) FROM payments") == 0

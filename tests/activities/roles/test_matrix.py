"""Each role tries everything, and may do what stands in `grants.py`: no less, and no more."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from activities.migrations.granting import rights_of
from activities.migrations.grants import FUNCTIONS, TABLES, VIEWS, Who
from infra.local.stack.cluster import OWNER
from infra.local.stack.postgres import Database
from tests.activities.roles import attempts
from tests.activities.roles.attempts import Cell, granted, is_allowed, on_a_table


@pytest.fixture(params=list(Who))
async def role(
    request: pytest.FixtureRequest, two_brands: Database
) -> AsyncIterator[tuple[Who, asyncpg.Connection]]:
    who = Who(request.param)
    connection = await asyncpg.connect(getattr(two_brands, f"{who}_url"), command_timeout=60)
    yield who, connection
    await connection.close()


Role = tuple[Who, asyncpg.Connection]


async def test_every_table_view_and_function_stands_in_a_list(admin: asyncpg.Connection) -> None:
    assert set(await attempts.tables(admin)) == set(TABLES)
    assert set(await attempts.views(admin)) == set(VIEWS)
    assert {name for name, _ in await attempts.calls(admin)} == set(FUNCTIONS)


async def test_every_table_that_tells_of_a_brand_or_a_payment_shows_its_rows_by_brand(
    admin: asyncpg.Connection,
) -> None:
    telling = {
        name
        for name, columns in (await attempts.tables(admin)).items()
        if {"brand", "payment_id", "player_id"} & set(columns)
    }
    assert {name for name in telling if TABLES[name].seen is None} == set()
    secured = await admin.fetch("SELECT relname FROM pg_class WHERE relrowsecurity")
    assert {row[0] for row in secured} == {n for n, t in TABLES.items() if t.seen is not None}


async def test_no_view_reads_with_the_rights_of_its_maker(admin: asyncpg.Connection) -> None:
    asked = "SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = $1::regnamespace"
    as_maker = f"{asked} AND NOT coalesce(reloptions, '{{}}') @> '{{security_invoker=true}}'"
    assert await admin.fetch(as_maker, "public") == []


async def test_no_function_that_runs_as_the_owner_looks_for_names_where_others_put_them(
    admin: asyncpg.Connection,
) -> None:
    astray = await admin.fetch(
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace "
        "AND NOT coalesce(proconfig, '{}') @> ARRAY['search_path=public, pg_temp']"
    )
    assert astray == []


async def test_a_role_may_do_with_tables_and_views_what_is_listed_and_no_more(
    role: Role, admin: asyncpg.Connection
) -> None:
    who, connection = role
    may: set[Cell] = set()
    listed: set[Cell] = set()
    tried = 0
    for name, columns in (await attempts.tables(admin)).items():
        listed |= {(name, right) for right in granted(rights_of(who, TABLES[name]), columns)}
        for right, statement in on_a_table(name, columns):
            tried += 1
            if await is_allowed(connection, statement):
                may.add((name, right))
    for name, columns in (await attempts.views(admin)).items():
        if who in VIEWS[name] or who is Who.AUDITOR:
            listed.add((name, "SELECT"))
        for right, statement in on_a_table(name, columns[:1]):
            tried += 1
            if await is_allowed(connection, statement):
                may.add((name, right))
    print(f"{who}: {tried} tries of tables and views, {len(may)} allowed")  # noqa: T201
    assert may == listed


async def test_a_role_may_call_the_functions_that_are_listed_and_no_others(
    role: Role, admin: asyncpg.Connection
) -> None:
    who, connection = role
    found = await attempts.calls(admin)
    may = {name for name, call in found if await is_allowed(connection, call)}
    print(f"{who}: {len(found)} functions called, {len(may)} allowed")  # noqa: T201
    assert may == {name for name, callers in FUNCTIONS.items() if who in callers}


async def test_a_role_has_no_sequence_and_no_right_that_is_not_tried(
    role: Role, admin: asyncpg.Connection
) -> None:
    _, connection = role
    for name in await attempts.sequences(admin):
        assert not await is_allowed(connection, f"SELECT nextval('{name}')")
        assert not await is_allowed(connection, f"SELECT setval('{name}', 1)")
    others = await connection.fetch(
        "SELECT relname, has_table_privilege(oid, r) FROM pg_class "
        "CROSS JOIN unnest(ARRAY['REFERENCES', 'TRIGGER', 'MAINTAIN']) AS r "
        "WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    )
    assert [row[0] for row in others if row[1]] == []


async def test_there_is_no_way_around_the_grants(role: Role, admin: asyncpg.Connection) -> None:
    who, connection = role
    ways = attempts.elsewhere(OWNER)
    assert [way for way, how in ways.items() if await is_allowed(connection, how)] == []
    rights = "SELECT relname, relacl::text FROM pg_class ORDER BY oid"
    before = await admin.fetch(rights)
    for how in attempts.by_giving("paysaga_app").values():
        try:
            await connection.execute(how)
        except asyncpg.InsufficientPrivilegeError:
            continue
    assert await admin.fetch(rights) == before
    print(f"{who}: {len(ways)} ways around the grants, none open")  # noqa: T201


def test_the_api_posts_nothing_and_ends_nothing_and_the_worker_opens_nothing() -> None:
    """What the table of grants may never come to say."""
    moving = ("wallet_", "payment_", "psp_", "registry_record", "registry_swept")
    of_api = {name for name, callers in FUNCTIONS.items() if Who.API in callers}
    of_worker = {name for name, callers in FUNCTIONS.items() if Who.WORKER in callers}
    assert [name for name in of_api if name.startswith(moving)] == []
    opening = {"registry_open", "registry_open_answered", "registry_claim", "registry_answer"}
    assert of_worker & (opening | {"inbox_take_in", "inbox_take_in_together"}) == set()
    books = ("accounts", "transfers", "entries", "payments", "payment_events", "psp_instructions")
    for name in books:
        assert (TABLES[name].api, TABLES[name].worker) == ("SELECT", "SELECT")
    every_right = " ".join(f"{table.api} {table.worker}" for table in TABLES.values())
    assert "DELETE" not in every_right
    assert "TRUNCATE" not in every_right

"""How an installation gets its roles, and what is said where one is missing or may too much."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest
from structlog.testing import capture_logs

from activities.migrations import upgrade
from activities.migrations.grants import Who
from activities.migrations.standing import require_own_role
from activities.routing.settings import Account, RoutingSettings
from activities.settings import Settings
from infra.local.stack.postgres import Database, LocalPostgres
from infra.local.stack.processes import run
from infra.settings import Api, Postgres, SettingsError


@pytest.fixture
async def empty(postgres_server: LocalPostgres) -> AsyncIterator[Database]:
    name = f"roles_{uuid.uuid4().hex[:12]}"
    yield await postgres_server.create_database(name, template="template0")
    await postgres_server.drop_database(name)


def installation(url: str, profile: str = "production") -> Settings:
    return Settings.model_validate(
        {
            "profile": profile,
            "postgres": Postgres.model_validate({"url": url}),
            "api": Api(return_url_hosts=["casino.example"]),
            "routing": RoutingSettings(accounts=[Account(psp="sandbox", id="primary")]),
        }
    )


@pytest.mark.parametrize("whose", ["API", "WORKER", "AUDITOR"])
async def test_a_role_that_does_not_exist_is_one_sentence_and_nothing_is_changed(
    empty: Database, whose: str
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAYSAGA_")}
    given = {
        "PAYSAGA_PROFILE": "sandbox",
        "PAYSAGA_POSTGRES_URL": empty.migration_url,
        f"PAYSAGA_POSTGRES_{whose}_ROLE": "nobody_of_that_name",
    }
    command = [sys.executable, "-m", "activities.migrations"]
    code, output = await run(command, environment=kept | given)
    assert (code, len(output.splitlines())) == (2, 1), output
    assert "there is no role nobody_of_that_name" in output
    assert f"PAYSAGA_POSTGRES_{whose}_ROLE" in output
    connection = await asyncpg.connect(empty.admin_url)
    assert await connection.fetchval("SELECT to_regclass('payments')") is None
    await connection.close()


async def test_in_production_each_process_needs_a_role_that_may_no_more_than_it_must(
    empty: Database,
) -> None:
    await upgrade(Postgres.model_validate({"url": empty.migration_url}))
    await require_own_role(installation(empty.api_url), Who.API)
    await require_own_role(installation(empty.worker_url), Who.WORKER)
    for who, url, why in (
        (Who.API, empty.worker_url, "may also call"),
        (Who.API, empty.url, "may also call"),
        (Who.API, empty.migration_url, "owns the tables"),
        (Who.API, empty.admin_url, "is a superuser"),
        (Who.WORKER, empty.api_url, "may also call"),
        (Who.WORKER, empty.url, "may also call"),
        (Who.WORKER, empty.migration_url, "owns the tables"),
        (Who.WORKER, empty.admin_url, "is a superuser"),
    ):
        with pytest.raises(SettingsError, match=f"PAYSAGA_POSTGRES_URL: the role .* {why}"):
            await require_own_role(installation(url), who)
        with capture_logs() as logs:
            await require_own_role(installation(url, "sandbox"), who)
        assert [entry["event"] for entry in logs] == ["role_may_too_much"]


async def test_a_second_migration_locks_no_table_and_takes_back_what_was_given_by_hand(
    empty: Database,
) -> None:
    at = Postgres.model_validate({"url": empty.migration_url})
    await upgrade(at)
    by_hand = await asyncpg.connect(empty.migration_url)
    await by_hand.execute("GRANT INSERT ON transfers TO paysaga_api")
    await by_hand.execute("GRANT EXECUTE ON FUNCTION wallet_open TO paysaga_api")
    await by_hand.execute("CREATE POLICY mine ON payments TO paysaga_api USING (true)")
    policies = "SELECT oid, polname FROM pg_policy WHERE polname <> 'mine' ORDER BY oid"
    before = await by_hand.fetch(policies)
    reader = await asyncpg.connect(empty.api_url)
    reading = reader.transaction()
    await reading.start()
    # Whoever reads a table would be in the way of what locks it whole.
    await reader.execute("SELECT FROM cases")
    await upgrade(at)
    await reading.rollback()
    assert await by_hand.fetch(policies) == before
    rights = (
        "SELECT has_table_privilege('paysaga_api', 'transfers', 'INSERT'), "
        "has_function_privilege('paysaga_api', 'wallet_open(text, text, text)', 'EXECUTE'), "
        "EXISTS (SELECT FROM pg_policy WHERE polname = 'mine')"
    )
    assert [tuple(row) for row in await by_hand.fetch(rights)] == [(False, False, False)]
    await reader.close()
    await by_hand.close()


async def test_a_policy_that_was_changed_in_the_code_is_changed_in_the_database(
    empty: Database,
) -> None:
    at = Postgres.model_validate({"url": empty.migration_url})
    await upgrade(at)
    owner = await asyncpg.connect(empty.migration_url)
    # As an older version of the code made it.
    await owner.execute("DROP POLICY api_sees ON payments")
    await owner.execute("CREATE POLICY api_sees ON payments TO paysaga_api USING (true)")
    await owner.execute("COMMENT ON POLICY api_sees ON payments IS 'as it was'")
    await upgrade(at)
    found = await owner.fetchval(
        "SELECT pg_get_expr(polqual, polrelid) FROM pg_policy "
        "WHERE polname = 'api_sees' AND polrelid = 'payments'::regclass"
    )
    assert "brands_seen" in found
    await owner.close()

"""A card number is found wherever we keep anything, named by its place, and never repeated."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.audit.card_numbers.database import in_database
from activities.audit.card_numbers.histories import in_histories
from activities.audit.card_numbers.logs import in_logs
from activities.audit.report import Finding
from infra.local.stack.ports import free_ports
from infra.local.stack.temporal import LocalTemporal
from infra.settings import Temporal
from infra.temporal import connect
from tests.activities.audit.conftest import Books
from tests.activities.audit.processes import Waiting
from workers.assembly import workflow_runner
from workflows.domain.card_data import has_card_data

CARD = "4111111111111111"


async def scanned(books: Books, rows: int | None = None) -> Finding:
    async with books.pool.acquire() as connection, connection.transaction():
        return await in_database(connection, rows)


async def test_a_database_without_one_is_clean_and_is_read_in_full(kept: Books) -> None:
    found = await scanned(kept)
    assert found.holds, found.violations
    with_text = await kept.forger.fetchval(
        "SELECT count(DISTINCT table_name) FROM information_schema.columns "
        "JOIN information_schema.tables t USING (table_schema, table_name) "
        "WHERE t.table_type = 'BASE TABLE' AND table_schema = 'public' "
        "AND data_type IN ('text', 'jsonb', 'ARRAY', 'character varying')"
    )
    assert f"of {with_text} tables" in found.compared
    assert "not readable" not in found.compared


@pytest.mark.parametrize(
    ("forgery", "named"),
    [
        (
            f"UPDATE payments SET details = '{{\"note\": [\"my card {CARD}\"]}}' WHERE id = 'in_a'",
            "payments.details of in_a",
        ),
        (
            "UPDATE idempotency_keys SET answer_body = '4111-1111 1111-1111' "
            "WHERE key = 'key-in_b'",
            "idempotency_keys.answer_body of acme / key-in_b",
        ),
        (
            f"UPDATE payment_events SET facts = '{{\"{CARD}\": 1}}' "
            "WHERE payment_id = 'in_c' AND version = 2",
            "payment_events.facts of in_c / 2",
        ),
        (
            f"INSERT INTO credentials (name, person, prefix, token_hash, roles, brands) "
            f"VALUES ('x', 'x', 'x', '1', '{{platform}}', '{{acme,{CARD}}}')",
            "credentials.brands of 1",
        ),
        (
            f"CREATE TABLE notes (said varchar(40)); INSERT INTO notes VALUES ('{CARD}'); "
            "GRANT SELECT ON notes TO PUBLIC",
            "notes.said of (0,1)",
        ),
        (
            f"UPDATE payments SET id = '{CARD}' WHERE id = 'in_c'",
            "payments.id of a row whose key looks like one too",
        ),
    ],
)
async def test_one_in_any_text_of_any_table_is_named(kept: Books, forgery: str, named: str) -> None:
    await kept.forge(forgery)
    found = await scanned(kept)
    assert (found.violations, found.count) == ([named], 1)


async def test_a_sample_reads_the_newest_rows(kept: Books) -> None:
    # Of a table whose rows stand where they were written, one after the other.
    await kept.forge(
        "INSERT INTO inbox_events (psp, event_id, payment_id, event) VALUES "
        f"('sandbox', 'evt_new', 'in_a', jsonb_build_object('said', '{CARD}'))"
    )
    assert not (await scanned(kept, rows=1)).holds
    assert (await scanned(kept, rows=0)).holds


async def test_a_table_that_may_not_be_read_is_told(kept: Books) -> None:
    await kept.forge("CREATE TABLE secrets (said text)")
    assert "not readable: secrets" in (await scanned(kept)).compared


def test_digests_and_ids_are_no_card_numbers() -> None:
    for _ in range(50_000):
        digest = hashlib.sha256(secrets.token_bytes(8)).hexdigest()
        assert not has_card_data(f'{{"hash": "{digest}", "id": "auth_{secrets.token_hex(12)}"}}')
        assert not has_card_data(f"in_{uuid.uuid4().hex}:authorize:1")


@pytest.mark.parametrize(
    "text",
    [CARD, f"card{CARD}", f"in_{CARD}", f'{{"n":{CARD}}}', f"tok_{CARD}", f"{CARD}abcdef"],
)
def test_a_number_is_no_id_because_of_what_stands_beside_it(text: str) -> None:
    assert has_card_data(text)


@pytest.fixture(scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    log = tmp_path_factory.mktemp("temporal") / "temporal.log"
    server = LocalTemporal(None, free_ports(1)[0], log=log)
    await server.start()
    try:
        yield await connect(Temporal(address=server.address))
    finally:
        await server.stop()


async def histories(client: Client, runs: int, hits: int) -> Finding:
    """Once so many are found: the list of runs lags, and a signal may be buffered for a moment."""
    async with asyncio.timeout(60):
        while True:
            found = await in_histories(client, None)
            if found.compared == f"{runs} histories" and found.count == hits:
                return found
            await asyncio.sleep(0.05)


async def test_one_in_a_history_is_named_by_run_and_event(client: Client) -> None:
    queue = f"audit-{uuid.uuid4().hex[:12]}"
    options: dict[str, Any] = {"task_queue": queue, "task_timeout": timedelta(seconds=2)}
    async with Worker(
        client, task_queue=queue, workflows=[Waiting], workflow_runner=workflow_runner(True)
    ):
        clean = await client.start_workflow("payout", id="payout-po_clean", **options)
        await clean.signal("psp_event", {"amount": 5000, "id": str(uuid.uuid4())})
        await histories(client, runs=1, hits=0)
        await client.start_workflow("payout", id="payout-po_memo", memo={"note": CARD}, **options)
        dirty = await client.start_workflow("payout", id="payout-po_signal", **options)
        await dirty.signal("psp_event", {"note": {"deep": f"pay with {CARD}"}})
        found = await histories(client, runs=3, hits=2)
    memo, signal = sorted(found.violations)
    assert memo.startswith("payout-po_memo (run ")
    assert memo.endswith("event 1")
    assert signal.startswith(f"payout-po_signal (run {dirty.first_execution_run_id}): event ")
    assert CARD not in repr(found)
    assert (await in_histories(client, 1)).compared == "1 histories, the newest"


def test_one_in_a_log_is_named_by_line(tmp_path: Path) -> None:
    (tmp_path / "worker").mkdir()
    (tmp_path / "api.log").write_text('{"at": "2026-11-24T15:52:36.123456Z", "ms": 12.5}\n' * 3)
    (tmp_path / "worker" / "worker.log").write_text(f"started\nrefused 4111 1111 1111 1111\n{CARD}")
    found = in_logs([tmp_path])
    assert found.compared == "6 lines of 2 files"
    assert found.violations == ["worker.log, line 2", "worker.log, line 3"]
    assert in_logs([tmp_path / "api.log"]).holds
    with pytest.raises(FileNotFoundError):
        in_logs([tmp_path / "none.log"])

"""Refusals are kept as evidence, and nobody fills the disk by knocking."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.inbox.security import Refusal, SecurityLog
from activities.inbox.tables import SecurityRow


def a_refusal(psp: str, rule: str = "signature", headers: Sequence[str] = ()) -> Refusal:
    return Refusal.of(psp, rule, 401, remote="192.0.2.7", headers=headers, body=b"{}")


def a_psp() -> str:
    return f"psp_{uuid.uuid4().hex[:12]}"


async def rows_of(security: SecurityLog, psp: str) -> Sequence[SecurityRow]:
    return await security.list(psp=psp, limit=200)


async def test_the_first_of_a_kind_is_written_at_once_and_the_rest_as_one_row(
    pool: asyncpg.Pool, reading: AsyncEngine
) -> None:
    security, psp = SecurityLog(pool, reading, quiet_seconds=0.2), a_psp()
    await security.record(a_refusal(psp))
    assert [row.occurrences for row in await rows_of(security, psp)] == [1]
    for _ in range(500):
        await security.record(a_refusal(psp))
    assert len(await rows_of(security, psp)) == 1
    await asyncio.sleep(0.5)
    assert [row.occurrences for row in await rows_of(security, psp)] == [500, 1]


async def test_what_was_counted_is_written_at_the_end(
    pool: asyncpg.Pool, reading: AsyncEngine
) -> None:
    security, psp = SecurityLog(pool, reading, quiet_seconds=60), a_psp()
    for _ in range(4):
        await security.record(a_refusal(psp))
    await security.aclose()
    assert [row.occurrences for row in await rows_of(security, psp)] == [3, 1]


async def test_kinds_without_end_are_counted_as_one(
    pool: asyncpg.Pool, reading: AsyncEngine
) -> None:
    security, psp = SecurityLog(pool, reading, quiet_seconds=60), a_psp()
    await asyncio.gather(*(security.record(a_refusal(psp, f"rule-{n}")) for n in range(400)))
    await security.aclose()
    rows = await rows_of(security, psp)
    assert len(rows) <= 202
    assert sum(row.occurrences for row in await security.list(psp=psp, rule="others")) >= 199


async def test_names_of_headers_are_kept_when_they_are_names(
    pool: asyncpg.Pool, reading: AsyncEngine
) -> None:
    names = ["x-signature", "a\nb", "4111111111111111", "x-4111111111111111", "x" * 65, "\u00e9"]
    many = [f"h-{n}" for n in range(99)]
    assert a_refusal("p", headers=names).header_names == ["x-signature"]
    assert len(a_refusal("p", headers=many).header_names) == 40


async def test_what_was_written_is_never_changed(
    pool: asyncpg.Pool, owner: asyncpg.Pool, reading: AsyncEngine
) -> None:
    security = SecurityLog(pool, reading, quiet_seconds=60)
    await security.record(a_refusal(a_psp()))
    await security.aclose()
    for change in ("UPDATE security_events SET rule = 'x'", "DELETE FROM security_events"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(change)
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await owner.execute(change)


async def test_a_refusal_stays_one_when_it_cannot_be_written(reading: AsyncEngine) -> None:
    nowhere = asyncpg.create_pool("postgresql://nobody@127.0.0.1:1/none", min_size=0)
    await nowhere
    security = SecurityLog(nowhere, reading, quiet_seconds=60)
    await security.record(a_refusal(a_psp()))
    await security.aclose()
    await nowhere.close()

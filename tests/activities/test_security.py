"""Refusals are kept as evidence, and nobody fills the disk by knocking."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.security.log import SecurityLog
from activities.security.reads import SecurityReads
from activities.security.refusal import Refusal
from activities.security.tables import SecurityRow


def a_refusal(psp: str, rule: str = "signature", headers: Sequence[str] = ()) -> Refusal:
    return Refusal.of(psp, rule, 401, remote="192.0.2.7", headers=headers, body=b"{}")


def a_psp() -> str:
    return f"psp_{uuid.uuid4().hex[:12]}"


async def rows_of(reading: AsyncEngine, psp: str) -> Sequence[SecurityRow]:
    return await SecurityReads(reading).list(psp=psp, limit=200)


async def test_the_first_of_a_kind_is_written_at_once_and_the_rest_as_one_row(
    pool: asyncpg.Pool, reading: AsyncEngine
) -> None:
    security, psp = SecurityLog(pool, quiet_seconds=2), a_psp()
    await security.record(a_refusal(psp))
    assert [row.occurrences for row in await rows_of(reading, psp)] == [1]
    for _ in range(500):
        await security.record(a_refusal(psp))
    assert len(await rows_of(reading, psp)) == 1
    async with asyncio.timeout(60):
        while len(await rows_of(reading, psp)) == 1:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert [row.occurrences for row in await rows_of(reading, psp)] == [500, 1]


async def test_what_was_counted_is_written_at_the_end(
    pool: asyncpg.Pool, reading: AsyncEngine
) -> None:
    security, psp = SecurityLog(pool, quiet_seconds=60), a_psp()
    for _ in range(4):
        await security.record(a_refusal(psp))
    await security.aclose()
    assert [row.occurrences for row in await rows_of(reading, psp)] == [3, 1]


async def test_kinds_without_end_are_counted_as_one(
    pool: asyncpg.Pool, reading: AsyncEngine
) -> None:
    security, psp = SecurityLog(pool, quiet_seconds=60), a_psp()
    await asyncio.gather(*(security.record(a_refusal(psp, f"rule-{n}")) for n in range(400)))
    await security.aclose()
    rows = await rows_of(reading, psp)
    assert len(rows) <= 202
    assert (
        sum(row.occurrences for row in await SecurityReads(reading).list(psp=psp, rule="others"))
        >= 199
    )


async def test_names_of_headers_are_kept_when_they_are_names(pool: asyncpg.Pool) -> None:
    names = ["x-signature", "a\nb", "4111111111111111", "x-4111111111111111", "x" * 65, "\u00e9"]
    many = [f"h-{n}" for n in range(99)]
    assert a_refusal("p", headers=names).header_names == ["x-signature"]
    assert len(a_refusal("p", headers=many).header_names) == 40


async def test_what_was_written_is_never_changed(pool: asyncpg.Pool, owner: asyncpg.Pool) -> None:
    security = SecurityLog(pool, quiet_seconds=60)
    await security.record(a_refusal(a_psp()))
    await security.aclose()
    for change in ("UPDATE security_events SET rule = 'x'", "DELETE FROM security_events"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(change)
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await owner.execute(change)


async def test_a_refusal_stays_one_when_it_cannot_be_written() -> None:
    nowhere = asyncpg.create_pool("postgresql://nobody@127.0.0.1:1/none", min_size=0)
    await nowhere
    security = SecurityLog(nowhere, quiet_seconds=60)
    await security.record(a_refusal(a_psp()))
    await security.aclose()
    await nowhere.close()


async def test_refusals_of_callers_are_counted_by_who_they_were(
    pool: asyncpg.Pool, reading: AsyncEngine
) -> None:
    security, actor = SecurityLog(pool, quiet_seconds=60), uuid.uuid4().hex[:12]

    async def refused(whose: str | None) -> None:
        refusal = Refusal.of_caller(
            "forbidden", 403, remote="192.0.2.7", headers=(), place="GET /v1/cases", actor=whose
        )
        await security.record(refusal)

    for _ in range(3):
        await refused(actor)
    await refused(f"{actor}-2")
    await security.aclose()
    rows = await SecurityReads(reading).list(actor=actor)
    assert [(row.psp, row.place, row.occurrences) for row in rows] == [
        (None, "GET /v1/cases", 2),
        (None, "GET /v1/cases", 1),
    ]
    assert len(await SecurityReads(reading).list(actor=f"{actor}-2")) == 1

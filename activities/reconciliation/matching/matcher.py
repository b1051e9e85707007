"""Runs the steps of the matching, which are functions of the database, one file each.

One run is one transaction for one merchant account: it is made whole or not at all, and once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import asyncpg

from workflows.domain.money import CURRENCIES, exponent
from workflows.domain.reconciliation import Charged, DayOfAccount, Matched, Matching

PATIENCE_SECONDS = 600.0
"""For one step: a file has a million lines."""
_EXPONENTS = {currency: exponent(currency) for currency in CURRENCIES}
_MEMORY = "SET LOCAL work_mem = '48MB'"
"""For hash tables of a million keys; they spill to the disk beyond it."""
_OPEN = "SELECT matching_open($1, $2, $3)"
_RECORDED = "SELECT matching_recorded($1, $2, $3)"
_CLOSE = "SELECT matching_close($1, $2, $3, $4)"

Step = Callable[..., Awaitable[Any]]


class Matcher:
    """Raises asyncpg.PostgresError or OSError when the database cannot; nothing is done then."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def match(self, run: Matching) -> Matched:
        """The same run again, or an earlier one, gives what was recorded."""
        moment = datetime.fromisoformat(run.as_of)
        at = (run.account.psp, run.account.id, moment)
        async with self._pool.acquire() as connection, connection.transaction():

            async def step(query: str, *values: object) -> Any:
                return await connection.fetchval(query, *values, timeout=PATIENCE_SECONDS)

            await connection.execute(_MEMORY)
            if not await step(_OPEN, *at):
                return _result(run, await step(_RECORDED, *at) or {}, repeated=True)
            counted = await _pair(step, at, run.zone)
            await _find(step, run)
            counted["charged"] = await step("SELECT matching_charged()")
            await step("SELECT matching_break($1, $2, $3)", *at)
            await step("SELECT matching_missing($1, $2, $3, $4)", *at, run.zone)
            return _result(run, await step(_CLOSE, *at, counted), repeated=False)


async def _pair(step: Step, at: tuple[str, str, datetime], zone: str) -> dict[str, Any]:
    """Gives each line its movement, or the class of its break."""
    account, moment = at[:2], at[2]
    lines = await step("SELECT matching_by_key($1, $2, $3)", *at)
    matched = await step("SELECT matching_settle($1, $2)", moment, zone)
    completions = 0
    if await step("SELECT matching_gather($1, $2, $3)", *at):
        matched += await step("SELECT matching_pair('key', $1, $2)", moment, zone)
        await step("SELECT matching_duplicates('key', $1, $2)", *account)
        matched += await step("SELECT matching_pair('psp_ref', $1, $2)", moment, zone)
        await step("SELECT matching_mismatches('key')")
        await step("SELECT matching_duplicates('psp_ref', $1, $2)", *account)
        await step("SELECT matching_mismatches('psp_ref')")
        completions = await step("SELECT matching_in_doubt($1, $2, $3)", *at)
        await step("SELECT matching_only_theirs($1, $2, $3)", *at)
    return {"lines": lines, "matched": matched, "completions": completions}


async def _find(step: Step, run: Matching) -> None:
    """What else does not agree in the new lines."""
    contract = [
        {"currency": cost.currency, "fixed": cost.fixed, "rate": cost.rate} for cost in run.contract
    ]
    tolerance = {"minor": run.fee_tolerance_minor, "millionths": run.fee_tolerance_millionths}
    await step("SELECT matching_found($1)", run.zone)
    await step("SELECT matching_unexplained($1)", run.zone)
    await step("SELECT matching_nets($1, $2)", run.zone, _EXPONENTS)
    if contract:
        await step("SELECT matching_fees($1, $2, $3)", run.zone, contract, tolerance)
    await step("SELECT matching_batches($1)", run.zone)


def _result(run: Matching, found: dict[str, Any], *, repeated: bool) -> Matched:
    days = tuple(DayOfAccount(**day) for day in found.get("days", ()))
    limit = run.flagged_above_millionths
    flagged = [d for d in days if d.count_millionths > limit or d.money_millionths > limit]
    counts = ("lines", "matched", "completions", "to_pass_on", "waiting", "opened", "closed")
    return Matched(
        repeated=repeated,
        breaks=found.get("breaks", {}),
        days=days,
        flagged=tuple(flagged),
        charged=tuple(Charged(**charged) for charged in found.get("charged", ())),
        **{name: found.get(name, 0) for name in counts},
    )

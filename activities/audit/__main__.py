"""`python -m activities.audit`: check every invariant now; exit code 0 if all hold, 1 if not.

2 when something could not be read: that is no verdict.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path

import asyncpg
from temporalio.service import RPCError

from activities.audit.audit import Scope, audit
from activities.audit.psp_book import NoJournal
from activities.audit.report import Report
from activities.audit.settings import AuditSettings, journal_url
from infra.postgres import open_pool
from infra.settings import SettingsError
from infra.temporal import connect


def main() -> int:
    asked = _parser().parse_args()
    try:
        chosen = AuditSettings.read()
        report = asyncio.run(_audit(chosen, _scope(asked, chosen)))
    except SettingsError as wrong:
        return _say(f"{wrong}\nStart a system first (make up), or name one by its settings.")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as failure:
        return _say(f"the database or a log could not be read: {failure}")
    except (RPCError, RuntimeError) as failure:
        return _say(f"Temporal could not be asked: {failure}")
    except NoJournal as failure:
        return _say(str(failure))
    print("\n".join(report.lines()))  # noqa: T201
    broken = len(report.broken)
    checks = f"{len(report.findings)} checks"
    print(f"\n{broken} of {checks} violated" if broken else f"\nAll of {checks} hold")  # noqa: T201
    return 0 if report.holds else 1


async def _audit(chosen: AuditSettings, scope: Scope) -> Report:
    async with await open_pool(chosen.postgres) as pool:
        client = await connect(chosen.temporal)
        return await audit(pool, client, journal_url(), scope)


def _scope(asked: argparse.Namespace, chosen: AuditSettings) -> Scope:
    return Scope(
        patience=timedelta(seconds=asked.patience),
        waiting=timedelta(hours=chosen.inbox.unknown_hours + 1),
        rows_per_table=asked.sample,
        histories=None if asked.all_histories else asked.histories,
        logs=asked.log,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m activities.audit", description=main.__doc__)
    option = parser.add_argument
    option("--patience", type=float, default=300.0, metavar="SECONDS", help="may be under way")
    option("--sample", type=int, metavar="ROWS", help="newest rows per table read for card numbers")
    option("--histories", type=int, default=500, metavar="RUNS", help="newest ones that are read")
    option("--all-histories", action="store_true", help="read them all")
    option("--log", type=Path, action="append", default=[], help="a file or folder of logs")
    return parser


def _say(why: str) -> int:
    print(why, file=sys.stderr)  # noqa: T201
    return 2


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(code)

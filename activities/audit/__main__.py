"""`python -m activities.audit`: check every invariant now; exit code 0 if all hold, 1 if not.

2 when something could not be read: that is no verdict.
"""

from __future__ import annotations

import asyncio
import os
import sys
from socket import gaierror

import asyncpg
from temporalio.service import RPCError

from activities.audit.arguments import parser, scope_of
from activities.audit.audit import audit
from activities.audit.psp_book import NoJournal
from activities.audit.report import Report
from activities.audit.scope import Scope
from activities.audit.settings import AuditSettings, journal_url
from infra import postgres, temporal
from infra.postgres import open_pool
from infra.settings import SettingsError
from infra.temporal import connect


def main() -> int:
    asked = parser().parse_args()
    try:
        chosen = AuditSettings.read()
        report = asyncio.run(_audit(chosen, scope_of(asked, chosen)))
    except SettingsError as wrong:
        return _say(f"{wrong}\nStart a system first (make up), or name one by its settings.")
    except (asyncpg.InterfaceError, asyncpg.PostgresError, ConnectionError, gaierror) as failure:
        return _say(str(postgres.unreachable(failure)))
    except OSError as failure:
        return _say(str(postgres.wrong_setting(failure) or f"a log could not be read: {failure}"))
    except (RPCError, RuntimeError) as failure:
        why = temporal.wrong_setting(failure)
        return _say(str(why or f"{temporal.ADDRESS}: Temporal could not be asked: {failure}"))
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


def _say(why: str) -> int:
    print(why, file=sys.stderr)  # noqa: T201
    return 2


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(code)

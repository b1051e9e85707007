"""`make chaos SEED=7 PAYMENTS=300 FAULTS=all`: everything dies, in turn; the truth must survive.

Exit code 0 when no violation was found, 1 when one was; then the folder with the logs is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from infra.local.stack.interrupts import until_interrupted
from infra.local.stack.launch import end_with_parent
from infra.local.stack.ports import LocalError
from tests.chaos.run import Plan, run
from tests.chaos.screen import show

_INTERRUPTED = 130


def main() -> int:
    asked = _parser().parse_args()
    if asked.with_parent is not None:
        end_with_parent(signal.SIGTERM, asked.with_parent)
    for name in [name for name in os.environ if name.startswith("PAYSAGA_")]:
        del os.environ[name]
    console = Console()
    try:
        storm = _storm(_plan(asked), console, keep=asked.keep)
        return asyncio.run(until_interrupted(storm, console, code=_INTERRUPTED))
    except (LocalError, LookupError, OSError) as failure:
        console.print(f"\n{failure}", style="red", markup=False, soft_wrap=True)
        return 1


async def _storm(plan: Plan, console: Console, *, keep: bool) -> int:
    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    faults = plan.faults or "all"
    named = ";".join(faults) if isinstance(faults, tuple) else faults
    replay = f"make chaos SEED={plan.seed} PAYMENTS={plan.payments} FAULTS='{named}'"
    say(replay)
    folder, holds = Path(tempfile.mkdtemp(prefix="paysaga-chaos-")), False
    try:
        result = await run(plan, folder, say)
        show(console, result.blows, result.verdict, result.diary, replay)
        holds = not result.verdict.violations
    finally:
        if holds and not keep:
            shutil.rmtree(folder)
        else:
            say(f"The logs are kept: {folder / 'log'}")
    return int(not holds)


def _plan(asked: argparse.Namespace) -> Plan:
    seed = asked.seed if asked.seed is not None else secrets.randbelow(1_000_000)
    faults: tuple[str, ...] | int | None
    if asked.faults in ("", "all"):
        faults = None
    elif asked.faults.isdecimal():
        faults = int(asked.faults)
    else:
        faults = tuple(name.strip() for name in asked.faults.split(";"))
    return Plan(seed, asked.payments, faults)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    option = parser.add_argument
    option("--seed", type=int, help="deals payments, faults and choices; random without")
    option("--payments", type=int, default=300, help="about so many")
    option("--faults", default="all", help="all, a number, or names separated by `;`")
    option("--keep", action="store_true", help="keep the folder with the logs in any case")
    option("--with-parent", type=int, metavar="PID", help="end when what started this ends")
    return parser


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(code)

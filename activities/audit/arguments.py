"""What an audit is asked for by the words of a command."""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path

from activities.audit.scope import Scope
from activities.audit.settings import AuditSettings


def scope_of(asked: argparse.Namespace, chosen: AuditSettings) -> Scope:
    return Scope(
        patience=timedelta(seconds=asked.patience),
        waiting=timedelta(hours=chosen.inbox.unknown_hours + 1),
        rows_per_table=asked.sample,
        histories=None if asked.all_histories else asked.histories,
        logs=asked.log,
    )


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m activities.audit")
    option = parser.add_argument
    option("--patience", type=float, default=300.0, metavar="SECONDS", help="may be under way")
    option("--sample", type=int, metavar="ROWS", help="newest rows per table read for card numbers")
    option("--histories", type=int, default=500, metavar="RUNS", help="newest ones that are read")
    option("--all-histories", action="store_true", help="read them all")
    option("--log", type=Path, action="append", default=[], help="a file or folder of logs")
    return parser

"""Every line of the logs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from activities.audit.report import Finding, finding
from workflows.domain.card_data import has_card_data


def in_logs(paths: Sequence[Path]) -> Finding:
    """Every line of the files, and of the files in the folders. Raises OSError."""
    files = sorted(
        file
        for path in paths
        for file in (path.rglob("*") if path.is_dir() else [path])
        if file.is_file() or not path.is_dir()
    )
    lines, hits = 0, []
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as log:
            for number, line in enumerate(log, 1):
                lines += 1
                if has_card_data(line):
                    hits.append(f"{file.name}, line {number}")
    return finding(
        "I12", "No card number is in a log", f"{lines} lines of {len(files)} files", hits
    )

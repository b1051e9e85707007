"""What others on the machine could read of a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

_FOLDER = 0o711 if os.geteuid() == 0 else 0o700
"""Root's database server is somebody else, who passes through by name."""


def open_to_others(folder: Path) -> list[str]:
    """Files and folders that are more than their owner's, with their modes; sockets too."""
    return [
        f"{path.relative_to(folder)} {stat.S_IMODE(mode):o}"
        for path, mode in _everything(folder)
        if stat.S_IMODE(mode) & ~(_FOLDER if stat.S_ISDIR(mode) else 0o600)
    ]


def files_of(folder: Path) -> int:
    return sum(not stat.S_ISDIR(mode) for _, mode in _everything(folder))


def _everything(folder: Path) -> Iterator[tuple[Path, int]]:
    yield folder, folder.stat().st_mode
    for path in folder.rglob("*"):
        try:
            yield path, path.lstat().st_mode
        except FileNotFoundError:
            continue  # a database moves its files

"""What we started, written down, so that a next start can end what survived us."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil


def write_private(path: Path, text: str) -> None:
    """Replace the file in one step; only its owner can read it, also while it is written."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as written:
        written.write(text)
        written.flush()
        os.fsync(written.fileno())
    draft.replace(path)


def private_folder(path: Path) -> Path:
    """Made if it is not there, with its parents; nobody else can list it.

    As root, whose database server is somebody else, others may pass through it where they know the
    way: else that server would need the right to read everything.
    """
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return path


def private_log(path: Path) -> int:
    """Open at its end, also one that an older version left open to others."""
    private_folder(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor


def close_to_others(folder: Path) -> None:
    """What older versions left open to others; a database looks after its own files."""
    for path in folder.glob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_uid == os.geteuid():
            path.chmod(0o600)


def birth(pid: int) -> str | None:
    """What no other process will ever share with this one; None when there is none.

    On Linux the ticks since boot and the boot itself, which no change of the clock moves.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return None if fields[0] == "Z" else f"{boot}:{fields[19]}"
    except OSError:
        with contextlib.suppress(psutil.NoSuchProcess):
            return f"{psutil.Process(pid).create_time():.2f}"
    return None


@dataclass(frozen=True, slots=True)
class Entry:
    """One child: a pid alone proves nothing, numbers are used again; its birth does."""

    name: str
    pid: int
    birth: str
    stop_signal: int

    def lives(self) -> bool:
        return birth(self.pid) == self.birth

    def send(self, number: int) -> None:
        if self.lives():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Record:
    """`run.json`: the children of the present run, or of the last one until it is cleared."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._children: dict[int, Entry] = {}

    def add(self, name: str, pid: int, stop_signal: int) -> None:
        born = birth(pid)
        if born is not None:
            self._children[pid] = Entry(name, pid, born, stop_signal)
            self._write()

    def remove(self, pid: int) -> None:
        if self._children.pop(pid, None) is not None:
            self._write()

    def end_survivors(self, seconds: float = 10.0) -> list[str]:
        """Stop what the last run left behind; the names of what it was."""
        left = [row for row in self._read() if row.lives()]
        for row in left:
            row.send(row.stop_signal)
        deadline = time.monotonic() + seconds
        while any(row.lives() for row in left) and time.monotonic() < deadline:
            time.sleep(0.05)
        for row in left:
            row.send(signal.SIGKILL)
        self._write()
        return sorted(row.name for row in left)

    def _read(self) -> list[Entry]:
        try:
            return [Entry(**row) for row in json.loads(self._path.read_text())]
        except (OSError, ValueError, TypeError):
            return []

    def _write(self) -> None:
        write_private(self._path, json.dumps([asdict(row) for row in self._children.values()]))

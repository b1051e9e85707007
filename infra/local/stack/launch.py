"""Become another program, tied to the life of the process that asked for it.

Run as a script, by path and without site packages, so that a child costs little more than its
own start. Order matters: changing the user clears the death signal, so that one is set last.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import os
import sys

_DEATH_SIGNAL, _SECURE_BITS, _NO_NEW_PRIVILEGES, _AMBIENT, _RAISE = 1, 28, 38, 47, 2
_NO_SETUID_FIXUP = 1 << 2
"""Keeps capabilities when the user changes; and lets `access()` count them, which Postgres asks."""
_CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _libc(call: str, *arguments: object) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), call)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def _prctl(option: int, *values: int) -> None:
    padded = (*values, 0, 0, 0, 0)[:4]
    _libc("prctl", option, *(ctypes.c_ulong(value) for value in padded))


def end_with_parent(how: int, parent: int | None = None) -> None:
    """Let the kernel send us `how` when our parent dies; nothing on other systems than Linux.

    Ends us at once where `parent` is given and has died before it could be asked.
    """
    if sys.platform == "linux":
        _prctl(_DEATH_SIGNAL, how)
    if parent is not None and os.getppid() != parent:
        sys.exit(1)


def _become(uid: int, gid: int, capability: int | None) -> None:
    if capability is not None:
        _prctl(_SECURE_BITS, _NO_SETUID_FIXUP)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if capability is not None:
        bit = 1 << capability
        sets = (_Sets * 2)(_Sets(bit, bit, bit), _Sets(0, 0, 0))
        _libc("capset", ctypes.byref(_Header(_CAPABILITY_VERSION_3, 0)), sets)
        _prctl(_AMBIENT, _RAISE, capability)
    if sys.platform == "linux":
        _prctl(_NO_NEW_PRIVILEGES, 1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--death-signal", type=int, required=True)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--capability", type=int)
    parser.add_argument("--folder")
    parser.add_argument("command", nargs="+")
    asked = parser.parse_args()
    try:
        if asked.uid is not None:
            _become(asked.uid, asked.gid, asked.capability)
        # What it writes is its owner's alone.
        os.umask(0o077)
        end_with_parent(asked.death_signal, asked.parent)
        if asked.folder:
            os.chdir(asked.folder)
        if not os.access(asked.command[0], os.R_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        os.execv(asked.command[0], asked.command)  # noqa: S606
    except OSError as failure:
        sys.exit(f"cannot start {asked.command[0]}: {failure}")


if __name__ == "__main__":
    main()

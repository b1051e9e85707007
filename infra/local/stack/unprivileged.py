"""Whom a database server runs as when we are root, since Postgres refuses to be root.

The checkout may lie below a folder that only root can enter. We change nothing outside our own
folder; the server then keeps one capability, the smallest that lets it reach its files.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from pathlib import Path

from infra.local.stack.ports import LocalError
from infra.local.stack.processes import Identity, run

_READ_AND_SEARCH, _OVERRIDE_PERMISSIONS = 2, 1
"""CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE."""


async def unprivileged(folder: Path, probe: Sequence[str]) -> Identity:
    """An identity that is not root, can work in `folder` and can run `probe`.

    `folder` must be ours: as root it is given to that identity. Raises LocalError.
    """
    if os.geteuid() != 0:
        return Identity()
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as failure:
        raise LocalError("Postgres cannot run as root, and there is no user `nobody`.") from failure
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    output = ""
    for capability in (None, _READ_AND_SEARCH, _OVERRIDE_PERMISSIONS):
        identity = Identity(nobody.pw_uid, nobody.pw_gid, capability)
        code, output = await run(probe, identity=identity, folder=folder)
        if code == 0:
            return identity
    raise LocalError(
        f"Postgres cannot run as root, and the user `nobody` cannot work in {folder} or cannot "
        f"run {probe[0]} ({output.strip()}). Run as an ordinary user, or keep the checkout and "
        "PAYSAGA_LOCAL_FOLDER where others may enter."
    )

"""The PSP of a local stack: the sandbox PSP, or the lookalike of a real one. Found by looking."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.psps.base import profile
from infra.local.stack.keys import sandbox_keys
from infra.local.stack.ports import HOST, LocalError
from infra.local.stack.settings import Ports

SANDBOX = "sandbox"

HELD_FIRST = ["voucher"]
"""By this method the sandbox is asked for a hold, which is captured then; by the others to sell."""


@dataclass(frozen=True)
class LocalPsp:
    """How it is started, and what our processes are told of it. All have secrets."""

    name: str
    title: str
    process: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    """It sees nothing of ours but where to send webhooks."""
    told_to_us: Mapping[str, str] = field(repr=False)
    """Who calls it: the worker."""
    told_to_api: Mapping[str, str] = field(repr=False)
    """What verifies its webhooks, and no key to call it with."""
    accounts: Sequence[Mapping[str, Any]]
    """The merchant accounts there, in the order in which they are asked."""


def names() -> list[str]:
    return [SANDBOX, *profile.names()]


def require(name: str) -> None:
    """Raises LocalError."""
    if name not in names():
        raise LocalError(f"there is no PSP {name} to start here; there are: {', '.join(names())}.")


def find(name: str, folder: Path, ports: Ports) -> LocalPsp:
    """With the secrets that are kept in the folder. Raises LocalError."""
    require(name)
    return _sandbox(folder, ports) if name == SANDBOX else _lookalike(name, folder, ports)


def _sandbox(folder: Path, ports: Ports) -> LocalPsp:
    keys = sandbox_keys(folder / "sandbox_psp.json")
    # The PSP's own signing key is not ours to see.
    ours = {name: key for name, key in keys.items() if not name.endswith("_SIGNING_KEY")}
    return LocalPsp(
        name=SANDBOX,
        title="Sandbox PSP",
        process="sandbox-psp",
        command=[sys.executable, "-m", "infra.local.psps.sandbox"],
        environment={
            "PAYSAGA_SANDBOX_PSP_HOST": HOST,
            "PAYSAGA_SANDBOX_PSP_PORT": str(ports.sandbox_psp),
            "PAYSAGA_SANDBOX_PSP_DATABASE": str(folder / "sandbox_psp.db"),
            "PAYSAGA_SANDBOX_PSP_WEBHOOK_URL": _url(ports.api, "/webhooks/sandbox"),
            **keys,
        },
        told_to_us={"PAYSAGA_SANDBOX_PSP_URL": _url(ports.sandbox_psp), **ours},
        told_to_api={
            "PAYSAGA_SANDBOX_PSP_URL": _url(ports.sandbox_psp),
            **{name: key for name, key in ours.items() if "_PSP_KEY_" not in name},
        },
        accounts=[
            {"psp": SANDBOX, "id": account, "holds": HELD_FIRST} for account in profile.ACCOUNTS
        ],
    )


def _lookalike(name: str, folder: Path, ports: Ports) -> LocalPsp:
    """Its credentials outlast it; what it did is forgotten when it stops."""
    found = profile.find(name)
    credentials = found.credentials(folder)
    webhook_url = _url(ports.api, found.webhook_path)
    return LocalPsp(
        name=name,
        title=f"Lookalike of {name}",
        process=f"{name}-lookalike",
        command=[sys.executable, "-m", "infra.local.psps", name],
        environment=found.server_environment(credentials, ports.sandbox_psp, webhook_url),
        told_to_us=found.plugin_environment(credentials, _url(ports.sandbox_psp)),
        told_to_api=found.hearing_environment(credentials, _url(ports.sandbox_psp)),
        accounts=found.accounts,
    )


def _url(port: int, path: str = "") -> str:
    return f"http://{HOST}:{port}{path}"

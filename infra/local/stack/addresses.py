"""What a running stack tells the world: where it is, and the tokens that open it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from infra.local.stack.chosen_psp import SANDBOX, LocalPsp
from infra.local.stack.keys import Tokens
from infra.local.stack.postgres import LocalPostgres
from infra.local.stack.temporal import LocalTemporal


class Supervised(Protocol):
    """A process of the stack; drills stop, kill and start it."""

    @property
    def pid(self) -> int | None: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


@dataclass(frozen=True)
class Stack:
    """A running stack. `environment` is what a worker needs to join it."""

    folder: Path
    api_url: str
    psp: LocalPsp
    psp_url: str
    postgres: LocalPostgres
    temporal: LocalTemporal
    tokens: Tokens
    processes: dict[str, Supervised]
    """By name, in the order they were started: postgres, temporal, the PSP's, worker, api."""
    environment: dict[str, str] = field(repr=False)

    @property
    def as_owner(self) -> dict[str, str]:
        """The environment of what migrates, or issues credentials."""
        return {**self.environment, **self.postgres.as_owner}

    @property
    def addresses(self) -> dict[str, str]:
        """To be shown; nothing secret."""
        return {
            "API": self.api_url,
            "API reference": f"{self.api_url}/docs",
            "Temporal": self.temporal.address,
            "Temporal Web UI": self.temporal.ui_url or "off",
            "Postgres": f"127.0.0.1:{self.postgres.port}",
            self.psp.title: self.psp_url,
        }

    def local_env(self) -> str:
        """Lines of `NAME=value`, for a shell or a dotenv reader."""
        values = {
            "PAYSAGA_PROFILE": "sandbox",
            "PAYSAGA_API_URL": self.api_url,
            "PAYSAGA_TOKEN_PLATFORM": self.tokens.platform,
            "PAYSAGA_TOKEN_OPERATOR": self.tokens.operator,
            "PAYSAGA_TOKEN_APPROVER": self.tokens.approver,
            "PAYSAGA_TEMPORAL_ADDRESS": self.temporal.address,
            "PAYSAGA_TEMPORAL_UI_URL": self.temporal.ui_url or "",
            # Who looks only: what this file is read for is audits, and credentials as the owner.
            "PAYSAGA_POSTGRES_URL": self.postgres.database().auditor_url,
            **self.postgres.as_owner,
            "PAYSAGA_SEALS_KEYS": self.environment["PAYSAGA_SEALS_KEYS"],
        }
        if self.psp.name == SANDBOX:
            values["PAYSAGA_SANDBOX_PSP_URL"] = self.psp_url
        return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())

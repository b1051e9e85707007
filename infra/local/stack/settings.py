"""Where the local runtime listens and keeps its state: `PAYSAGA_LOCAL_…`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.local.stack.ports import LocalError, free_ports, require_free

Port = Annotated[int, Field(ge=1, le=65535)]


@dataclass(frozen=True, slots=True)
class Ports:
    """One for each server, on the loopback address. Without a UI port Temporal has no Web UI."""

    api: int
    temporal: int
    temporal_ui: int | None
    postgres: int
    sandbox_psp: int

    @classmethod
    def free(cls, *, headless: bool = False) -> Ports:
        """Five that nobody listens on now; `headless` asks for no Web UI."""
        api, temporal, ui, postgres, sandbox_psp = free_ports(5)
        return cls(api, temporal, None if headless else ui, postgres, sandbox_psp)

    def require_free(self) -> None:
        """All but Postgres's, whose own start first ends what a crash left there.

        Raises PortTaken, or LocalError when two servers are to share a port.
        """
        wanted = (
            (self.api, "the API", "PAYSAGA_LOCAL_API_PORT"),
            (self.temporal, "Temporal", "PAYSAGA_LOCAL_TEMPORAL_PORT"),
            (self.temporal_ui, "Temporal's Web UI", "PAYSAGA_LOCAL_TEMPORAL_UI_PORT"),
            (self.sandbox_psp, "the sandbox PSP", "PAYSAGA_LOCAL_SANDBOX_PSP_PORT"),
        )
        seen = {self.postgres: "Postgres"}
        for port, wanted_by, setting in wanted:
            if port is None:
                continue
            if port in seen:
                raise LocalError(f"{seen[port]} and {wanted_by} cannot both have port {port}.")
            seen[port] = wanted_by
            require_free(port, wanted_by, setting)


class LocalSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="PAYSAGA_LOCAL_", extra="ignore", frozen=True)

    folder: Path = Path("var")
    """Where the stack keeps what it knows, its logs and `local.env`."""
    psp: str = "sandbox"
    """Or one that has a lookalike, in its place and on its port."""
    api_port: Port = 8080
    """Of our API."""
    temporal_port: Port = 7233
    """Of Temporal."""
    temporal_ui_port: Port = 8233
    """Of its Web UI."""
    postgres_port: Port = 5433
    """Of Postgres."""
    sandbox_psp_port: Port = 8090
    """Of the sandbox PSP, or of the lookalike in its place."""

    @property
    def ports(self) -> Ports:
        return Ports(
            api=self.api_port,
            temporal=self.temporal_port,
            temporal_ui=self.temporal_ui_port,
            postgres=self.postgres_port,
            sandbox_psp=self.sandbox_psp_port,
        )

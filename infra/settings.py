"""What the ground and each process are told, read from the environment once at start.

`PAYSAGA_<SECTION>_<NAME>`, e.g. `PAYSAGA_POSTGRES_URL`; lists and maps as JSON. Secrets have no
default. `PAYSAGA_PROFILE=sandbox` is for laptops and tests; `production` refuses what is only
safe there. Groups of activities have sections of their own beside them, which
`activities/settings.py` puts together; a PSP plugin reads its own settings, under its own prefix.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    model_validator,
)

from infra.connections import Temporal as Temporal
from infra.postgres_url import checked
from infra.reading import SettingsError as SettingsError


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


PostgresUrl = Annotated[SecretStr, AfterValidator(checked)]


class Postgres(Section):
    url: PostgresUrl
    """`postgresql://user:password@host:port/database` of the process's own role."""
    migration_url: PostgresUrl | None = None
    """The owner's URL, for migrations and credentials only; without it the process's own role."""
    api_role: str = "paysaga_api"
    """Told to migrations: to whom they grant what the API needs."""
    worker_role: str = "paysaga_worker"
    """Likewise, what the worker needs."""
    auditor_role: str | None = None
    """Who may read everything and change nothing, for audits; without it nobody."""
    pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    """Connections of one process, at most; a worker has four more for what is not urgent."""
    command_timeout_seconds: Annotated[float, Field(gt=0)] = 5.0
    """Our statements take milliseconds: one that takes this long has lost its server."""


Port = Annotated[int, Field(ge=1, le=65535)]


class Worker(Section):
    sandboxed: bool = False
    """Run workflows in the SDK's sandbox: 5-6 ms CPU per run for what lint, import contracts and
    the replay of recorded histories (there it is always on) have proven before."""
    max_cached_workflows: Annotated[int, Field(ge=0)] = 1000
    """Runs that a worker keeps in memory; the others are replayed when something happens."""
    concurrent_psp_calls: Annotated[int, Field(ge=1)] = 200
    """To one PSP, of one worker."""
    quick_psp_calls: Annotated[int, Field(ge=0)] = 64
    """Of them, inside the tasks of their runs, in a worker of runs; 0 closes that lane, and every
    call goes by its PSP's queue (docs/decisions/0026)."""
    sweeps_seconds: Annotated[float, Field(gt=0)] = 1.0
    """How often payments are looked for whose API died before it started their run."""
    runs_seconds: Annotated[float, Field(gt=0)] = 20.0
    """How often open payments are held against the runs there are."""
    health_host: str = "127.0.0.1"
    """Where `/livez` and `/readyz` of the worker listen; `0.0.0.0` for Kubernetes' probes."""
    health_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Their port; 0 for none."""
    dies_at: str | None = None
    """A crash point (workers/crash_points.py): the worker dies there, so that a test can see what
    becomes of what was under way. Production refuses it."""


class Api(Section):
    url: str = ""
    """Where callers find it; told to the tools beside it, not used by itself."""
    host: str = "127.0.0.1"
    """The address it listens on; TLS is the proxy's in front (docs/production.md)."""
    port: Port = 8080
    """The port it listens on, also for `/healthz` and `/readyz`."""
    body_limit_bytes: Annotated[int, Field(ge=1024)] = 65536
    """Of a request of the platform or an operator."""
    webhook_limit_bytes: Annotated[int, Field(ge=1024)] = 1_048_576
    """Of a PSP's webhook: some PSPs tell of a thousand payments at once."""
    return_url_hosts: list[str] = []
    """Hosts a player may be sent back to; `*.example.com` allows subdomains."""
    intent_minutes: Annotated[int, Field(ge=1)] = 30
    """An intent that nobody finishes expires after so long."""
    answer_seconds: Annotated[float, Field(gt=0)] = 20.0
    """How long a caller is kept on the line for a result before it is told to come back."""
    credential_cache_seconds: Annotated[float, Field(ge=0)] = 5.0
    """A token that was revoked works for so long at most, and so do its open streams."""
    trusted_proxies: list[IPvAnyNetwork] = []
    """Networks (CIDR) of our own proxies: what they say about a caller's address is believed."""
    forwarded_header: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for"
    """In which header they say it; the other one is anybody's and is not read."""
    wrong_tokens_per_minute: Annotated[int, Field(ge=1)] = 30
    """From one address, and of one prefix of a token; whoever has more is asked to wait."""
    streams: Annotated[int, Field(ge=1)] = 2000
    """Event streams that one process has open at the same time."""
    streams_per_brand: Annotated[int, Field(ge=1)] = 200
    """Of them, those of one brand."""
    estimates: Annotated[int, Field(ge=1)] = 4
    """Estimates and replays of policies that run at the same time; of one brand, one."""
    waiting_per_brand: Annotated[int, Field(ge=1)] = 500
    """Requests of one brand that may wait for a connection to the database; more are refused."""

    @model_validator(mode="after")
    def _proxies_are_named(self) -> Api:
        if any(network.prefixlen == 0 for network in self.trusted_proxies):
            raise ValueError("API_TRUSTED_PROXIES must name networks, not every address there is")
        return self


class Inbox(Section):
    unknown_hours: Annotated[float, Field(ge=0)] = 24.0
    """A webhook about a payment that is still unknown after so long becomes a case; it waits on."""
    refusals: Annotated[int, Field(ge=1)] = 10
    """So often may a run refuse to take a webhook before it is parked with a case."""
    deliveries: Annotated[int, Field(ge=1, le=1000)] = 64
    """Delivered at the same time by one worker."""
    events_per_payment: Annotated[int, Field(ge=10, le=2000)] = 200
    """So many different things may PSPs tell of one payment; beyond that they wait for a person."""
    events_beyond: Annotated[int, Field(ge=0, le=1000)] = 50
    """So many more may be told that are new in what was done or how it ended."""
    security_seconds: Annotated[float, Field(ge=0)] = 60.0
    """Refusals of one kind are counted for so long before they are written as one row."""


class Log(Section):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """What is less important is not written."""
    format: Literal["json", "console"] = "json"
    """A JSON line per event on standard output, or lines for people."""

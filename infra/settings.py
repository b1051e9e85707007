"""Every setting there is, read from the environment once at start.

`PAYSAGA_<SECTION>_<NAME>`, e.g. `PAYSAGA_POSTGRES_URL`; lists and maps as JSON. Secrets have no
default. `PAYSAGA_PROFILE=sandbox` is for laptops and tests; `production` refuses what is only
safe there. A PSP plugin reads its own settings, under its own prefix.
"""

from __future__ import annotations

import base64
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Postgres(Section):
    url: SecretStr
    """`postgresql://user:password@host:port/database` of the application's role."""
    migration_url: SecretStr | None = None
    """The owner's URL, for migrations only; without it the application's role migrates."""
    pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    command_timeout_seconds: float = 5.0
    """Our statements take milliseconds: one that takes this long has lost its server."""


class Temporal(Section):
    address: str = "127.0.0.1:7233"
    namespace: str = "default"
    ui_url: str = "http://127.0.0.1:8233"
    api_key: SecretStr | None = None
    tls: bool = False
    tls_server_ca: Path | None = None
    tls_client_certificate: Path | None = None
    tls_client_key: Path | None = None
    core_queue: str = "core"
    """Where workflows and our own books run; each PSP has a queue `psp-<name>` of its own."""


class Worker(Section):
    sandboxed: bool = False
    """Run workflows in the SDK's sandbox: 5-6 ms CPU per run for what lint, import contracts, the
    replay of recorded histories and every test (there it is always on) have proven before."""
    max_cached_workflows: int = 1000
    concurrent_psp_calls: int = 200
    keeper_seconds: float = 1.0
    """How often lost wake-ups are swept up (undelivered webhooks, payments without a run)."""


class Api(Section):
    url: str = ""
    """Where callers find it; told to the tools beside it, not used by itself."""
    host: str = "127.0.0.1"
    port: int = 8080
    body_limit_bytes: int = 65536
    return_url_hosts: list[str] = []
    """Hosts a player may be sent back to; `*.example.com` allows subdomains."""
    intent_minutes: int = 30
    """An intent that nobody finishes expires after so long."""
    answer_seconds: float = 20.0
    """How long a caller is kept on the line for a result before it is told to come back."""
    credential_cache_seconds: float = 5.0


class Limits(Section):
    """Decimal strings by currency; `default` is in units of whichever currency it is."""

    deposit_minimum: dict[str, Decimal] = {"default": Decimal(0)}
    deposit_maximum: dict[str, Decimal] = {"default": Decimal(50000)}
    payout_minimum: dict[str, Decimal] = {"default": Decimal(0)}
    payout_maximum: dict[str, Decimal] = {"default": Decimal(100000)}


class Risk(Section):
    limits: Limits = Limits()
    approval_above: dict[str, Decimal] = {"default": Decimal(1000)}
    """A payout above this needs a second person."""
    blocked_regions: list[str] = []
    payout_requires_kyc: bool | None = None
    """None: yes in production, no in the sandbox profile."""


class Account(Section):
    """A merchant account: our contract with one PSP. `*` stands for all."""

    psp: str
    id: str
    brands: list[str] = ["*"]
    regions: list[str] = ["*"]
    methods: list[str] = ["*"]
    currencies: list[str] = ["*"]


class Routing(Section):
    methods: list[str] = ["card", "bank_transfer", "ewallet", "mobile", "voucher", "crypto"]
    """What a player can pay with; any other word is refused, so that a switch cannot be missed."""
    accounts: list[Account] = []
    """In the order in which they are asked, until a policy says otherwise; what is changed through
    the API counts before what is listed here."""
    psps: list[str] = []
    """PSPs to connect beside those of the accounts: merchant accounts at them are added live."""
    window_hours: Annotated[float, Field(gt=0, le=24 * 90)] = 24.0
    """How far back the counts look by which a policy learns where payments succeed."""
    statistics_seconds: Annotated[float, Field(gt=0)] = 30.0
    """How often these counts are renewed, by one worker at a time."""
    slow_seconds: Annotated[float, Field(gt=0)] = 5.0
    """A PSP's answer that takes longer counts as none for its circuit breaker."""


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Notices(Section):
    """Where the platform hears of its payments. A brand; `*` is every brand that is not named."""

    endpoints: dict[str, str] = {}
    """URL by brand. Without one a brand's events are kept, to be read and to be replayed."""
    secrets: dict[str, Annotated[tuple[SecretStr, ...], BeforeValidator(_several)]] = {}
    """`whsec_…` by brand, named as its endpoint is. Two while one replaces the other: each event
    then carries a signature of both."""

    @model_validator(mode="after")
    def _can_be_sent_and_signed(self) -> Notices:
        for brand, url in self.endpoints.items():
            if not _is_endpoint(url):
                raise ValueError(f"the endpoint of {brand} must be an https URL without user info")
            if not self.secrets.get(brand):
                raise ValueError(f"{brand} has an endpoint and no secret; PAYSAGA_NOTICES_SECRETS")
        for brand, secrets in self.secrets.items():
            if not all(_is_signing_secret(secret.get_secret_value()) for secret in secrets):
                raise ValueError(
                    f"a secret of {brand} is not `whsec_` and the base64 of 24 bytes or more"
                )
        return self


def _is_endpoint(url: str) -> bool:
    """https, or http to this machine (which the production profile refuses in turn)."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    near = parts.scheme == "http" and host == "127.0.0.1"
    plain = "@" not in parts.netloc and not parts.fragment and url.isascii() and url.isprintable()
    return bool(host) and (parts.scheme == "https" or near) and plain and " " not in url


def _is_signing_secret(text: str) -> bool:
    try:
        key = base64.b64decode(text.removeprefix("whsec_") + "==")
    except ValueError:
        return False
    return text.startswith("whsec_") and len(key) >= 24


class Inbox(Section):
    unknown_hours: Annotated[float, Field(ge=0)] = 24.0
    """A webhook about a payment that is still unknown after so long becomes a case; it waits on."""
    refusals: Annotated[int, Field(ge=1)] = 10
    """So often may a run refuse to take a webhook before it is parked with a case."""
    deliveries: Annotated[int, Field(ge=1, le=1000)] = 64
    """Delivered at the same time by one worker."""
    security_seconds: Annotated[float, Field(ge=0)] = 60.0
    """Refusals of one kind are counted for so long before they are written as one row."""


class Log(Section):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["json", "console"] = "json"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="PAYSAGA_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="ignore",
        frozen=True,
    )

    profile: Literal["sandbox", "production"] = "production"
    postgres: Postgres
    temporal: Temporal = Temporal()
    worker: Worker = Worker()
    api: Api = Api()
    risk: Risk = Risk()
    routing: Routing = Routing()
    inbox: Inbox = Inbox()
    notices: Notices = Notices()
    log: Log = Log()

    @property
    def psps(self) -> frozenset[str]:
        """The PSPs that payments may be under way at: an account that is switched off counts."""
        return frozenset({*self.routing.psps, *(account.psp for account in self.routing.accounts)})

    @property
    def payout_requires_kyc(self) -> bool:
        chosen = self.risk.payout_requires_kyc
        return self.profile == "production" if chosen is None else chosen

    @model_validator(mode="after")
    def _production_is_explicit(self) -> Settings:
        if self.profile == "production":
            missing = [
                name
                for name, value in (
                    ("PAYSAGA_API_RETURN_URL_HOSTS", self.api.return_url_hosts),
                    ("PAYSAGA_ROUTING_ACCOUNTS", self.routing.accounts),
                )
                if not value
            ]
            if missing:
                raise ValueError(f"the production profile needs {' and '.join(missing)}")
            if any(not url.startswith("https:") for url in self.notices.endpoints.values()):
                raise ValueError("the production profile needs https: PAYSAGA_NOTICES_ENDPOINTS")
        return self


class SettingsError(Exception):
    """Names the environment variables that are missing or wrong, never a value."""


def explained(error: ValidationError, prefix: str = "PAYSAGA_") -> SettingsError:
    told = []
    for each in error.errors(include_input=False, include_url=False):
        name = "_".join([*(str(part) for part in each["loc"]), *_required_in(each)])
        told.append(f"{prefix}{name.upper()}: {each['msg']}" if name else str(each["msg"]))
    return SettingsError("settings are missing or wrong: " + "; ".join(told))


def _required_in(error: ErrorDetails) -> list[str]:
    """A section that is missing whole is named by what it needs."""
    field = Settings.model_fields.get(str(error["loc"][0])) if len(error["loc"]) == 1 else None
    section = field.annotation if field is not None else None
    if error["type"] != "missing" or not (
        isinstance(section, type) and issubclass(section, Section)
    ):
        return []
    return [name for name, inner in section.model_fields.items() if inner.is_required()][:1]


@cache
def settings() -> Settings:
    """The process's settings. Raises SettingsError naming what is missing or wrong."""
    try:
        return Settings()
    except ValidationError as error:
        raise explained(error) from None

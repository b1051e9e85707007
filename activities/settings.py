"""Every setting of the processes: the ground's sections, and those of each group."""

from __future__ import annotations

from functools import cache
from typing import Literal

from pydantic import model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from activities.outgoing_events.settings import OutgoingEventsSettings
from activities.reconciliation.bank.settings import BankSettings
from activities.reconciliation.settings import ReconciliationSettings
from activities.risk.settings import RiskSettings
from activities.routing.settings import RoutingSettings
from activities.seals.settings import SealsSettings
from infra.connections import Temporal
from infra.reading import SettingsError, read
from infra.settings import Api, Inbox, Log, Postgres, Worker


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="PAYSAGA_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="ignore",
        frozen=True,
    )

    profile: Literal["sandbox", "production"] = "production"
    """`production` refuses what is only safe on a laptop; `sandbox` is for laptops and tests."""
    postgres: Postgres
    temporal: Temporal = Temporal()
    worker: Worker = Worker()
    api: Api = Api()
    risk: RiskSettings = RiskSettings()
    routing: RoutingSettings = RoutingSettings()
    inbox: Inbox = Inbox()
    outgoing_events: OutgoingEventsSettings = OutgoingEventsSettings()
    reconciliation: ReconciliationSettings = ReconciliationSettings()
    seals: SealsSettings = SealsSettings()
    bank: BankSettings = BankSettings()
    log: Log = Log()

    @property
    def psps(self) -> frozenset[str]:
        """The PSPs that payments may be under way at: an account that is switched off counts."""
        return frozenset({*self.routing.psps, *(account.psp for account in self.routing.accounts)})

    @property
    def seal_keys(self) -> tuple[bytes, ...]:
        """For the processes that seal or check. Raises SettingsError: there is no default."""
        if not self.seals.keys:
            raise SettingsError(
                "PAYSAGA_SEALS_KEYS: API and workers need the same "
                """list of keys, ["<base64 of 32 random bytes>"]"""
            )
        return self.seals.secrets

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
            if self.worker.dies_at is not None:
                raise ValueError(
                    "the production profile has no worker die on purpose: unset "
                    "PAYSAGA_WORKER_DIES_AT"
                )
            if not all(url.startswith("https:") for url in self.outgoing_events.endpoints.values()):
                where = "PAYSAGA_OUTGOING_EVENTS_ENDPOINTS"
                raise ValueError(f"the production profile needs https: {where}")
        return self


@cache
def settings() -> Settings:
    """The process's settings. Raises SettingsError naming what is missing or wrong."""
    return read(Settings)

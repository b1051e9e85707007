"""What PayPal gave us for each merchant account: a REST app, and the webhook that it tells us by.

PAYSAGA_PAYPAL_ACCOUNTS='{"casino-eu": {"url": "https://api-m.paypal.com", "client_id": "…",
    "client_secret": "file:/run/secrets/paypal", "webhook_id": "…"}}'
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from cryptography import x509
from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from activities.psp.accounts import AccountSettings, AccountsSettings, Secret

from .x509 import LIVE_HOSTS


class PaypalAccount(AccountSettings):
    client_id: Annotated[str, Field(pattern=r"^[\x21-\x39\x3b-\x7e]+$")]
    client_secret: Secret
    webhook_id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9]{1,50}$")]
    """Of the subscription that calls us: it is part of what PayPal signs."""
    merchant_id: Annotated[str, Field(pattern=r"^[2-9A-HJ-NP-Z]{13}$")] | None = None
    """The payee, where it is not the owner of the REST app; answers about another are in doubt."""
    brand_name: Annotated[str, Field(pattern=r"^[^\x00-\x1f]{1,127}$")] | None = None
    """What the payer reads on PayPal's page instead of the name of the PayPal account."""
    webhook_verification: Literal["api", "certificate"] = "api"
    """By asking PayPal about every webhook, or here by PayPal's certificate. Either way it is a
    checksum of the body that was signed."""
    webhook_simulator: bool = False
    """Whether what PayPal's webhook simulator sends is taken in too. Anybody can have it sign: of a
    live account it never is."""
    webhook_ca: Path | None = None
    """PEM of the authorities that PayPal's signing certificate must come from, instead of those
    that are trusted for TLS."""

    @property
    def is_live(self) -> bool:
        """By its address. The simulator is never believed for a live account."""
        return urlsplit(self.url).hostname in LIVE_HOSTS

    @model_validator(mode="after")
    def _the_simulator_is_for_trying(self) -> Self:
        if self.webhook_simulator and self.is_live:
            raise ValueError("webhook_simulator is for the sandbox alone")
        return self

    @model_validator(mode="after")
    def _authorities_can_be_read(self) -> Self:
        if self.webhook_ca is not None:
            try:
                x509.load_pem_x509_certificates(self.webhook_ca.read_bytes())
            except (OSError, ValueError):
                raise ValueError("webhook_ca cannot be read") from None
        return self


class PaypalSettings(AccountsSettings[PaypalAccount]):
    model_config = SettingsConfigDict(env_prefix="PAYSAGA_PAYPAL_")

    @model_validator(mode="after")
    def _every_webhook_has_one_owner(self) -> Self:
        ids = [account.webhook_id for account in self.accounts.values()]
        if len(set(ids)) != len(ids):
            raise ValueError("two accounts share one webhook_id")
        return self

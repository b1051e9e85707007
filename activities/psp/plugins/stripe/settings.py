"""What Stripe gave us for each merchant account: one account of theirs is one of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from activities.psp.accounts import AccountSettings, AccountsSettings, Secret

API_VERSION = "2025-09-30.clover"
"""Whatever the account's default at Stripe is: answers have the shape that we know."""


class StripeAccount(AccountSettings):
    for_calls: ClassVar[frozenset[str]] = AccountSettings.for_calls | {"secret_key"}

    secret_key: Secret
    """`sk_…`, or better a restricted key `rk_…`: payment intents, refunds, balance."""
    webhook_secret: Secret
    """`whsec_…` of the account's endpoint."""
    webhook_secret_previous: Secret | None = None
    """Still honoured while the secret is being rolled; then removed."""
    api_version: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d(\.[a-z]+)?$")] = API_VERSION

    @property
    def webhook_secrets(self) -> Iterator[bytes]:
        """The present one first. Stripe signs with the text as it is, `whsec_` included."""
        for secret in (self.webhook_secret, self.webhook_secret_previous):
            if secret is not None:
                yield secret.get_secret_value().encode()


class StripeSettings(AccountsSettings[StripeAccount]):
    model_config = SettingsConfigDict(env_prefix="PAYSAGA_STRIPE_")

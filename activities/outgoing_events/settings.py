"""Who is told of payments, and by which signature."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, SecretStr, model_validator

from activities.outgoing_events.endpoints import is_endpoint, is_signing_secret, several
from infra.settings import Section


class OutgoingEventsSettings(Section):
    """Where the platform hears of its payments. A brand; `*` is every brand that is not named."""

    endpoints: dict[str, str] = {}
    """URL by brand. Without one a brand's events are kept, to be read and to be replayed."""
    secrets: dict[str, Annotated[tuple[SecretStr, ...], BeforeValidator(several)]] = {}
    """`whsec_…` by brand, named as its endpoint is. Two while one replaces the other: each event
    then carries a signature of both."""

    @model_validator(mode="after")
    def _can_be_sent_and_signed(self) -> OutgoingEventsSettings:
        needed = "PAYSAGA_OUTGOING_EVENTS_SECRETS"
        for brand, url in self.endpoints.items():
            if not is_endpoint(url):
                raise ValueError(f"the endpoint of {brand} must be an https URL without user info")
            if not self.secrets.get(brand):
                raise ValueError(f"{brand} has an endpoint and no secret; {needed}")
        for brand, secrets in self.secrets.items():
            if not all(is_signing_secret(secret.get_secret_value()) for secret in secrets):
                raise ValueError(
                    f"a secret of {brand} is not `whsec_` and the base64 of 24 bytes or more"
                )
        return self

"""What Adyen gave us for each merchant account: addresses, API keys, how it signs webhooks."""

from __future__ import annotations

import base64
import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from activities.psp.accounts import AccountSettings, AccountsSettings, Secret, Url

_HMAC_KEY = re.compile(r"[0-9A-Fa-f]{64}", re.ASCII)


def _is_hmac_key(secret: SecretStr) -> SecretStr:
    if not _HMAC_KEY.fullmatch(secret.get_secret_value()):
        raise ValueError("must be the 64 hexadecimal digits that the Customer Area shows")
    return secret


HmacKey = Annotated[Secret, AfterValidator(_is_hmac_key)]
# No colon: the text that is signed parts its fields by colons and does not escape them.
MerchantAccountCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]{1,80}$")]


class AdyenAccount(AccountSettings):
    """`url` is that of Checkout: `https://checkout-test.adyen.com/v71` or the live prefix."""

    merchant_account: MerchantAccountCode
    """As Adyen calls it."""
    api_key: Secret
    """Of Checkout."""
    hmac_key: HmacKey
    """Of the webhook of this merchant account alone, not of one for the whole company."""
    hmac_key_previous: HmacKey | None = None
    """Still honoured while the key is being rotated; then removed."""
    webhook_username: Annotated[str, Field(min_length=1, pattern=r"^[^:]+$")] | None = None
    webhook_password: Secret | None = None
    """Basic authentication of our endpoint, where it is set up; with `webhook_username`."""
    payout_url: Url | None = None
    """`https://pal-test.adyen.com/pal/servlet/Payout/v68`; with the next three, or no payouts."""
    store_payout_key: Secret | None = None
    """Of the user who submits payouts."""
    review_payout_key: Secret | None = None
    """Of the other user, who confirms them."""
    payout_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None = None
    """An address of ours: Adyen wants one with every payout, and we know none of players."""
    report_url: Url | None = None
    """The folder of the reports: `https://ca-test.adyen.com/reports/download/MerchantAccount/…`."""
    report_key: Secret | None = None
    """Of the report user; with `report_url`."""

    @property
    def hmac_keys(self) -> tuple[bytes, ...]:
        keys = (self.hmac_key, self.hmac_key_previous)
        return tuple(bytes.fromhex(key.get_secret_value()) for key in keys if key is not None)

    @property
    def authorization(self) -> str | None:
        """The header that webhooks must carry; None where the endpoint has no password."""
        if self.webhook_username is None or self.webhook_password is None:
            return None
        pair = f"{self.webhook_username}:{self.webhook_password.get_secret_value()}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    @model_validator(mode="after")
    def _what_belongs_together_is_there(self) -> Self:
        for names in (
            ("webhook_username", "webhook_password"),
            ("payout_url", "store_payout_key", "review_payout_key", "payout_email"),
            ("report_url", "report_key"),
        ):
            given = [name for name in names if getattr(self, name) is not None]
            if given and len(given) < len(names):
                raise ValueError(f"{', '.join(names)} go together")
        return self

    @model_validator(mode="after")
    def _two_users_pay_out(self) -> Self:
        if self.store_payout_key is not None and self.store_payout_key == self.review_payout_key:
            raise ValueError("store_payout_key and review_payout_key are keys of two users")
        return self


class AdyenSettings(AccountsSettings[AdyenAccount]):
    model_config = SettingsConfigDict(env_prefix="PAYSAGA_ADYEN_")

    @model_validator(mode="after")
    def _a_webhook_names_one_account(self) -> Self:
        names = [account.merchant_account for account in self.accounts.values()]
        if len(set(names)) < len(names):
            raise ValueError("two accounts are the same merchant_account at Adyen")
        return self

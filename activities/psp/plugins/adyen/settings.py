"""What Adyen gave us for each merchant account: addresses, API keys, how it signs webhooks."""

from __future__ import annotations

import base64
import re
from typing import Annotated, ClassVar, Literal, Self

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


_OF_TRANSFERS = ("transfer_url", "transfer_key", "balance_account", "transfer_hmac_key")
_OF_PAYOUT = ("payout_url", "store_payout_key", "review_payout_key", "payout_email")


class AdyenAccount(AccountSettings):
    """`url` is that of Checkout: `https://checkout-test.adyen.com/v71` or the live prefix."""

    for_calls: ClassVar[frozenset[str]] = AccountSettings.for_calls | {
        *("api_key", "transfer_key", "store_payout_key", "review_payout_key", "report_key")
    }

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
    payouts_by: Literal["transfers", "payout"] = "transfers"
    """The interface that pays players: Transfers, or Payout for integrations of before, to which
    Adyen admits no new ones."""
    transfer_url: Url | None = None
    """`https://balanceplatform-api-test.adyen.com/btl/v4`; with the next three, or no payouts."""
    transfer_key: Secret | None = None
    """Of the user of the balance platform who initiates transfers."""
    balance_account: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,64}$")] | None = None
    """`BA…`, which the money leaves."""
    transfer_hmac_key: HmacKey | None = None
    """Of the webhook for transfers: a configuration of its own."""
    transfer_hmac_key_previous: HmacKey | None = None
    """Still honoured while the key is being rotated; then removed."""
    transfer_priority: Literal["regular", "fast", "wire", "instant", "crossBorder"] = "regular"
    """How fast a transfer to a bank account is, and what it costs."""
    payout_url: Url | None = None
    """`https://pal-test.adyen.com/pal/servlet/Payout/v68`; with the next three, and `payouts_by`
    payout."""
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
        """Of items, as bytes: the present one, and the one before while it is rotated."""
        keys = (self.hmac_key, self.hmac_key_previous)
        return tuple(bytes.fromhex(key.get_secret_value()) for key in keys if key is not None)

    @property
    def transfer_hmac_keys(self) -> tuple[bytes, ...]:
        """Likewise, of webhooks about transfers."""
        keys = (self.transfer_hmac_key, self.transfer_hmac_key_previous)
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
            _OF_TRANSFERS,
            _OF_PAYOUT,
            ("report_url", "report_key"),
        ):
            needed = [name for name in names if name not in self.withheld]
            given = [name for name in needed if getattr(self, name) is not None]
            if given and len(given) < len(needed):
                raise ValueError(f"{', '.join(names)} go together")
        return self

    @model_validator(mode="after")
    def _one_interface_pays_players(self) -> Self:
        other = _OF_PAYOUT if self.payouts_by == "transfers" else _OF_TRANSFERS
        given = [name for name in other if getattr(self, name) is not None]
        if given:
            raise ValueError(f"{', '.join(given)} are not for payouts_by {self.payouts_by}")
        return self

    @model_validator(mode="after")
    def _two_users_pay_out(self) -> Self:
        if self.store_payout_key is not None and self.store_payout_key == self.review_payout_key:
            raise ValueError("store_payout_key and review_payout_key are keys of two users")
        return self


class AdyenSettings(AccountsSettings[AdyenAccount]):
    """No two accounts may be one at Adyen: a webhook would be both's."""

    model_config = SettingsConfigDict(env_prefix="PAYSAGA_ADYEN_")

    @model_validator(mode="after")
    def _a_webhook_names_one_account(self) -> Self:
        names = [account.merchant_account for account in self.accounts.values()]
        if len(set(names)) < len(names):
            raise ValueError("two accounts are the same merchant_account at Adyen")
        paying = [a.balance_account for a in self.accounts.values() if a.balance_account]
        if len(set(paying)) < len(paying):
            raise ValueError("two accounts are the same balance_account at Adyen")
        return self

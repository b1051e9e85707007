"""The merchant accounts at one PSP, each with credentials of its own: none is shared.

    PAYSAGA_<NAME>_ACCOUNTS='{"casino-eu": {"url": "https://…", "api_key": "file:/run/secrets/eu"}}'

A secret is given as it is, or as `file:<path>` of a file that holds nothing else.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Generic, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from activities.psp.settings import WITHHELD, ForCalls, PluginSettings
from activities.psp.wire import NeverSent

_FILE = "file:"


def _out_of_its_file(given: object) -> object:
    if not isinstance(given, str) or not given.startswith(_FILE):
        return given
    try:
        return Path(given.removeprefix(_FILE)).read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError("names a file that cannot be read") from None


def _is_safe_url(url: str) -> str:
    """https; plain http to this machine alone."""
    parts = urlsplit(url)
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        raise ValueError("must be an address without user, query and fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_near(parts.hostname)):
        raise ValueError("must be https (http to 127.0.0.1 alone)")
    return url.rstrip("/")


def _is_near(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Secret = Annotated[SecretStr, BeforeValidator(_out_of_its_file), Field(min_length=1)]
Url = Annotated[str, AfterValidator(_is_safe_url)]


class AccountSettings(ForCalls):
    """What every merchant account has: where its PSP is, and how we prove who we are there."""

    for_calls: ClassVar[frozenset[str]] = frozenset({"client_certificate", "client_key"})
    """A plugin adds its own: `for_calls = AccountSettings.for_calls | {"api_key"}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Url
    client_certificate: Path | None = None
    """PEM, for mutual TLS where the PSP offers it; with `client_key`."""
    client_key: Path | None = None
    server_ca: Path | None = None
    """PEM of the only authorities that are trusted, instead of the system's."""

    @property
    def tls(self) -> ssl.SSLContext | None:
        """None where the system's trust and no certificate of ours will do. Raises OSError."""
        if self.client_certificate is None and self.server_ca is None:
            return None
        context = ssl.create_default_context(cafile=self.server_ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.client_certificate is not None:
            context.load_cert_chain(self.client_certificate, self.client_key)
        return context

    @property
    def secrets(self) -> Iterator[tuple[str, str]]:
        """Every secret by the name of its field."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr) and value != WITHHELD:
                yield name, value.get_secret_value()

    @model_validator(mode="after")
    def _certificate_is_whole(self) -> Self:
        if (self.client_certificate is None) != (self.client_key is None):
            raise ValueError("client_certificate and client_key go together")
        try:
            _ = self.tls
        except (OSError, ssl.SSLError):
            raise ValueError("the certificate, its key or server_ca cannot be read") from None
        return self


Account = TypeVar("Account", bound=AccountSettings)


class AccountsSettings(PluginSettings, Generic[Account]):
    """Subclass it as `class AcmeSettings(AccountsSettings[AcmeAccount])` with an env_prefix."""

    accounts: Annotated[dict[str, Account], Field(min_length=1)]

    def account(self, account_id: str) -> Account:
        """Raises NeverSent for an account that has no credentials: nothing can be asked there."""
        try:
            return self.accounts[account_id]
        except KeyError:
            raise NeverSent(f"there are no credentials for {account_id}") from None

    @model_validator(mode="after")
    def _nothing_is_shared(self) -> Self:
        owners: dict[str, str] = {}
        for account_id, account in self.accounts.items():
            for name, secret in account.secrets:
                owner = owners.setdefault(secret, account_id)
                if owner != account_id:
                    raise ValueError(f"{owner} and {account_id} share one secret ({name})")
        return self

"""Credentials per merchant account: read strictly, from the environment or from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import SettingsConfigDict

from activities.psp.accounts import AccountSettings, AccountsSettings, Secret
from activities.psp.settings import SettingsError
from activities.psp.wire import NeverSent

URL = "https://api.acme.example/v1/"


class AcmeAccount(AccountSettings):
    api_key: Secret


class AcmeSettings(AccountsSettings[AcmeAccount]):
    model_config = SettingsConfigDict(env_prefix="PAYSAGA_ACME_")


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Any:
    def give(**accounts: dict[str, str]) -> AcmeSettings:
        monkeypatch.setenv("PAYSAGA_ACME_ACCOUNTS", json.dumps(accounts))
        return AcmeSettings.read()

    return give


def refusal(given: Any, **accounts: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        given(**accounts)
    assert "hunter" not in str(refused.value)
    return str(refused.value)


def test_each_account_has_its_own_key_and_address(given: Any) -> None:
    settings = given(
        eu={"url": URL, "api_key": "hunter1"},
        uk={"url": "http://127.0.0.1:1", "api_key": "hunter2"},
    )
    assert settings.account("eu").api_key.get_secret_value() == "hunter1"
    assert settings.account("eu").url == "https://api.acme.example/v1"
    assert settings.account("eu").tls is None
    assert "hunter" not in repr(settings)


def test_an_account_without_credentials_is_asked_nothing(given: Any) -> None:
    settings = given(eu={"url": URL, "api_key": "hunter1"})
    with pytest.raises(NeverSent, match="no credentials for uk"):
        settings.account("uk")


def test_a_key_that_two_accounts_share_is_refused(given: Any) -> None:
    shared = {"url": URL, "api_key": "hunter1"}
    assert "eu and uk share one secret (api_key)" in refusal(given, eu=shared, uk=shared)


def test_a_secret_may_stand_in_a_file(given: Any, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hunter3\n")
    settings = given(eu={"url": URL, "api_key": f"file:{tmp_path / 'key'}"})
    assert settings.account("eu").api_key.get_secret_value() == "hunter3"
    missing = {"url": URL, "api_key": f"file:{tmp_path / 'none'}"}
    assert "ACCOUNTS.eu.api_key" in refusal(given, eu=missing)


@pytest.mark.parametrize(
    "url", ["http://api.acme.example", "https://a:b@acme.example", "ftp://acme.example", "acme"]
)
def test_an_address_that_is_not_safe_is_refused(given: Any, url: str) -> None:
    assert "PAYSAGA_ACME_ACCOUNTS.eu.url" in refusal(given, eu={"url": url, "api_key": "hunter1"})


def test_what_is_missing_or_misspelt_is_named_as_the_operator_knows_it(given: Any) -> None:
    assert "PAYSAGA_ACME_ACCOUNTS.eu.api_key: Field required" in refusal(given, eu={"url": URL})
    misspelt = {"url": URL, "api_key": "hunter1", "apikey": "hunter2"}
    assert "PAYSAGA_ACME_ACCOUNTS.eu.apikey" in refusal(given, eu=misspelt)
    assert "PAYSAGA_ACME_ACCOUNTS" in refusal(given)


def test_what_is_no_json_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYSAGA_ACME_ACCOUNTS", "{hunter2")
    with pytest.raises(SettingsError, match=r"ACCOUNTS: must be JSON") as refused:
        AcmeSettings.read()
    assert "hunter" not in str(refused.value)


def test_a_certificate_needs_its_key_and_must_be_readable(given: Any, tmp_path: Path) -> None:
    account = {"url": URL, "api_key": "hunter1", "client_certificate": str(tmp_path / "none.pem")}
    assert "go together" in refusal(given, eu=account)
    account["client_key"] = str(tmp_path / "none.key")
    assert "cannot be read" in refusal(given, eu=account)

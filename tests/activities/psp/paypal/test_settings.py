"""The accounts at PayPal, as an operator writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from activities.psp.plugins.paypal.settings import PaypalSettings
from activities.psp.settings import SettingsError

EU: dict[str, Any] = {
    "url": "https://api-m.paypal.com",
    "client_id": "AeA1QIZXiflr1_-r0U2",
    "client_secret": "a-secret-of-eu",
    "webhook_id": "5WC1FIRST00000001",
}
US = EU | {"client_secret": "a-secret-of-us", "webhook_id": "5WC1SECOND0000002"}


def read(monkeypatch: pytest.MonkeyPatch, **accounts: dict[str, Any]) -> PaypalSettings:
    monkeypatch.setenv("PAYSAGA_PAYPAL_ACCOUNTS", json.dumps(accounts))
    return PaypalSettings.read()


def test_accounts_are_read_by_our_own_ids(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("out-of-a-file\n")
    settings = read(monkeypatch, eu=EU | {"client_secret": f"file:{secret}"}, us=US)
    assert settings.account("eu").client_secret.get_secret_value() == "out-of-a-file"
    assert settings.account("us").is_live
    assert settings.account("us").webhook_verification == "api"


@pytest.mark.parametrize(
    ("url", "live"),
    [
        ("https://api-m.paypal.com", True),
        ("https://api.paypal.com", True),
        ("https://api-m.sandbox.paypal.com", False),
    ],
)
def test_only_paypal_itself_is_live(url: str, live: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, eu=EU | {"url": url}).account("eu").is_live is live


WRONG: dict[str, dict[str, Any]] = {
    "client_secret": {"client_secret": ""},
    "webhook_id": {"webhook_id": "WH-1"},
    "merchant_id": {"merchant_id": "shop@example.com"},
    "client_id": {"client_id": "a:b"},
    "webhook_verification": {"webhook_verification": "none"},
    "url": {"url": "http://api-m.paypal.com"},
    "webhook_ca": {"webhook_ca": "/nowhere/ca.pem"},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_named_without_its_value(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError) as wrong:
        read(monkeypatch, eu=EU | WRONG[name])
    assert "PAYSAGA_PAYPAL_ACCOUNTS" in str(wrong.value)
    assert name in str(wrong.value)
    assert "a-secret-of-eu" not in str(wrong.value)


def test_two_accounts_do_not_share_a_webhook(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="share one webhook_id"):
        read(monkeypatch, eu=EU, us=US | {"webhook_id": EU["webhook_id"]})

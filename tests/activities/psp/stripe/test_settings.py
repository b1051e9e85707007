"""The settings of Stripe's accounts, and that MAPPING.md tells what the tables say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from activities.psp.contract import HearsWebhooks, ReportsSettlement, Resolves
from activities.psp.plugins import stripe
from activities.psp.plugins.stripe.codes import DECLINES, FAILED_REFUNDS, REQUESTS
from activities.psp.plugins.stripe.event_types import TRANSLATED
from activities.psp.plugins.stripe.settings import API_VERSION, StripeSettings
from activities.psp.plugins.stripe.settlement import MOVEMENTS
from activities.psp.settings import SettingsError

ACCOUNT = {"url": "https://api.stripe.com", "secret_key": "sk_hush", "webhook_secret": "whsec_hush"}
MAPPING = Path(stripe.__file__).with_name("MAPPING.md").read_text()


def read(monkeypatch: pytest.MonkeyPatch, **change: Any) -> StripeSettings:
    account = {name: value for name, value in {**ACCOUNT, **change}.items() if value is not None}
    monkeypatch.setenv("PAYSAGA_STRIPE_ACCOUNTS", json.dumps({"casino-eu": account}))
    return StripeSettings.read()


def test_an_account_has_its_own_keys_and_a_version_that_we_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = read(monkeypatch).account("casino-eu")
    assert account.api_version == API_VERSION
    assert list(account.webhook_secrets) == [b"whsec_hush"]
    both = read(monkeypatch, webhook_secret_previous="whsec_old").account("casino-eu")
    assert list(both.webhook_secrets) == [b"whsec_hush", b"whsec_old"]
    assert "hush" not in repr(account)


@pytest.mark.parametrize(
    "change",
    [
        {"secret_key": None},
        {"webhook_secret": None},
        {"webhook_secret": ""},
        {"url": "http://api.stripe.com"},
        {"api_version": "latest"},
        {"stripe_account": "acct_1"},
    ],
)
def test_what_is_missing_or_wrong_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError, match=f"casino-eu.{next(iter(change))}") as refused:
        read(monkeypatch, **change)
    assert "hush" not in str(refused.value)


async def test_it_connects_by_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    read(monkeypatch)
    adapter = stripe.PLUGIN.connect()
    assert isinstance(adapter, Resolves)
    assert isinstance(adapter, HearsWebhooks)
    assert isinstance(adapter, ReportsSettlement)
    await adapter.aclose()


def test_the_mapping_tells_every_code_with_its_reason() -> None:
    lines = MAPPING.splitlines()
    for code, (reason, retry) in DECLINES.items():
        rows = [line for line in lines if line.startswith(f"| `{code}` | {reason} | ")]
        assert [line for line in rows if line.endswith(f" | {retry} |")], code
    for code, reason in {**REQUESTS, **FAILED_REFUNDS}.items():
        assert f"| `{code}` | {reason} |" in lines, code


def test_the_mapping_tells_every_event_movement_and_the_version() -> None:
    for word in (*TRANSLATED, *MOVEMENTS, API_VERSION):
        assert f"`{word}`" in MAPPING, word

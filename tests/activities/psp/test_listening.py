"""A process that only hears a PSP reads what verifies its webhooks, and holds no key for calls."""

from __future__ import annotations

import gc
import json
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

import pytest
import structlog

from activities.psp.catalog import Catalog, CatalogError, found
from activities.psp.contract import HearsWebhooks, Listens
from activities.psp.settings import WITHHELD

URL = "https://psp.example"
HMAC = "0123456789ABCDEF" * 4
CALLS: dict[str, dict[str, str]] = {
    "adyen": {"api_key": "call-1", "transfer_key": "call-2", "report_key": "file:/nowhere/key"},
    "stripe": {"secret_key": "file:/nowhere/key"},
}
HEARS: dict[str, dict[str, str]] = {
    "adyen": {
        "merchant_account": "AcmeECOM", "hmac_key": HMAC, "transfer_url": URL,
        "balance_account": "BA1", "transfer_hmac_key": HMAC[::-1], "report_url": URL,
    },
    "stripe": {"webhook_secret": "whsec_of_acme"},
}  # fmt: skip
SANDBOX_HEARS = {
    "PAYSAGA_SANDBOX_PSP_URL": URL,
    "PAYSAGA_SANDBOX_PSP_WEBHOOK_SECRET": "whsec_" + "c2VjcmV0" * 4,
}
SANDBOX_CALLS = {
    f"PAYSAGA_SANDBOX_PSP_KEY_{which}": f"call-{which}" for which in ("PRIMARY", "SECONDARY")
}
NEED_THEIR_KEYS_TO_HEAR = {"paypal"}


def set_accounts(
    patch: pytest.MonkeyPatch, psp: str, given: dict[str, str], accounts: int = 1
) -> None:
    named = {
        f"eu{n}": {"url": URL, **given} if n == 0 else {"url": URL, **given, **_other(psp)}
        for n in range(accounts)
    }
    patch.setenv(f"PAYSAGA_{psp.upper()}_ACCOUNTS", json.dumps(named))


def _other(psp: str) -> dict[str, str]:
    """What two accounts may not share."""
    if psp == "stripe":
        return {"webhook_secret": "whsec_of_another"}
    return {
        "merchant_account": "OtherECOM", "hmac_key": "1" * 64, "balance_account": "BA2",
        "transfer_hmac_key": "2" * 64,
    }  # fmt: skip


def holds(thing: object, secret: str) -> bool:
    """Whether it stands anywhere in the thing, or in what the thing holds on to."""
    waiting, seen = [thing], {id(thing)}
    while waiting:
        each = waiting.pop()
        if isinstance(each, str | bytes):
            text = each if isinstance(each, str) else each.decode("latin-1")
            if secret in text:
                return True
            continue
        for inner in gc.get_referents(each):
            if id(inner) not in seen and not isinstance(inner, _CODE):
                seen.add(id(inner))
                waiting.append(inner)
    return False


_CODE = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)


@pytest.mark.parametrize("psp", sorted(HEARS))
async def test_keys_for_calls_are_left_out_or_not_read(
    psp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = found()[psp]
    assert isinstance(plugin, Listens)
    for given in (HEARS[psp], HEARS[psp] | CALLS[psp]):
        set_accounts(monkeypatch, psp, given, accounts=2)
        adapter = plugin.listen()
        assert isinstance(adapter, HearsWebhooks)
        assert [key for key in CALLS[psp].values() if holds(adapter, key)] == []
        assert any(holds(adapter, secret) for secret in HEARS[psp].values())
        assert holds(adapter, WITHHELD.get_secret_value())
        await adapter.aclose()
    used = {name: f"call-{name}" for name in CALLS[psp]}
    set_accounts(monkeypatch, psp, HEARS[psp] | used)
    calling = plugin.connect()
    assert all(holds(calling, key) for key in used.values()), "who calls is seen to hold them"
    await calling.aclose()


@pytest.mark.parametrize("psp", sorted(HEARS))
def test_who_calls_is_told_which_key_is_missing(psp: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_accounts(monkeypatch, psp, HEARS[psp])
    with pytest.raises(CatalogError, match=f"PAYSAGA_{psp.upper()}_ACCOUNTS.*eu0"):
        Catalog.of([psp])


@pytest.mark.parametrize("psp", sorted(HEARS))
def test_who_hears_is_told_which_secret_is_missing(
    psp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = {n: v for n, v in HEARS[psp].items() if n not in ("hmac_key", "webhook_secret")}
    set_accounts(monkeypatch, psp, lacking | CALLS[psp])
    with pytest.raises(CatalogError, match=r"hmac_key|webhook_secret"):
        Catalog.of_hearing([psp])


async def test_the_sandbox_psp_is_heard_without_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SANDBOX_HEARS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CatalogError, match="KEY_PRIMARY"):
        Catalog.of(["sandbox"])
    for given in ({}, SANDBOX_CALLS):
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        catalog = Catalog.of_hearing(["sandbox"])
        assert not any(holds(catalog, key) for key in SANDBOX_CALLS.values())
        assert catalog.pays_players("sandbox"), "what a PSP can do is known without its keys"
        assert catalog.takes("card")
        await catalog.aclose()


def test_every_plugin_listens_or_is_known_to_need_its_keys() -> None:
    needing = {name for name, plugin in found().items() if not isinstance(plugin, Listens)}
    assert needing == NEED_THEIR_KEYS_TO_HEAR


async def test_the_api_says_which_psp_it_must_hold_keys_of(monkeypatch: pytest.MonkeyPatch) -> None:
    account = {"url": URL, "client_id": "id", "client_secret": "s3cret", "webhook_id": "WH1"}
    monkeypatch.setenv("PAYSAGA_PAYPAL_ACCOUNTS", json.dumps({"eu": account}))
    with structlog.testing.capture_logs() as logs:
        catalog = Catalog.of_hearing(["paypal"])
    await catalog.aclose()
    assert [(e["event"], e["psp"]) for e in logs] == [("psp_keys_needed_to_hear", "paypal")]

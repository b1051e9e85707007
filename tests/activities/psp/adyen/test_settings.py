"""What an account at Adyen needs, and how long a question may be asked again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.psp.plugins.adyen import PLUGIN
from activities.psp.plugins.adyen.adapter import AdyenAdapter
from activities.psp.plugins.adyen.keys import IDEMPOTENCY_KEY_AT_MOST, idempotency_key
from activities.psp.plugins.adyen.settings import AdyenSettings
from activities.psp.settings import SettingsError
from activities.psp.wire import NeverSent
from api.cashier.orders import new_id
from tests.activities.psp.adyen.far import adyen, asked
from tests.activities.psp.orders import lookup_of
from workflows.domain.identity import Kind
from workflows.domain.psp import MerchantAccount, NoStatus

LEAST = {
    "url": "https://checkout-test.adyen.com/v71",
    "merchant_account": "CasinoEU",
    "api_key": "AQE_1",
    "hmac_key": "a1" * 32,
}
TRANSFERS = {
    "transfer_url": "https://balanceplatform-api-test.adyen.com/btl/v4",
    "transfer_key": "AQE_5",
    "balance_account": "BA1",
    "transfer_hmac_key": "c3" * 32,
}
PAYOUTS = {
    "payouts_by": "payout",
    "payout_url": "https://pal-test.adyen.com/pal/servlet/Payout/v68",
    "store_payout_key": "AQE_2",
    "review_payout_key": "AQE_3",
    "payout_email": "payouts@example.com",
}


def problem(monkeypatch: pytest.MonkeyPatch, **accounts: Any) -> str:
    monkeypatch.setenv("PAYSAGA_ADYEN_ACCOUNTS", json.dumps(accounts))
    try:
        AdyenSettings.read()
    except SettingsError as error:
        return str(error)
    return ""


async def test_an_account_needs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    assert problem(monkeypatch, eu=LEAST) == ""
    assert problem(monkeypatch, eu=LEAST | PAYOUTS) == ""
    assert problem(monkeypatch, eu=LEAST | TRANSFERS) == ""
    adapter = PLUGIN.connect()
    assert isinstance(adapter, AdyenAdapter)
    await adapter.aclose()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"hmac_key": "secret-that-is-not-hex"}, "64 hexadecimal digits"),
        ({"merchant_account": "a:b"}, "MERCHANT_ACCOUNT"),
        ({"webhook_username": "paysaga"}, "webhook_username, webhook_password go together"),
        ({"payout_url": "https://pal-test.adyen.com"}, "go together"),
        ({"transfer_key": "AQE_5"}, "go together"),
        (PAYOUTS | {"payouts_by": "transfers"}, "not for payouts_by transfers"),
        (TRANSFERS | {"payouts_by": "payout"}, "not for payouts_by payout"),
        ({"payouts_by": "cheque"}, "PAYOUTS_BY"),
        ({**PAYOUTS, "review_payout_key": "AQE_2"}, "keys of two users"),
        ({"report_key": "AQE_4"}, "report_url, report_key go together"),
        ({"url": "http://checkout-test.adyen.com"}, "must be https"),
        ({"card_number": "x"}, "CARD_NUMBER"),
    ],
)
def test_what_is_wrong_is_named_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], named: str
) -> None:
    message = problem(monkeypatch, eu=LEAST | wrong)
    assert named.lower() in message.lower()
    assert "secret-that-is-not-hex" not in message
    assert "AQE_" not in message


def test_two_accounts_share_neither_secret_nor_name(monkeypatch: pytest.MonkeyPatch) -> None:
    other = LEAST | {"api_key": "AQE_9", "hmac_key": "b2" * 32}
    assert "same merchant_account" in problem(monkeypatch, eu=LEAST, uk=other)
    other["merchant_account"] = "CasinoUK"
    assert problem(monkeypatch, eu=LEAST, uk=other) == ""
    assert "share one secret" in problem(monkeypatch, eu=LEAST, uk=other | {"api_key": "AQE_1"})


async def test_an_account_without_credentials_is_asked_nothing() -> None:
    async with adyen() as far:
        for operation in ("authorize", "complete", "capture", "void", "refund", "payout"):
            stranger = replace(asked(operation), account=MerchantAccount("adyen", "elsewhere"))
            with pytest.raises(NeverSent):
                await getattr(far.adapter, operation)(stranger)
        assert not far.exchanges


def test_our_keys_fit_into_the_header() -> None:
    longest = [
        f"{new_id(Kind.DEPOSIT)}:authorize:99:complete:99",
        f"{new_id(Kind.PAYOUT)}:payout:99:confirm",
        f"{new_id(Kind.REFUND)}:case-refund",
    ]
    assert [idempotency_key(key) for key in longest] == longest
    with pytest.raises(NeverSent):
        idempotency_key("k" * (IDEMPOTENCY_KEY_AT_MOST + 1))


@pytest.mark.parametrize(
    ("ago", "safe"),
    [
        (timedelta(0), True),
        (timedelta(days=5, hours=23), True),
        (timedelta(days=6), False),
        (timedelta(days=400), False),
        (timedelta(minutes=-1), True),
        (timedelta(days=-1), False),
    ],
    ids=str,
)
async def test_a_lost_answer_is_asked_for_again_while_adyen_keeps_the_key(
    ago: timedelta, safe: bool
) -> None:
    async with adyen() as far:
        asked_at = (datetime.now(UTC) - ago).isoformat()
        for operation in ("authorize", "capture", "void", "refund"):
            lookup = replace(lookup_of(asked(operation), operation), asked_at=asked_at)
            assert await far.adapter.look_up(lookup) == NoStatus(safe_to_repeat=safe)
        assert not far.exchanges


@pytest.mark.parametrize("asked_at", ["", "yesterday", "2026-11-24T12:00:00"])
async def test_what_was_asked_at_no_known_time_is_not_asked_again(asked_at: str) -> None:
    async with adyen() as far:
        lookup = replace(lookup_of(asked("capture"), "capture"), asked_at=asked_at)
        assert await far.adapter.look_up(lookup) == NoStatus(safe_to_repeat=False)


async def test_a_key_is_sent_with_every_question_that_can_move_money() -> None:
    async with adyen() as far:
        for operation in ("authorize", "complete", "capture", "void", "refund", "payout"):
            await getattr(far.adapter, operation)(asked(operation))
    keys = [e.request.headers["idempotency-key"] for e in far.exchanges]
    assert keys == [
        "in_cert:authorize:1",
        "in_cert:authorize:1:complete:1",
        "in_cert:capture",
        "in_cert:void:1",
        "re_cert:refund",
        "po_cert:payout",
    ]

"""What PayPal really signed is accepted: by default, by its certificate, from its simulator."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from activities.psp.certification import Canned, Heard
from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from activities.psp.plugins.paypal.adapter import PaypalAdapter
from activities.psp.plugins.paypal.certification.suite import PaypalCertification
from activities.psp.plugins.paypal.settings import PaypalAccount, PaypalSettings
from activities.psp.plugins.paypal.verification import SIMULATOR, VERIFY
from tests.activities.psp import peer
from tests.activities.psp.paypal.far import canned
from tests.activities.psp.paypal.recordings import (
    NAMES,
    Recording,
    needs_recordings,
    recording,
)

pytestmark = needs_recordings

SANDBOX = "https://api-m.sandbox.paypal.com"
OURS = "4JH86294D6297924G"


def account(**more: Any) -> PaypalAccount:
    secret = SecretStr("secret-of-eu")
    members = {"url": SANDBOX, "client_id": "eu", "client_secret": secret, "webhook_id": OURS}
    return PaypalAccount(**{**members, **more})


async def hear(sent: Recording, request: WebhookRequest, mine: PaypalAccount) -> Delivery:
    """As PayPal serves its certificates today: the leaf, and nothing else."""
    adapter = PaypalAdapter(PaypalSettings(accounts={"eu": mine}), sent.served)
    try:
        return await adapter.hear(request)
    finally:
        await adapter.aclose()


async def refusal(sent: Recording, request: WebhookRequest, mine: PaypalAccount) -> str:
    with pytest.raises(WebhookRefused) as refused:
        await hear(sent, request, mine)
    assert refused.value.status == 401
    return refused.value.rule


async def test_a_genuine_webhook_is_accepted_by_its_certificate() -> None:
    sent = recording("sandbox_2015")
    mine = account(webhook_verification="certificate")
    # In the words of an older API: counted, and passed over.
    heard = await hear(sent, sent.request(), mine)
    assert heard == Delivery(ignored=("PAYMENT.SALE.COMPLETED",))


async def test_the_simulators_webhook_is_accepted_where_the_settings_say_so() -> None:
    sent = recording("live_simulator")
    for verification in ("certificate", "api"):
        mine = account(webhook_verification=verification, webhook_simulator=True)
        if verification == "api":
            # PayPal is not asked in vain: what its simulator signed it does not know.
            mine = mine.model_copy(update={"url": peer.refusing_url()})
        heard = await hear(sent, sent.request(), mine)
        assert heard == Delivery(ignored=("PAYMENT.CAPTURE.COMPLETED",))
    without = account(webhook_verification="certificate")
    assert await refusal(sent, sent.request(), without) == "certificate_url"


def test_a_live_account_never_takes_the_simulators_webhooks() -> None:
    with pytest.raises(ValidationError, match="for the sandbox alone"):
        account(url="https://api-m.paypal.com", webhook_simulator=True)
    with pytest.raises(ValidationError):
        account(url="https://api-m.paypal.com", webhook_id=SIMULATOR)


@pytest.mark.parametrize("name", NAMES)
async def test_with_one_byte_changed_or_for_another_subscription_it_is_refused(name: str) -> None:
    sent = recording(name)
    mine = account(webhook_verification="certificate", webhook_simulator=True)
    for at in (0, len(sent.body) // 2, len(sent.body) - 1):
        changed = bytes([sent.body[at] ^ 1])
        body = sent.body[:at] + changed + sent.body[at + 1 :]
        assert await refusal(sent, sent.request(body), mine) in ("signature", "certificate_url")
    other = account(webhook_verification="certificate", webhook_id="5WC1NOBODYS00003")
    assert await refusal(sent, sent.request(), other) in ("signature", "certificate_url")


async def test_by_default_paypal_says_whether_a_webhook_is_genuine() -> None:
    sent = recording("sandbox_2015")
    asked: list[Heard] = []

    def paypal(request: Heard) -> Canned:
        first = PaypalCertification().before(request)
        if first is not None:
            return first
        asked.append(request)
        genuine = sent.body in request.body and json.loads(request.body)["webhook_id"] == OURS
        return canned(200, {"verification_status": "SUCCESS" if genuine else "FAILURE"})

    async with peer.listening(peer.says(paypal)) as far:
        mine = account(url=far.url)
        heard = await hear(sent, sent.request(), mine)
        assert heard == Delivery(ignored=("PAYMENT.SALE.COMPLETED",))
        body = sent.body.replace(b"20.00", b"90.00")
        assert await refusal(sent, sent.request(body), mine) == "signature"
    assert [request.path for request in asked] == [VERIFY] * 2

"""Payouts by Transfers: one call, told by webhook, and looked at."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from activities.psp.plugins.adyen.certification.suite import mac, settings_at
from activities.psp.plugins.adyen.transfers import REASONS
from activities.psp.plugins.adyen.webhooks import Ear
from activities.psp.wire import InDoubt
from tests.activities.psp.adyen.far import TRANSFER, adyen, asked, says
from tests.activities.psp.adyen.hearing import AUTHORIZATION
from tests.activities.psp.descriptions import description, needs_descriptions
from tests.activities.psp.orders import lookup_of
from workflows.domain.declines import DeclineReason
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, NoStatus, NotFound, Operation, Pending, Unknown

EUR = Money(5000, "EUR")
BALANCE = "BA00000000000000000000001"
ACCOUNT = settings_at("http://127.0.0.1:1").account("casino-eu")


def transfer(status: str, reason: str = "approved", **more: Any) -> dict[str, Any]:
    return {
        "id": TRANSFER,
        "amount": {"currency": "EUR", "value": 5000},
        "balanceAccount": {"id": BALANCE},
        "category": "bank",
        "counterparty": {"transferInstrumentId": "SE1"},
        "reference": "po_cert:payout",
        "status": status,
        "reason": reason,
        **more,
    }


def webhook(made: dict[str, Any], **more: Any) -> bytes:
    document = {"data": made, "environment": "test", "type": "balancePlatform.transfer.updated"}
    return json.dumps(document | more).encode()


def hear(body: bytes, key: str = "") -> Delivery:
    right = ACCOUNT.transfer_hmac_key
    assert right is not None
    signature = mac(body, key or right.get_secret_value())
    headers = {"hmacsignature": signature, "authorization": AUTHORIZATION}
    ear = Ear(settings_at("http://127.0.0.1:1").accounts)
    return ear.hear(WebhookRequest(headers, body, 0.0))


def heard(status: str, **more: Any) -> Any:
    (event,) = hear(webhook(transfer(status, **more))).events
    return event


async def test_a_card_is_paid_by_its_stored_details_and_a_bank_by_its_instrument() -> None:
    async with adyen() as far:
        await far.adapter.payout(replace(asked("payout"), method="card"))
        await far.adapter.payout(asked("payout"))
    card, bank = (exchange.body for exchange in far.exchanges)
    assert far.paths == ["POST /btl/v4/transfers"] * 2
    assert card["category"] == "card"
    identification = card["counterparty"]["card"]["cardIdentification"]
    assert identification == {"storedPaymentMethodId": "dst_private"}
    assert (bank["category"], bank["priority"]) == ("bank", "regular")
    assert bank["counterparty"] == {"transferInstrumentId": "dst_private"}
    for sent in (card, bank):
        assert (sent["balanceAccountId"], sent["reference"]) == (BALANCE, "po_cert:payout")


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        ("received", Pending(TRANSFER)),
        ("authorised", Pending(TRANSFER)),
        ("pendingApproval", Pending(TRANSFER)),
        ("heard_of_never", Pending(TRANSFER)),
        ("booked", Approved(TRANSFER, EUR)),
    ],
)
async def test_a_transfer_is_done_once_it_is_booked(status: str, becomes: Any) -> None:
    async with adyen(says(202, transfer(status))) as far:
        assert await far.adapter.payout(asked("payout")) == becomes
    assert heard(status).reply == becomes


@pytest.mark.parametrize(
    "wrong",
    [
        {"reference": "po_other:payout"},
        {"amount": {"currency": "EUR", "value": 4999}},
        {"id": "../x"},
        {"status": 7},
    ],
    ids=str,
)
async def test_an_answer_about_another_transfer_leaves_doubt(wrong: dict[str, Any]) -> None:
    async with adyen(says(202, transfer("booked") | wrong)) as far:
        with pytest.raises(InDoubt):
            await far.adapter.payout(asked("payout"))


@pytest.mark.parametrize("status", ["refused", "failed", "cancelled", "expired"])
def test_a_transfer_that_came_to_nothing_is_a_hard_no(status: str) -> None:
    event = heard(status, reason="counterpartyAccountClosed", events=[{"status": "received"}])
    assert event.reply == Declined(DeclineReason.ACCOUNT_CLOSED, False, "counterpartyAccountClosed")
    assert (event.operation, event.key) == (Operation.PAYOUT, "po_cert:payout")


def test_money_that_had_left_and_came_back_is_returned() -> None:
    booked = [{"status": "received"}, {"status": "booked"}]
    assert heard("returned", reason="unknown").reply.reason == DeclineReason.RETURNED
    assert heard("failed", reason="unknown", events=booked).reply.reason == DeclineReason.RETURNED
    assert heard("failed", reason="unknown").reply.reason != DeclineReason.RETURNED


def test_a_reason_that_no_table_has_is_kept() -> None:
    reply = heard("refused", reason="addedNextYear").reply
    assert (reply.reason, reply.code) == (DeclineReason.UNMAPPED, "addedNextYear")


@needs_descriptions
def test_every_reason_in_the_table_is_one_that_adyen_describes() -> None:
    schemas = description("adyen/TransferService-v4.json").document["components"]["schemas"]
    assert set(schemas["Transfer"]["properties"]["reason"]["enum"]) >= REASONS.keys()


def test_what_is_sent_again_is_the_same_event_and_the_next_one_another() -> None:
    first = heard("booked", sequenceNumber=3)
    (again,) = hear(webhook(transfer("booked", sequenceNumber=3), timestamp="2026-03-02")).events
    assert again == first
    assert heard("booked", sequenceNumber=4).event_id != first.event_id


@pytest.mark.parametrize("reference", ["order-7", None, "in_1:capture"])
def test_a_transfer_of_somebody_else_is_passed_over(reference: str | None) -> None:
    delivery = hear(webhook(transfer("booked") | {"reference": reference}))
    assert (delivery.events, list(delivery.ignored)) == ((), ["balancePlatform.transfer.updated"])


def test_a_transfer_is_of_the_account_that_it_left() -> None:
    assert heard("booked").account == "casino-eu"
    elsewhere = webhook(transfer("booked") | {"balanceAccount": {"id": "BA_OF_SOMEBODY"}})
    with pytest.raises(WebhookRefused, match="unknown_account"):
        hear(elsewhere)


def test_a_transfer_told_under_another_key_is_refused() -> None:
    with pytest.raises(WebhookRefused, match="signature"):
        hear(webhook(transfer("booked")), "aa" * 32)


@pytest.mark.parametrize(
    ("found", "becomes"),
    [
        ([transfer("booked")], Approved(TRANSFER, EUR)),
        ([transfer("received")], Pending(TRANSFER)),
        ([], NotFound(safe_to_repeat=True)),
    ],
    ids=["booked", "received", "none"],
)
async def test_a_lost_payout_is_looked_for_by_its_key(found: Any, becomes: Any) -> None:
    async with adyen(says(200, {"data": found})) as far:
        lookup = lookup_of(asked("payout"), "payout")
        assert await far.adapter.look_up(lookup) == becomes
    (exchange,) = far.exchanges
    assert "reference=po_cert%3Apayout" in exchange.request.path
    assert f"balanceAccountId={BALANCE}" in exchange.request.path


async def test_a_known_transfer_is_looked_at_by_its_name() -> None:
    lookup = lookup_of(asked("payout"), "payout", TRANSFER)
    async with adyen(says(200, transfer("returned", "unknown"))) as far:
        found = await far.adapter.look_up(lookup)
        assert found == Declined(DeclineReason.RETURNED, False, "unknown")
        assert far.paths == [f"GET /btl/v4/transfers/{TRANSFER}"]
    async with adyen(says(200, transfer("booked") | {"reference": "po_other:payout"})) as far:
        assert isinstance(await far.adapter.look_up(lookup), Unknown)


async def test_two_transfers_of_one_key_leave_doubt() -> None:
    twice = [transfer("booked"), transfer("booked") | {"id": "2W1UG35U8A9J5ZLG"}]
    async with adyen(says(200, {"data": twice})) as far:
        with pytest.raises(InDoubt):
            await far.adapter.look_up(lookup_of(asked("payout"), "payout"))


async def test_all_else_cannot_be_looked_at() -> None:
    async with adyen() as far:
        for operation in ("authorize", "capture", "void", "refund"):
            found = await far.adapter.look_up(lookup_of(asked(operation), operation))
            assert found == NoStatus(safe_to_repeat=True)
        assert not far.exchanges

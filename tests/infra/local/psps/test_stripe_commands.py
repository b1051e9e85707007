"""What somebody else does at Stripe, by order: it moves money, and is told by webhook."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.local.psps.stripe_caller import Caller, fresh


async def ordered(merchant: Caller, command: str, **members: Any) -> Any:
    return await merchant.at.http.post(f"/_control/stripe/{command}", json=members)


async def types(merchant: Caller, about: str, *kinds: str) -> list[dict[str, Any]]:
    """The webhooks of these types about an object, once all have come."""
    count = 1
    while True:
        heard = await merchant.events(about, count)
        found = {each["type"]: each for each in heard}
        if found.keys() >= set(kinds):
            return [found[kind] for kind in kinds]
        count = len(heard) + 1


async def test_a_refund_in_the_dashboard_has_no_key_of_ours(merchant: Caller) -> None:
    paid = await merchant.captured()
    made = (await ordered(merchant, "refund", reference=paid["id"], amount=1000)).json()
    assert (made["amount"], made["metadata"]) == (1000, {})
    created, _ = await types(merchant, paid["id"], "refund.created", "charge.refunded")
    assert created["data"]["object"]["id"] == made["id"]
    assert created["request"]["idempotency_key"] is None
    listed = (await merchant.get("/refunds", payment_intent=paid["id"])).json()["data"]
    assert [each["id"] for each in listed] == [made["id"]]
    beyond = await ordered(merchant, "refund", reference=paid["id"], amount=5000)
    assert beyond.status_code == 409


async def test_a_hold_is_captured_by_hand(merchant: Caller) -> None:
    key = fresh()
    held = (await merchant.authorize(key=key)).json()
    taken = (await ordered(merchant, "capture", reference=key, amount=2000)).json()
    assert (taken["status"], taken["amount_received"]) == ("succeeded", 2000)
    (heard,) = await types(merchant, held["id"], "payment_intent.succeeded")
    assert heard["request"]["idempotency_key"] is None
    assert (await ordered(merchant, "capture", reference=key)).status_code == 409


@pytest.mark.parametrize(
    ("command", "reason"), [("cancel", "requested_by_customer"), ("lapse", "automatic")]
)
async def test_a_hold_is_canceled_by_hand_or_lapses(
    merchant: Caller, command: str, reason: str
) -> None:
    held = (await merchant.authorize()).json()
    await ordered(merchant, command, reference=held["id"])
    (heard,) = await types(merchant, held["id"], "payment_intent.canceled")
    assert heard["data"]["object"]["cancellation_reason"] == reason
    if command == "lapse":
        await types(merchant, held["id"], "charge.expired")


@pytest.mark.parametrize("won", [False, True])
async def test_a_dispute_takes_the_money_and_may_give_it_back(merchant: Caller, won: bool) -> None:
    paid = await merchant.captured()
    disputed = (await ordered(merchant, "dispute", reference=paid["id"])).json()
    assert disputed["amount"] == 5010
    await types(merchant, paid["id"], "charge.dispute.created", "charge.dispute.funds_withdrawn")
    closed = (await ordered(merchant, "dispute-closed", reference=paid["id"], won=won)).json()
    assert closed["status"] == ("won" if won else "lost")
    assert len(closed["balance_transactions"]) == (2 if won else 1)
    kinds = ["charge.dispute.closed"] + ["charge.dispute.funds_reinstated"] * won
    await types(merchant, paid["id"], *kinds)
    moves = (await merchant.get("/balance_transactions", limit="100")).json()["data"]
    mine = [each for each in moves if each["source"] == disputed["id"]]
    assert {each["type"] for each in mine} == {"adjustment"}
    assert sum(each["amount"] for each in mine) == (0 if won else -5010)
    again = await ordered(merchant, "dispute-closed", reference=paid["id"])
    assert again.status_code == 409


async def test_a_warning_of_fraud_moves_nothing(merchant: Caller) -> None:
    paid = await merchant.captured()
    await ordered(merchant, "early-fraud-warning", reference=paid["id"])
    (heard,) = await types(merchant, paid["id"], "radar.early_fraud_warning.created")
    assert heard["data"]["object"]["payment_intent"] == paid["id"]


@pytest.mark.parametrize("executed", [False, True])
async def test_a_failure_is_kept_under_its_key_whether_or_not_something_was_done(
    merchant: Caller, executed: bool
) -> None:
    key = fresh()
    await ordered(merchant, "stored-error", executed=executed)
    for _ in range(3):
        met = await merchant.authorize(key=key)
        assert (met.status_code, met.json()["error"]["type"]) == (500, "api_error")
    assert len(await merchant.at.psp.story(key)) == (1 if executed else 0)
    assert (await merchant.authorize()).status_code == 200


async def test_a_block_is_told_by_the_charge_alone(merchant: Caller) -> None:
    refused = (await merchant.authorize("pm_card_radarBlock")).json()["error"]
    assert (refused["code"], refused["decline_code"]) == ("card_declined", "generic_decline")
    made = refused["payment_intent"]
    assert isinstance(made["latest_charge"], str)
    charge = (await merchant.get(f"/charges/{made['latest_charge']}")).json()
    assert charge["outcome"]["type"] == "blocked"
    assert charge["outcome"]["reason"] == "highest_risk_level"


async def test_what_nobody_has_cannot_be_ordered(merchant: Caller) -> None:
    assert (await ordered(merchant, "refund", reference="pi_none")).status_code == 404
    assert (await ordered(merchant, "refund", amount="much")).status_code == 422
    held = (await merchant.authorize()).json()
    for command in ("refund", "dispute", "early-fraud-warning"):
        assert (await ordered(merchant, command, reference=held["id"])).status_code == 409


async def test_what_others_did_stands_in_the_journal_under_the_payment(merchant: Caller) -> None:
    """The proofs compare it with our books payment by payment."""
    key = fresh()
    held = await merchant.authorize(key=key)
    intent = held.json()["id"]
    acts: list[tuple[str, dict[str, Any]]] = [
        ("capture", {}),
        ("refund", {"amount": 1000}),
        ("dispute", {"amount": 2000}),
        ("dispute-closed", {"won": True}),
    ]
    for command, members in acts:
        done = await ordered(merchant, command, reference=intent, **members)
        assert done.is_success, command
    assert await merchant.at.psp.story(key) == [
        "authorization 50.10 EUR approved at primary",
        "capture 50.10 EUR approved at primary",
        "refund 10.00 EUR approved at primary",
        "chargeback 20.00 EUR approved at primary",
        "chargeback_reversed 20.00 EUR approved at primary",
    ]

"""Two independent readings of Stripe agree: our plugin and the lookalike, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from activities.psp.plugins.stripe.adapter import StripeAdapter
from activities.psp.wire import InDoubt
from tests.infra.local.psps.stripe_caller import Caller
from tests.infra.local.psps.stripe_plugin import (
    AMOUNT,
    by_hand,
    connected,
    events,
    follow,
    found,
    order,
)
from workflows.domain.psp import (
    Approved,
    CaptureInstruction,
    Declined,
    NotFound,
    Operation,
    Pending,
    Ready,
    VoidInstruction,
)


@pytest.fixture
async def plugin(merchant: Caller) -> AsyncIterator[StripeAdapter]:
    async with connected(merchant) as adapter:
        yield adapter


async def test_a_reply_and_the_webhook_of_the_same_thing_have_the_same_id(
    merchant: Caller, plugin: StripeAdapter
) -> None:
    hold = order()
    held = await plugin.authorize(hold)
    assert isinstance(held, Approved)
    taken = await plugin.capture(follow(Operation.CAPTURE, hold, held.psp_ref))
    heard = await events(merchant, plugin, held.psp_ref, "payment_intent.succeeded")
    found = {(each.key, each.operation): each for each in heard}
    approved = found[hold.key, Operation.AUTHORIZE]
    captured = found[f"{hold.payment_id}:capture", Operation.CAPTURE]
    assert (approved.reply.psp_ref, approved.reply.captured) == (held.psp_ref, False)
    assert (captured.reply, captured.unasked) == (taken, False)


async def test_a_deposit_without_a_token_is_paid_on_the_page(
    merchant: Caller, plugin: StripeAdapter
) -> None:
    hold = order(None)
    pending = await plugin.authorize(hold)
    assert isinstance(pending, Pending)
    assert pending.redirect_url is not None
    assert await found(plugin, hold, "authorize", pending.psp_ref) == pending
    assert await found(plugin, hold, "authorize", None) == pending
    await merchant.at.psp.answer(pending.redirect_url, "approve")
    held = await found(plugin, hold, "authorize", pending.psp_ref)
    assert isinstance(held, Approved)
    assert held.amount == AMOUNT
    heard = await events(merchant, plugin, hold.key, "checkout.session.completed")
    assert Ready(pending.psp_ref) in [each.reply for each in heard]
    assert {e.reply.psp_ref for e in heard if isinstance(e.reply, Approved)} == {held.psp_ref}
    assert {each.key for each in heard} == {hold.key}


async def test_a_page_that_is_given_up_takes_no_money(
    merchant: Caller, plugin: StripeAdapter
) -> None:
    for by_id in (True, False):
        hold = order(None)
        pending = await plugin.authorize(hold)
        assert isinstance(pending, Pending)
        void: VoidInstruction = follow(Operation.VOID, hold, pending.psp_ref if by_id else None)
        assert await plugin.void(void) == Approved(pending.psp_ref, AMOUNT)
        ended = await found(plugin, hold, "authorize", pending.psp_ref)
        assert ended == Declined("expired", soft=False, code="expired")
        assert await merchant.at.psp.story(hold.payment_id) == []


async def test_what_was_paid_on_a_page_that_is_given_up_is_released(
    merchant: Caller, plugin: StripeAdapter
) -> None:
    hold = order(None)
    pending = await plugin.authorize(hold)
    assert isinstance(pending, Pending)
    await merchant.at.psp.answer(pending.redirect_url or "", "approve")
    gone = await plugin.void(follow(Operation.VOID, hold, pending.psp_ref))
    assert isinstance(gone, Approved)
    assert await merchant.at.psp.story(hold.payment_id) == [
        "authorization 50.10 EUR approved at primary",
        "void 50.10 EUR approved at primary",
    ]


async def test_a_sale_on_the_page_is_known_as_one(merchant: Caller, plugin: StripeAdapter) -> None:
    sale = order(None, method="ideal")
    pending = await plugin.authorize(sale)
    assert isinstance(pending, Pending)
    await merchant.at.psp.answer(pending.redirect_url or "", "approve")
    taken = await found(plugin, sale, "authorize", pending.psp_ref)
    assert isinstance(taken, Approved)
    assert taken.captured is True
    heard = await events(merchant, plugin, sale.key, "payment_intent.succeeded")
    sold = [each for each in heard if isinstance(each.reply, Approved)]
    assert {each.operation for each in sold} == {Operation.AUTHORIZE}
    assert {(each.reply.psp_ref, each.reply.captured) for each in sold} == {(taken.psp_ref, True)}


@pytest.mark.parametrize("token", ["pm_card_radarBlock", "pm_card_lookalikeSuspectedFraud"])
async def test_fraud_never_cascades(merchant: Caller, plugin: StripeAdapter, token: str) -> None:
    refused = await plugin.authorize(order(token))
    assert isinstance(refused, Declined)
    assert (refused.reason, refused.soft) == ("fraud", False)
    plain = await plugin.authorize(order("pm_card_chargeDeclined"))
    assert isinstance(plain, Declined)
    assert plain.soft is True


@pytest.mark.parametrize("executed", [False, True])
async def test_an_error_that_stripe_keeps_is_cleared_up_by_looking(
    merchant: Caller, plugin: StripeAdapter, executed: bool
) -> None:
    hold = order()
    await by_hand(merchant, "stored-error", executed=executed)
    for _ in range(2):
        with pytest.raises(InDoubt):
            await plugin.authorize(hold)
    finding = await found(plugin, hold, "authorize", None)
    assert isinstance(finding, Approved) if executed else finding == NotFound(safe_to_repeat=True)


async def test_refunds_captures_cancels_and_disputes_by_others_are_facts_that_nobody_asked_for(
    merchant: Caller, plugin: StripeAdapter
) -> None:
    hold = order()
    held = await plugin.authorize(hold)
    assert isinstance(held, Approved)
    ref = held.psp_ref
    await by_hand(merchant, "capture", reference=ref)
    refund = await by_hand(merchant, "refund", reference=ref, amount=1010)
    dispute = await by_hand(merchant, "dispute", reference=ref, amount=4000)
    await by_hand(merchant, "dispute-closed", reference=ref, won=True)
    heard = await events(merchant, plugin, ref, "charge.dispute.closed", "charge.refunded")
    unasked = {
        (each.operation, each.key, each.reply.psp_ref, str(each.amount))
        for each in heard
        if each.unasked
    }
    assert unasked == {
        (Operation.CAPTURE, hold.key, ref, "50.10 EUR"),
        (Operation.REFUND, "", refund["id"], "10.10 EUR"),
        (Operation.CHARGEBACK, "", dispute["id"], "40.00 EUR"),
        (Operation.CHARGEBACK_REVERSED, "", dispute["id"], "40.00 EUR"),
    }
    assert all(ref in each.about for each in heard if each.unasked)


@pytest.mark.parametrize("command", ["cancel", "lapse"])
async def test_a_hold_that_others_end_is_a_void_that_nobody_asked_for(
    merchant: Caller, plugin: StripeAdapter, command: str
) -> None:
    hold = order()
    held = await plugin.authorize(hold)
    assert isinstance(held, Approved)
    await by_hand(merchant, command, reference=held.psp_ref)
    heard = await events(merchant, plugin, held.psp_ref, "payment_intent.canceled")
    voids = [each for each in heard if each.operation is Operation.VOID]
    assert voids
    assert {(each.key, each.unasked, each.reply.psp_ref) for each in voids} == {
        (hold.key, True, held.psp_ref)
    }
    capture: CaptureInstruction = follow(Operation.CAPTURE, hold, held.psp_ref)
    refused = await plugin.capture(capture)
    assert isinstance(refused, Declined)
    assert refused.soft is False

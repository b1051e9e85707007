"""The plugin and the lookalike of PayPal: what a reply names, its event names too, and what is
done there by hand is heard as such. Real HTTP, and webhooks that the lookalike itself verifies."""

from __future__ import annotations

import pytest

from infra.local.psps.paypal import receivers
from infra.local.psps.paypal.funding import vaulted
from tests.activities.psp.paypal.lookalike import ACCOUNT, FIFTY, World
from workflows.domain.money import Money
from workflows.domain.psp import (
    Approved,
    CaptureInstruction,
    CompleteInstruction,
    Declined,
    Lookup,
    Operation,
    PayoutInstruction,
    Pending,
    RefundInstruction,
    VoidInstruction,
)


async def test_a_deposit_without_a_token_goes_by_paypals_page(world: World) -> None:
    reply = await world.authorize(None)
    assert isinstance(reply, Pending)
    assert reply.redirect_url is not None
    await world.at.psp.answer(reply.redirect_url, "approve")
    ready = await world.heard("CHECKOUT.ORDER.APPROVED", world.key)
    assert (ready.key, ready.reply.kind) == (world.key, "ready")
    completion = CompleteInstruction(
        **world.about("authorize:1:complete:1"), authorize_key=world.key, psp_ref=reply.psp_ref
    )
    held = await world.paypal.complete(completion)
    assert isinstance(held, Approved)
    created = await world.heard("PAYMENT.AUTHORIZATION.CREATED", world.key)
    assert (created.key, created.reply, created.unasked) == (world.key, held, False)


async def test_the_event_of_a_thing_names_what_the_reply_about_it_named(world: World) -> None:
    held = await world.held()
    event = await world.heard("PAYMENT.AUTHORIZATION.CREATED", world.key)
    assert event.reply == held
    taken = await world.paypal.capture(
        CaptureInstruction(**world.about("capture"), psp_ref=held.psp_ref, authorize_key=world.key)
    )
    assert isinstance(taken, Approved)
    event = await world.heard("PAYMENT.CAPTURE.COMPLETED", taken.psp_ref)
    assert (event.reply, event.unasked) == (taken, False)
    refund = RefundInstruction(
        key=f"re_{world.payment}:refund",
        account=ACCOUNT,
        amount=FIFTY,
        trace_id="t",
        psp_ref=taken.psp_ref,
    )
    refunded = await world.paypal.refund(refund)
    assert isinstance(refunded, Approved)
    event = await world.heard("PAYMENT.CAPTURE.REFUNDED", refunded.psp_ref)
    assert (event.key, event.reply, event.unasked) == (refund.key, refunded, False)


async def test_the_event_of_a_payout_names_what_looking_it_up_names(world: World) -> None:
    payout = PayoutInstruction(
        key=f"po_{world.payment}:payout:1",
        account=ACCOUNT,
        amount=FIFTY,
        trace_id="t",
        method="ewallet",
        destination=receivers.OK,
        player_id="player_1",
    )
    promised = await world.paypal.payout(payout)
    assert isinstance(promised, Pending)
    event = await world.heard("PAYMENT.PAYOUTS-ITEM.SUCCEEDED", payout.key)
    lookup = Lookup(
        key=payout.key,
        operation=Operation.PAYOUT,
        account=ACCOUNT,
        psp_ref=promised.psp_ref,
        trace_id="t",
        amount=FIFTY,
    )
    assert event.reply == await world.paypal.look_up(lookup)
    assert isinstance(event.reply, Approved)


async def test_our_own_void_and_one_by_hand_look_alike_and_name_the_hold(world: World) -> None:
    held = await world.held()
    void = VoidInstruction(**world.about("void:1"), authorize_key=world.key, psp_ref=held.psp_ref)
    voided = await world.paypal.void(void)
    ours = await world.heard("PAYMENT.AUTHORIZATION.VOIDED", world.key)
    other = World(world.at, world.paypal)
    there = await other.held()
    await other.by_hand("void")
    theirs = await other.heard("PAYMENT.AUTHORIZATION.VOIDED", other.key)
    for event, hold, key in ((ours, held, world.key), (theirs, there, other.key)):
        assert (event.operation, event.unasked, event.key) == (Operation.VOID, True, key)
        assert event.reply == Approved(hold.psp_ref, FIFTY)
        assert hold.psp_ref in event.about
    assert voided == ours.reply


async def test_a_capture_by_hand_is_found_by_its_hold(world: World) -> None:
    held = await world.held()
    taken = await world.by_hand("capture", amount="20.00")
    event = await world.heard("PAYMENT.CAPTURE.COMPLETED", taken)
    assert (event.operation, event.unasked, event.key) == (Operation.CAPTURE, True, world.key)
    assert event.reply == Approved(taken, Money(2000, "EUR"))
    assert held.psp_ref in event.about


@pytest.mark.parametrize(
    ("deed", "kind", "operation"),
    [
        ("refund", "PAYMENT.CAPTURE.REFUNDED", Operation.REFUND),
        ("reverse", "PAYMENT.CAPTURE.REVERSED", Operation.CHARGEBACK),
    ],
)
async def test_money_given_back_by_hand_is_found_by_its_capture(
    world: World, deed: str, kind: str, operation: Operation
) -> None:
    taken = await world.captured()
    made = await world.by_hand(deed, amount="10.00")
    event = await world.heard(kind, made)
    assert (event.operation, event.unasked) == (operation, True)
    assert event.reply == Approved(made, Money(1000, "EUR"))
    assert taken.psp_ref in event.about


async def test_a_dispute_that_is_won_takes_once_and_gives_back_once(world: World) -> None:
    taken = await world.captured()
    dispute = await world.by_hand("dispute")
    gone = await world.heard("PAYMENT.CAPTURE.REVERSED", taken.psp_ref)
    assert (gone.operation, gone.amount) == (Operation.CHARGEBACK, FIFTY)
    await world.by_hand("win")
    back = await world.heard("CUSTOMER.DISPUTE.RESOLVED", dispute)
    assert (back.operation, back.amount) == (Operation.CHARGEBACK_REVERSED, FIFTY)
    assert taken.psp_ref in gone.about
    assert taken.psp_ref in back.about
    assert back.key == world.key


async def test_an_order_that_nobody_approved_ends_its_authorization(world: World) -> None:
    assert isinstance(await world.authorize(None), Pending)
    await world.by_hand("expire")
    event = await world.heard("CHECKOUT.ORDER.EXPIRED", world.key)
    assert (event.key, event.unasked) == (world.key, False)
    assert event.reply == Declined("expired", soft=False, code="EXPIRED")


@pytest.mark.parametrize(
    ("choice", "reason", "soft", "code"),
    [
        ("no_gaming_at_primary", "account_misconfigured", True, "PPAG"),
        ("suspected_fraud", "fraud", False, "9500"),
        ("limit_at_primary", "limit_exceeded", True, "TRANSACTION_LIMIT_EXCEEDED"),
        ("account_closed", "account_closed", False, "PAYER_ACCOUNT_LOCKED_OR_CLOSED"),
    ],
)
async def test_a_kept_wallet_is_refused_in_our_words(
    world: World, choice: str, reason: str, soft: bool, code: str
) -> None:
    reply = await world.authorize(vaulted(choice))
    assert isinstance(reply, Declined)
    assert (reply.reason, reply.soft, reply.code) == (reason, soft, code)

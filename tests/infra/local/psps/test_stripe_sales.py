"""What Stripe sells, and gives back, as its plugin asks and hears it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from activities.psp.plugins.stripe.adapter import StripeAdapter
from tests.infra.local.psps.stripe_caller import Caller
from tests.infra.local.psps.stripe_plugin import AMOUNT, connected, events, follow, found, order
from workflows.domain.money import Money
from workflows.domain.psp import (
    Approved,
    Operation,
    Pending,
    RefundInstruction,
    SellInstruction,
    VoidInstruction,
    asked_under,
)


@pytest.fixture
async def plugin(merchant: Caller) -> AsyncIterator[StripeAdapter]:
    async with connected(merchant) as adapter:
        yield adapter


def to_sell(token: str | None = "pm_card_visa") -> SellInstruction:
    asked = order(token)
    sold = asked_under(f"{asked.payment_id}:sale:1", asked.account, asked)
    assert isinstance(sold, SellInstruction)
    return sold


def back(sale: SellInstruction, psp_ref: str | None) -> VoidInstruction:
    void: VoidInstruction = follow(Operation.VOID, sale, psp_ref)
    return replace(void, sale=True)


async def test_a_card_is_charged_at_once_and_each_event_says_so(
    merchant: Caller, plugin: StripeAdapter
) -> None:
    sale = to_sell()
    taken = await plugin.sell(sale)
    assert isinstance(taken, Approved)
    assert (taken.amount, taken.captured) == (AMOUNT, True)
    for ref in (taken.psp_ref, None):
        assert await found(plugin, sale, "sale", ref) == taken
    heard = await events(merchant, plugin, sale.key, "payment_intent.succeeded", "charge.succeeded")
    assert {(e.key, e.operation, e.unasked) for e in heard} == {
        (sale.key, Operation.AUTHORIZE, False)
    }
    assert {(e.reply.psp_ref, e.reply.captured) for e in heard} == {(taken.psp_ref, True)}


@pytest.mark.parametrize("by_id", [True, False])
async def test_what_was_sold_too_late_is_given_back_once(
    merchant: Caller, plugin: StripeAdapter, by_id: bool
) -> None:
    sale = to_sell()
    taken = await plugin.sell(sale)
    assert isinstance(taken, Approved)
    void = back(sale, taken.psp_ref if by_id else None)
    given = Approved(taken.psp_ref, AMOUNT)
    for _ in range(2):
        assert await plugin.void(void) == given
    assert await found(plugin, void, "void", taken.psp_ref) == given
    [*_, refunded] = await merchant.at.psp.story(sale.payment_id)
    assert refunded == "refund 50.10 EUR approved at primary"
    heard = await events(merchant, plugin, taken.psp_ref, "refund.created")
    [event] = [each for each in heard if each.operation is Operation.VOID]
    assert (event.key, event.reply, event.unasked) == (void.key, given, False)
    nothing_left = await plugin.void(replace(void, key=f"{void.key}:2"))
    assert nothing_left == Approved(taken.psp_ref, Money(0, "EUR"))


async def test_a_sale_on_a_page_that_is_given_up_is_given_back(
    merchant: Caller, plugin: StripeAdapter
) -> None:
    sale = to_sell(None)
    pending = await plugin.sell(sale)
    assert isinstance(pending, Pending)
    await merchant.at.psp.answer(pending.redirect_url or "", "approve")
    void = back(sale, pending.psp_ref)
    given = await plugin.void(void)
    assert isinstance(given, Approved)
    assert given.amount == AMOUNT
    assert await found(plugin, void, "void", None) == given
    assert await merchant.at.psp.story(sale.payment_id) == [
        "authorization 50.10 EUR approved at primary",
        "capture 50.10 EUR approved at primary",
        "refund 50.10 EUR approved at primary",
    ]


async def test_a_sale_that_waits_for_the_player_is_ended_and_takes_nothing(
    merchant: Caller, plugin: StripeAdapter
) -> None:
    for token in ("pm_card_threeDSecure2Required", None):
        sale = to_sell(token)
        pending = await plugin.sell(sale)
        assert isinstance(pending, Pending)
        given = await plugin.void(back(sale, pending.psp_ref))
        assert isinstance(given, Approved)
        story = await merchant.at.psp.story(sale.payment_id)
        assert not [line for line in story if line.startswith(("capture", "refund"))]


async def test_a_sale_is_refunded_by_its_own_id(merchant: Caller, plugin: StripeAdapter) -> None:
    sale = to_sell()
    taken = await plugin.sell(sale)
    assert isinstance(taken, Approved)
    asked: RefundInstruction = follow(Operation.REFUND, sale, taken.psp_ref)
    refunded = await plugin.refund(replace(asked, authorization_ref=taken.psp_ref))
    assert isinstance(refunded, Approved)
    assert refunded.amount == AMOUNT

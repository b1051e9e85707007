"""What PayPal sells, and gives back: the plugin and the lookalike of PayPal together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.local.psps.paypal.funding import vaulted
from tests.activities.psp.paypal.lookalike import ACCOUNT, FIFTY, World
from workflows.domain.money import Money
from workflows.domain.psp import (
    Approved,
    CompleteInstruction,
    Declined,
    Lookup,
    Operation,
    Pending,
    Ready,
    RefundInstruction,
    SellInstruction,
    VoidInstruction,
)

NOTHING = Money(0, "EUR")


class Shop(World):
    @property
    def key(self) -> str:
        return f"{self.payment}:sale:1"

    async def sell(self, token: str | None) -> Any:
        return await self.paypal.sell(
            SellInstruction(
                **self.about("sale:1"),
                method="ewallet",
                payment_token=token,
                player_id="player_1",
                return_url="https://casino.example/back",
            )
        )

    async def sold(self) -> Approved:
        reply = await self.sell(vaulted("balance"))
        assert isinstance(reply, Approved)
        return reply

    async def complete(self, psp_ref: str, number: int = 1) -> Any:
        about = self.about(f"sale:1:complete:{number}")
        return await self.paypal.complete(
            CompleteInstruction(**about, authorize_key=self.key, psp_ref=psp_ref)
        )

    def void(self, psp_ref: str | None, step: str = "void:1") -> VoidInstruction:
        return VoidInstruction(
            **self.about(step), authorize_key=self.key, psp_ref=psp_ref, sale=True
        )

    async def found(self, step: str, operation: Operation, *refs: str | None) -> Any:
        psp_ref, parent_ref = (*refs, None)[:2]
        return await self.paypal.look_up(
            Lookup(**self.about(step), operation=operation, psp_ref=psp_ref, parent_ref=parent_ref)
        )

    async def story(self) -> list[str]:
        return [line.partition(" ")[0] for line in await self.at.psp.story(self.payment)]


@pytest.fixture
async def shop(world: World) -> AsyncIterator[Shop]:
    yield Shop(world.at, world.paypal)


async def test_an_order_is_taken_when_the_player_has_approved_it(shop: Shop) -> None:
    page = await shop.sell(None)
    assert isinstance(page, Pending)
    assert page.redirect_url is not None
    too_early = await shop.complete(page.psp_ref)
    assert isinstance(too_early, Pending)
    await shop.at.psp.answer(page.redirect_url, "approve")
    ready = await shop.heard("CHECKOUT.ORDER.APPROVED", shop.key)
    assert (ready.key, ready.operation) == (shop.key, Operation.AUTHORIZE)
    assert ready.reply == Ready(page.psp_ref)
    assert await shop.found("sale:1", Operation.AUTHORIZE, page.psp_ref) == Ready(page.psp_ref)
    taken = await shop.complete(page.psp_ref, 2)
    assert isinstance(taken, Approved)
    assert (taken.amount, taken.captured) == (FIFTY, True)
    assert await shop.complete(page.psp_ref, 3) == taken
    for psp_ref in (page.psp_ref, taken.psp_ref):
        assert await shop.found("sale:1", Operation.AUTHORIZE, psp_ref) == taken
    event = await shop.heard("PAYMENT.CAPTURE.COMPLETED", shop.key)
    assert (event.key, event.operation, event.unasked) == (shop.key, Operation.AUTHORIZE, False)
    assert event.reply == taken
    assert await shop.story() == ["authorization", "capture"]


async def test_what_was_sold_is_refunded_by_the_id_of_its_capture(shop: Shop) -> None:
    taken = await shop.sold()
    refund = RefundInstruction(
        key=f"re_{shop.payment}:refund",
        account=ACCOUNT,
        amount=Money(1000, "EUR"),
        trace_id="t",
        psp_ref=taken.psp_ref,
    )
    refunded = await shop.paypal.refund(refund)
    assert isinstance(refunded, Approved)
    event = await shop.heard("PAYMENT.CAPTURE.REFUNDED", refunded.psp_ref)
    assert (event.key, event.reply) == (refund.key, refunded)
    # Of what is left a void gives back the rest.
    rest = await shop.paypal.void(shop.void(taken.psp_ref))
    assert rest == Approved(taken.psp_ref, Money(4000, "EUR"))


@pytest.mark.parametrize("by_order", [True, False])
async def test_what_was_sold_too_late_is_given_back_once(shop: Shop, by_order: bool) -> None:
    page = await shop.sell(None)
    await shop.at.psp.answer(page.redirect_url, "approve")
    taken = await shop.complete(page.psp_ref)
    assert isinstance(taken, Approved)
    ref = page.psp_ref if by_order else taken.psp_ref
    given = Approved(taken.psp_ref, FIFTY)
    for _ in range(2):
        assert await shop.paypal.void(shop.void(ref)) == given
    assert await shop.found("void:1", Operation.VOID, None, ref) == given
    event = await shop.heard("PAYMENT.CAPTURE.REFUNDED", f"{shop.payment}:void:1")
    assert (event.key, event.operation, event.unasked) == (
        f"{shop.payment}:void:1",
        Operation.VOID,
        False,
    )
    assert event.reply == given
    nothing_left = await shop.paypal.void(shop.void(ref, "void:1:2"))
    assert nothing_left == Approved(taken.psp_ref, NOTHING)
    assert await shop.story() == ["authorization", "capture", "refund"]


async def test_of_an_order_that_nobody_completed_nothing_was_taken(shop: Shop) -> None:
    page = await shop.sell(None)
    for action in (None, "approve"):
        if action is not None:
            await shop.at.psp.answer(page.redirect_url, action)
        given = await shop.paypal.void(shop.void(page.psp_ref))
        assert given == Approved(page.psp_ref, NOTHING)
        found = await shop.found("void:1", Operation.VOID, None, page.psp_ref)
        assert found == Approved(page.psp_ref, NOTHING)
    assert await shop.story() == []


async def test_a_sale_under_review_is_promised_and_can_be_given_back_once_it_is_taken(
    shop: Shop,
) -> None:
    page = await shop.sell(None)
    await shop.at.http.post(
        "/checkoutnow",
        params={"token": page.psp_ref.removeprefix("order_")},
        data={"action": "approve", "funding": "capture_pending"},
    )
    promised = await shop.complete(page.psp_ref)
    assert promised == Pending(page.psp_ref)
    early = await shop.paypal.void(shop.void(page.psp_ref))
    assert early == Declined("not_voidable", soft=False, code="PENDING")
    event = await shop.heard("PAYMENT.CAPTURE.COMPLETED", shop.key)
    assert isinstance(event.reply, Approved)
    assert event.reply.captured
    late = await shop.paypal.void(shop.void(event.reply.psp_ref, "void:1:2"))
    assert late == Approved(event.reply.psp_ref, FIFTY)


@pytest.mark.parametrize(
    ("choice", "reason", "soft"),
    [
        ("suspected_fraud", "fraud", False),
        ("limit_at_primary", "limit_exceeded", True),
        ("capture_declined", "do_not_honor", True),
        ("no_gaming_at_primary", "account_misconfigured", True),
    ],
)
async def test_a_kept_wallet_that_is_to_be_charged_is_refused_in_our_words(
    shop: Shop, choice: str, reason: str, soft: bool
) -> None:
    reply = await shop.sell(vaulted(choice))
    assert isinstance(reply, Declined)
    assert (reply.reason, reply.soft) == (reason, soft)


async def test_money_given_back_by_hand_is_found_by_the_sale(shop: Shop) -> None:
    taken = await shop.sold()
    made = await shop.by_hand("refund", amount="10.00")
    event = await shop.heard("PAYMENT.CAPTURE.REFUNDED", made)
    assert (event.operation, event.unasked) == (Operation.REFUND, True)
    assert event.reply == Approved(made, Money(1000, "EUR"))
    assert taken.psp_ref in event.about

"""All that a platform does with payments, each as one errand. Whatever comes of it is fine here:
that nothing is lost or counted twice is asked at the end, of everybody's books.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from infra.local.demo.money import amount_of
from infra.local.stack.chosen_psp import HELD_FIRST
from tests.chaos import giving_up
from tests.chaos.errands import Errand

HELD = HELD_FIRST[0]
"""The method by which money is held first and captured then; by card it is taken at once."""
Play = Callable[[Errand], Awaitable[None]]


@dataclass(frozen=True)
class Flow:
    name: str
    weight: int
    payments: int
    """How many it opens."""
    play: Play


def _deposit(token: str, method: str = "card") -> Play:
    async def play(at: Errand) -> None:
        await at.deposit(at.some_amount(), token, method)

    return play


def _challenged(action: str) -> Play:
    async def play(at: Errand) -> None:
        seen = await at.deposit(at.some_amount(), "tok_3ds")
        if seen["status"] == "REQUIRES_ACTION":
            await asyncio.sleep(at.dice.uniform(0.0, 1.5))
            await at.answer_the_page(seen["redirect_url"], action)
            await at.follow(seen["intent_id"])

    return play


async def _closes_the_tab(at: Errand) -> None:
    await at.deposit(at.some_amount(), "tok_3ds")


async def _never_authorized(at: Errand) -> None:
    await at.open(at.some_amount(), "tok_ok")


async def _captured_in_part(at: Errand) -> None:
    intent_id, _ = await at.held("80.00 EUR")
    part = at.dice.choice(("80.00 EUR", "30.05 EUR", "0.01 EUR"))
    await at.command(intent_id, "capture", {"amount": amount_of(part)})
    await at.follow(intent_id)


async def _voided(at: Errand) -> None:
    intent_id, _ = await at.held(at.some_amount())
    await at.command(intent_id, "void")
    await at.follow(intent_id)


async def _captured_and_voided_at_once(at: Errand) -> None:
    intent_id, _ = await at.held(at.some_amount())
    await asyncio.gather(at.command(intent_id, "capture"), at.command(intent_id, "void"))
    await at.follow(intent_id)


def _cancelled_under_way(token: str) -> Play:
    """The player's cancel races with the PSP's answer."""

    async def play(at: Errand) -> None:
        intent_id = await at.open(at.some_amount(), token)

        async def cancel() -> None:
            await asyncio.sleep(at.dice.uniform(0.0, 0.8))
            await at.command(intent_id, "cancel")

        await asyncio.gather(at.command(intent_id, "authorize"), cancel())
        await at.follow(intent_id, "REQUIRES_ACTION")

    return play


async def _refunded(at: Errand) -> None:
    """Twice at once, and once beyond what is left."""
    seen = await at.deposit("90.00 EUR")
    if seen["status"] == "CAPTURED":
        capture_id = seen["capture_id"]
        refunds = await asyncio.gather(
            *(at.refund(capture_id, amount) for amount in ("40.10 EUR", "20.20 EUR", "29.71 EUR"))
        )
        await asyncio.gather(*(at.follow(refund) for refund in refunds if refund))


async def _refunded_while_paid_out(at: Errand) -> None:
    """Both want the same money: one of them gets it."""
    seen = await at.deposit("50.00 EUR")
    if seen["status"] == "CAPTURED":
        wanted = await asyncio.gather(
            at.refund(seen["capture_id"], "50.00 EUR"), at.pay_out("50.00 EUR", "dst_ok")
        )
        await asyncio.gather(*(at.follow(payment) for payment in wanted if payment))


def _paid_out(destination: str) -> Play:
    async def play(at: Errand) -> None:
        amount = at.some_amount()
        await at.deposit(amount)
        payout_id = await at.pay_out(amount, destination)
        if payout_id:
            await at.follow(payout_id)

    return play


async def _overdrawn(at: Errand) -> None:
    """Five want 30 of 100 at once: three can have it."""
    await at.deposit("100.00 EUR")
    payouts = await asyncio.gather(*(at.pay_out("30.00 EUR", "dst_ok") for _ in range(5)))
    await asyncio.gather(*(at.follow(payout) for payout in payouts if payout))


async def _without_funds(at: Errand) -> None:
    await at.pay_out("10.00 EUR", "dst_ok")


def _decided(*decisions: str) -> Play:
    """A VIP's payout, decided on by a second person; without decisions it is left waiting."""

    async def play(at: Errand) -> None:
        await at.deposit("200.00 GBP")
        payout_id = await at.pay_out("150.50 GBP", "dst_ok", vip=True)
        if payout_id is None:
            return
        for decision in decisions:
            await at.follow(payout_id, "PAYOUT_AWAITING_APPROVAL", "PAYOUT_POSTPONED")
            soon = (datetime.now(UTC) + timedelta(seconds=at.dice.uniform(4, 9))).isoformat()
            await at.decide(payout_id, decision, soon if decision == "postpone" else None)
        if decisions:
            await at.follow(payout_id, "PAYOUT_POSTPONED")

    return play


def _payout_cancelled(*, vip: bool) -> Play:
    """While it waits for approval, or in a race with the PSP."""

    async def play(at: Errand) -> None:
        await at.deposit("60.00 EUR")
        payout_id = await at.pay_out("60.00 EUR", "dst_ok", vip=vip)
        if payout_id:
            await asyncio.sleep(at.dice.uniform(0.0, 0.5))
            await at.cancel_payout(payout_id)
            await at.follow(payout_id, "PAYOUT_AWAITING_APPROVAL")

    return play


FLOWS = (
    Flow("deposit", 6, 1, _deposit("tok_ok")),
    Flow("deposit, result later", 3, 1, _deposit("tok_async")),
    Flow("deposit, second account", 2, 1, _deposit("tok_soft_first")),
    Flow("deposit, declined softly", 1, 1, _deposit("tok_soft")),
    Flow("deposit, declined", 1, 1, _deposit("tok_hard")),
    Flow("deposit, held first", 3, 1, _deposit("tok_ok", HELD)),
    Flow("deposit, capture refused", 1, 1, _deposit("tok_capture_refused", HELD)),
    Flow("deposit, answer lost", 2, 1, _deposit("tok_lost_authorize")),
    Flow("deposit, sale's answer lost", 1, 1, _deposit("tok_lost_capture")),
    Flow("deposit, capture's answer lost", 2, 1, _deposit("tok_lost_capture", HELD)),
    Flow("deposit, PSP fails", 1, 1, _deposit("tok_500")),
    Flow("deposit, PSP slow", 1, 1, _deposit("tok_slow")),
    Flow("challenge approved", 3, 1, _challenged("approve")),
    Flow("challenge declined", 1, 1, _challenged("decline")),
    Flow("challenge cancelled", 1, 1, _challenged("cancel")),
    Flow("challenge ignored", 1, 1, _closes_the_tab),
    Flow("never authorized", 1, 1, _never_authorized),
    Flow("captured in part", 2, 1, _captured_in_part),
    Flow("voided", 2, 1, _voided),
    Flow("capture races void", 1, 1, _captured_and_voided_at_once),
    Flow("cancel races PSP", 2, 1, _cancelled_under_way("tok_ok")),
    Flow("cancel races webhook", 2, 1, _cancelled_under_way("tok_async")),
    Flow("cancel races slow PSP", 1, 1, _cancelled_under_way("tok_slow")),
    Flow("cancel races challenge", 1, 1, _cancelled_under_way("tok_3ds")),
    Flow("refunds, one too many", 2, 4, _refunded),
    Flow("refund races payout", 1, 3, _refunded_while_paid_out),
    Flow("payout", 3, 2, _paid_out("dst_ok")),
    Flow("payout fails", 2, 2, _paid_out("dst_fail")),
    Flow("payout slow", 1, 2, _paid_out("dst_slow")),
    Flow("payouts overdraw", 1, 6, _overdrawn),
    Flow("payout without funds", 1, 1, _without_funds),
    Flow("payout approved", 1, 2, _decided("approve")),
    Flow("payout declined", 1, 2, _decided("decline")),
    Flow("payout postponed, approved", 1, 2, _decided("postpone", "approve")),
    Flow("payout postponed", 1, 2, _decided("postpone")),
    Flow("payout undecided", 1, 2, _decided()),
    Flow("payout cancelled", 1, 2, _payout_cancelled(vip=True)),
    Flow("payout cancelled late", 1, 2, _payout_cancelled(vip=False)),
    Flow("gives up: cancel, then approve", 2, 2, giving_up.watched_payout("cancel", "approve")),
    Flow("gives up: approve, then cancel", 1, 2, giving_up.watched_payout("approve", "cancel")),
    Flow("gives up: decline, then approve", 1, 2, giving_up.watched_payout("decline", "approve")),
    Flow("gives up: void, then capture", 1, 1, giving_up.hold("void", "capture")),
    Flow("gives up: capture, then void", 1, 1, giving_up.hold("capture", "void")),
    Flow("gives up: cancel, then capture", 1, 1, giving_up.hold("cancel", "capture")),
    Flow("gives up: authorize, then cancel", 1, 1, giving_up.intent("authorize", "cancel")),
    Flow("gives up: cancel, then authorize", 1, 1, giving_up.intent("cancel", "authorize")),
)

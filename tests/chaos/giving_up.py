"""Callers that give up: a command is told once and never repeated, whether it was heard or not, and
sometimes the opposite is wanted later. One of the two happens, never both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.chaos.errands import Errand

_SILENT = 0.3
"""So many never ask for anything else."""


async def _then(at: Errand, payment_id: str, first: str, rival: str) -> None:
    await at.once(payment_id, first)
    if at.dice.random() >= _SILENT:
        await asyncio.sleep(at.dice.choice((0.0, 0.2, 1.0, 3.0)))
        await at.once(payment_id, rival)
    await at.follow(payment_id, "AUTHORIZED", "INITIATED", "PAYOUT_AWAITING_APPROVAL")


def watched_payout(first: str, rival: str) -> Callable[[Errand], Awaitable[None]]:
    """On which a second person decides."""

    async def play(at: Errand) -> None:
        await at.deposit("200.00 GBP")
        payout_id = await at.pay_out("150.50 GBP", "dst_ok", vip=True)
        if payout_id is not None:
            await at.follow(payout_id, "PAYOUT_AWAITING_APPROVAL")
            await _then(at, payout_id, first, rival)

    return play


def hold(first: str, rival: str) -> Callable[[Errand], Awaitable[None]]:
    """That waits to be captured."""

    async def play(at: Errand) -> None:
        intent_id, _ = await at.held(at.some_amount())
        await _then(at, intent_id, first, rival)

    return play


def intent(first: str, rival: str) -> Callable[[Errand], Awaitable[None]]:
    async def play(at: Errand) -> None:
        intent_id = await at.open(at.some_amount(), at.dice.choice(("tok_ok", "tok_async")))
        await _then(at, intent_id, first, rival)

    return play

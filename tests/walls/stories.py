"""Payments brought to where an operator finds them, and what is done to end them then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from temporalio.client import WorkflowUpdateStage

from tests.walls.bank import Mood
from tests.walls.house import House
from tests.walls.waiting import until
from workflows.domain.deposits import AuthorizeCommand, CaptureCommand, CompleteCommand
from workflows.domain.orders import id_of
from workflows.domain.payments import CaptureMethod
from workflows.domain.payouts import Approval, ApprovalDecision

Play = Callable[[House], Awaitable[str]]
End = Callable[[House, str], Awaitable[Any]]
SOLD = "ewallet"
"""By this method money is taken at once; by card it is held first."""
YES = Approval(decision=ApprovalDecision.APPROVE, approver="approver-1")
ALL_OF_IT = CaptureCommand()
NO = Approval(decision=ApprovalDecision.DECLINE, approver="approver-1", reason="not him")


@dataclass(frozen=True)
class Story:
    name: str
    play: Play
    """Gives the payment's id."""
    end: End
    """Whatever a person may do afterwards, so that the run ends; a refusal is as good."""


async def _deposit(house: House, mood: Mood = Mood.WELL, **changes: Any) -> str:
    order = await house.deposit(**changes)
    house.bank.moods[order.intent_id] = mood
    await house.start(order)
    return order.intent_id


async def _authorized(house: House, mood: Mood = Mood.WELL, **changes: Any) -> str:
    payment_id = await _deposit(house, mood, **changes)
    await house.tell(payment_id, "authorize", AuthorizeCommand())
    return payment_id


async def _held(house: House) -> str:
    return await _authorized(house, capture_method=CaptureMethod.MANUAL)


async def opened(house: House) -> str:
    """Nothing has been asked."""
    return await _deposit(house)


async def credited(house: House) -> str:
    return await _authorized(house)


async def cascaded(house: House) -> str:
    return await _authorized(house, Mood.DECLINES)


async def challenged(house: House) -> str:
    return await _authorized(house, Mood.CHALLENGES)


async def captured_in_part(house: House) -> str:
    payment_id = await _held(house)
    await house.capture(payment_id, 2000)
    await house.ended(payment_id)
    return payment_id


async def voided(house: House) -> str:
    payment_id = await _held(house)
    await house.tell(payment_id, "void")
    return payment_id


async def cancelled_before(house: House) -> str:
    payment_id = await _deposit(house)
    await house.tell(payment_id, "cancel")
    return payment_id


async def begin(house: House, payment_id: str, command: str, *arguments: Any) -> None:
    """Give a command, and do not wait for what comes of it."""
    if command == "authorize":
        arguments = (AuthorizeCommand(),)
    await house.run(payment_id).start_update(
        command, args=arguments, wait_for_stage=WorkflowUpdateStage.ACCEPTED
    )


async def in_doubt(house: House) -> str:
    """The PSP has captured; its answer was lost."""
    payment_id = await _held(house)
    house.bank.moods[payment_id] = Mood.LOSES_ANSWERS
    await begin(house, payment_id, "capture", ALL_OF_IT)
    await until(lambda: _is_done(house, payment_id, "capture"), "captured at the PSP")
    return payment_id


async def _is_done(house: House, payment_id: str, operation: str) -> bool:
    return house.bank.done(payment_id)[operation] > 0


async def _payout(house: House, mood: Mood = Mood.WELL, **changes: Any) -> str:
    order = await house.payout(**changes)
    house.bank.moods[order.payout_id] = mood
    await (await house.start(order)).execute_update("accepted")
    return order.payout_id


async def paid(house: House) -> str:
    payment_id = await _payout(house)
    await house.ended(payment_id)
    return payment_id


async def awaiting(house: House) -> str:
    return await _payout(house, segment="vip")


async def approved(house: House) -> str:
    payment_id = await awaiting(house)
    await house.tell(payment_id, "approve", YES)
    await house.ended(payment_id)
    return payment_id


async def declined(house: House) -> str:
    payment_id = await awaiting(house)
    await house.tell(payment_id, "approve", NO)
    return payment_id


async def cancelled(house: House) -> str:
    payment_id = await awaiting(house)
    await house.tell(payment_id, "cancel")
    return payment_id


async def processing(house: House) -> str:
    payment_id = await _payout(house, Mood.PROMISES)
    await house.comes_to(payment_id, "PAYOUT_PROCESSING")
    return payment_id


async def refunded(house: House) -> str:
    order = await house.refund()
    await house.start(order)
    await house.ended(id_of(order))
    return id_of(order)


async def refunding(house: House) -> str:
    order = await house.refund()
    house.bank.moods[order.refund_id] = Mood.LOSES_ANSWERS
    await house.start(order)
    return order.refund_id


async def refund_promised(house: House) -> str:
    order = await house.refund()
    house.bank.moods[order.refund_id] = Mood.PROMISES
    await house.start(order)
    await until(lambda: _is_done(house, order.refund_id, "refund"), "the PSP has it")
    return order.refund_id


async def _by_word(house: House, payment_id: str) -> None:
    """The PSP tells what it did, as it does."""
    await house.webhooks(payment_id)


async def _authorize(house: House, payment_id: str) -> None:
    await house.tell(payment_id, "authorize", AuthorizeCommand())


async def _capture(house: House, payment_id: str) -> None:
    await house.tell(payment_id, "authorize", AuthorizeCommand())
    await house.capture(payment_id)


async def _complete(house: House, payment_id: str) -> None:
    await house.tell(payment_id, "authorize", AuthorizeCommand())
    await house.tell(payment_id, "complete", CompleteCommand())


async def _approve(house: House, payment_id: str) -> None:
    await house.tell(payment_id, "approve", YES)


async def _cancel(house: House, payment_id: str) -> None:
    await house.webhooks(payment_id)
    await house.tell(payment_id, "cancel")


async def sold(house: House) -> str:
    return await _authorized(house, method=SOLD)


async def sold_elsewhere(house: House) -> str:
    return await _authorized(house, Mood.DECLINES, method=SOLD)


async def sold_at_the_challenge(house: House) -> str:
    return await _authorized(house, Mood.CHALLENGES, method=SOLD)


async def sale_in_doubt(house: House) -> str:
    """The PSP has taken the money; its answer was lost."""
    payment_id = await _deposit(house, Mood.LOSES_ANSWERS, method=SOLD)
    await begin(house, payment_id, "authorize")
    await until(lambda: _is_done(house, payment_id, "capture"), "taken at the PSP")
    return payment_id


DEPOSITS = [
    Story("credited", credited, _authorize),
    Story("cascaded", cascaded, _authorize),
    Story("held", _held, _capture),
    Story("challenged", challenged, _complete),
    Story("captured in part", captured_in_part, _capture),
    Story("voided", voided, _capture),
    Story("cancelled before", cancelled_before, _authorize),
    Story("in doubt", in_doubt, _cancel),
    Story("abandoned", _held, _cancel),
    Story("abandoned at the challenge", challenged, _cancel),
    Story("sold", sold, _authorize),
    Story("sold elsewhere", sold_elsewhere, _authorize),
    Story("sold at the challenge", sold_at_the_challenge, _complete),
    Story("sale in doubt", sale_in_doubt, _cancel),
    Story("sale abandoned at the challenge", sold_at_the_challenge, _cancel),
]
PAYOUTS = [
    Story("paid", paid, _approve),
    Story("awaiting", awaiting, _approve),
    Story("approved", approved, _approve),
    Story("declined", declined, _approve),
    Story("cancelled", cancelled, _approve),
    Story("processing", processing, _by_word),
]
REFUNDS = [
    Story("refunded", refunded, _by_word),
    Story("refunding", refunding, _by_word),
    Story("promised", refund_promised, _by_word),
]

"""What is done about a fact that reaches a payment when it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from temporalio import workflow

from . import books, doubts
from .authorization import release
from .conversation import Conversation
from .domain.late_events import (
    RETURNED_FROM,
    Decision,
    Means,
    account_of,
    as_returned,
    decide,
)
from .domain.payments import Attempt, Facts, Problem, Recalled, Record
from .domain.psp import Approved, Declined, MerchantAccount, PspEvent, VoidInstruction, key_of
from .domain.releases import next_void_key, was_any_released
from .domain.wallet import Credit
from .holding import posted_or_bug

Change = Callable[[Recalled], Recalled | None]


class Aftermath:
    """Sees to the late facts of one payment, one after the other."""

    def __init__(self, payment_id: str, psp: Conversation) -> None:
        self._payment_id = payment_id
        self._psp = psp

    async def see_to(self, event: PspEvent) -> Decision:
        """Whatever is done is done once, however often and by how many runs it is told."""
        payment = await books.recall(self._payment_id)
        decision = _decided(event, payment)
        match decision.means:
            case Means.NOTHING:
                pass
            case Means.RELEASE:
                await self._release(event, payment)
            case Means.GIVE_BACK:
                attempt = payment.attempt(event.key)
                if attempt is None:
                    raise AssertionError("what comes back had been asked for")
                await give_back(payment, attempt.account, problem_in(event))
            case Means.CASE:
                await doubts.late(event, payment, account_of(event, payment), decision.why)
        return decision

    async def _release(self, event: PspEvent, payment: Recalled) -> None:
        account = account_of(event, payment)
        if account is None or not isinstance(event.reply, Approved):
            raise AssertionError("a hold is released where it is")
        void = VoidInstruction(
            key=next_void_key(event.key, event.reply.psp_ref, payment.facts.attempts),
            account=account,
            amount=payment.amount,
            trace_id=payment.trace_id,
            authorize_key=event.key,
            psp_ref=event.reply.psp_ref,
        )
        await release(self._psp, void)
        await remember(self._payment_id, self._psp)


def _decided(event: PspEvent, payment: Recalled) -> Decision:
    decision = decide(event, payment)
    if decision.means is Means.CASE:
        # Runs from before this was so gave back what any no was about.
        before = decide(as_returned(event), payment)
        if before.means is Means.GIVE_BACK and not workflow.patched("only-returns-are-given-back"):
            return before
    if decision.means is Means.RELEASE:
        # Runs from before this was so took any release of the authorization for that of this hold.
        released = was_any_released(event.key, payment.facts.attempts)
        if released and not workflow.patched("each-hold-is-voided"):
            return Decision(Means.NOTHING, Means.NOTHING)
    return decision


async def give_back(payment: Recalled, source: MerchantAccount, problem: Problem | None) -> None:
    """A payout or refund came back: the player has the money again, by an entry of its own."""
    key = key_of(payment.payment_id, "return")
    command = Credit(
        key=key,
        player=payment.player,
        amount=payment.amount,
        source=source,
        payment_id=payment.payment_id,
    )
    posted_or_bug(await books.credit(command), key)

    def returned(known: Recalled) -> Recalled | None:
        status = RETURNED_FROM.get(known.status)
        facts = replace(known.facts, problem=problem)
        return replace(known, status=status, facts=facts) if status else None

    await amend(payment.payment_id, returned)


async def remember(payment_id: str, psp: Conversation) -> None:
    """Add to the registry's list of attempts what was asked of PSPs since the end."""

    def remembered(known: Recalled) -> Recalled | None:
        attempts = merged(known.facts, psp.attempts)
        facts = replace(known.facts, attempts=attempts)
        return replace(known, facts=facts) if _news(attempts, known.facts.attempts) else None

    await amend(payment_id, remembered)


async def amend(payment_id: str, change: Change) -> None:
    """Write the next version of a payment that is over, until there is nothing left to change.

    Another run may write one at the same moment: then the registry keeps its version and not
    ours, which looking again shows.
    """
    while (changed := change(await books.recall(payment_id))) is not None:
        await books.record(
            Record(
                payment_id=payment_id,
                version=changed.version + 1,
                status=changed.status,
                final=True,
                facts=changed.facts,
                at=workflow.now().isoformat(),
            )
        )


def _news(attempts: tuple[Attempt, ...], known: tuple[Attempt, ...]) -> bool:
    # What runs from before `released` remembered has none.
    return [replace(a, released=()) for a in attempts] != [replace(a, released=()) for a in known]


def problem_in(event: PspEvent) -> Problem | None:
    reply = event.reply
    return Problem(reply.reason, reply.code) if isinstance(reply, Declined) else None


def merged(facts: Facts, later: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """The last word on each instruction."""
    known = {attempt.key: attempt for attempt in facts.attempts}
    return tuple((known | {attempt.key: attempt for attempt in later}).values())

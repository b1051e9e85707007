"""What is done about a fact that reaches a payment when it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from temporalio import workflow

from workflows.domain.deposits import Status
from workflows.domain.events import PspEvent
from workflows.domain.identity import key_of
from workflows.domain.late_events import RETURNED_FROM, Means, account_of, decide
from workflows.domain.meanings import MOVES, Meaning
from workflows.domain.money import Money
from workflows.domain.payments import Attempt, Facts, Problem
from workflows.domain.psp import (
    Approved,
    Declined,
    Lookup,
    MerchantAccount,
    Operation,
    VoidInstruction,
)
from workflows.domain.records import Closing, Overtaken, Recalled, Record, Recorded, Superseded
from workflows.domain.releases import next_void_key, was_released
from workflows.domain.unasked import (
    as_known,
    comes_by,
    is_booked,
    left_of,
    left_without_us,
    reversal_in,
    with_reversal,
)
from workflows.domain.wallet import ClawBack, Credit, Restore

from . import escalation, psp_calls, stubs
from .psp_operations import PspOperations
from .releasing import release
from .wallet_hold import WalletBug

Change = Callable[[Recalled], Recalled | None]
Command = Credit | ClawBack | Restore


class LateFacts:
    """Sees to the late facts of one payment, one after the other."""

    def __init__(self, payment_id: str, psp: PspOperations) -> None:
        self._payment_id = payment_id
        self._psp = psp

    async def see_to(self, event: PspEvent) -> Meaning:
        """Whatever is done is done once, however often and by how many runs it is told."""
        payment = await stubs.recall(self._payment_id)
        event = as_known(event, payment)
        decision = decide(event, payment)
        if event.hearsay and decision.means in MOVES:
            event, decision = await self._confirmed(event, payment)
        match decision.means:
            case Means.NOTHING:
                pass
            case Means.RELEASE:
                await self._release(event, payment)
            case Means.DOUBLE:
                await self._double(event, payment)
            case Means.GIVE_BACK:
                attempt = payment.attempt(event.key)
                if attempt is None:
                    raise AssertionError("what comes back had been asked for")
                await give_back(
                    payment, attempt.account, problem_in(event), event.occurred_at, event.name
                )
            case Means.TAKE_BACK | Means.RESTORE | Means.REMEMBER:
                await self._reverse(event, payment, decision.means)
            case Means.CASE if left_without_us(event, payment):
                await escalation.money_gone(event, payment, payment.facts.account, decision.why)
            case Means.CASE:
                await escalation.late(event, payment, account_of(event, payment), decision.why)
        return decision

    async def _confirmed(self, event: PspEvent, payment: Recalled) -> tuple[PspEvent, Meaning]:
        """What its PSP does not sign, as the PSP has it: asked for under our key. What nobody here
        asked for has none, and is a person's."""
        account = None if event.unasked else account_of(event, payment)
        if account is None:
            return event, Meaning(Means.CASE, "it is not signed, and the PSP cannot be asked")
        attempt = payment.attempt(event.key)
        finding = await psp_calls.look(
            Lookup(
                key=event.key,
                operation=event.operation,
                account=account,
                psp_ref=event.names or (attempt.psp_ref if attempt else None) or None,
                trace_id=payment.trace_id,
                amount=event.amount,
                asked_at="",
            )
        )
        if not isinstance(finding, Approved | Declined):
            why = f"it is not signed, and the PSP does not confirm it ({finding.kind})"
            return event, Meaning(Means.CASE, why)
        # When the PSP confirmed it is all that is known of when it was.
        now = workflow.now().isoformat()
        event = replace(event, reply=finding, occurred_at=now, hearsay=False)
        return event, decide(event, payment)

    async def _double(self, event: PspEvent, payment: Recalled) -> None:
        attempt = None if event.operation is Operation.CAPTURE else payment.attempt(event.key)
        known = attempt.psp_ref if attempt is not None else payment.facts.capture_ref
        await escalation.double(event, account_of(event, payment), known or "", self._payment_id)
        reply = event.reply
        if event.operation is not Operation.AUTHORIZE or not isinstance(reply, Approved):
            return
        if not (reply.captured or was_released(event.key, reply.psp_ref, payment.facts.attempts)):
            await self._release(event, payment)

    async def _release(self, event: PspEvent, payment: Recalled) -> None:
        account = account_of(event, payment)
        if account is None or not isinstance(event.reply, Approved):
            raise AssertionError("a hold is released, and a sale given back, where it is")
        void = VoidInstruction(
            key=next_void_key(event.key, event.reply.psp_ref, payment.facts.attempts),
            account=account,
            amount=payment.amount,
            trace_id=payment.trace_id,
            authorize_key=event.key,
            psp_ref=event.reply.psp_ref,
            sale=event.reply.captured,
        )
        try:
            await release(self._psp, void)
        except (Overtaken, Superseded):
            await escalation.unreleased(void, "its capture was asked for before")
        await remember(self._payment_id, self._psp)

    async def _reverse(self, event: PspEvent, payment: Recalled, means: Means) -> None:
        """Captured money that left us without us, or came back: booked, told, and a person's."""
        account, reversal = payment.facts.account, reversal_in(event)
        if account is None:
            raise AssertionError("captured money was captured somewhere")
        if means is Means.TAKE_BACK:
            # First nothing more is paid out to this player; then the books follow.
            await escalation.money_gone(event, payment, account, "it was taken from the player")

        def reversed_(known: Recalled) -> Recalled | None:
            if is_booked(reversal, known):
                return None
            changed, captured = with_reversal(known, reversal), known.facts.captured
            whole = captured is not None and left_of(changed) == captured.minor_units
            return replace(changed, status=Status.CAPTURED if whole else Status.REVERSED)

        if means is Means.REMEMBER:
            await amend(self._payment_id, reversed_)
            return
        make: type[ClawBack | Restore] = ClawBack if means is Means.TAKE_BACK else Restore
        command = make(
            key=f"{key_of(self._payment_id, reversal.operation)}:{reversal.psp_ref}",
            player=payment.player,
            amount=Money(abs(comes_by(reversal, payment)), reversal.amount.currency),
            source=account,
            payment_id=self._payment_id,
        )
        await amend(self._payment_id, reversed_, command)


async def give_back(
    payment: Recalled, source: MerchantAccount, problem: Problem | None, at: str, told_by: str
) -> None:
    """A payout or refund came back: the player has the money again, by an entry of its own, once
    for each fact (or case) that tells it."""
    times = len(payment.facts.returns)
    command = Credit(
        key=key_of(payment.payment_id, "return", times + 1 if times else None),
        player=payment.player,
        amount=payment.amount,
        source=source,
        payment_id=payment.payment_id,
    )

    def returned(known: Recalled) -> Recalled | None:
        status = RETURNED_FROM.get(known.status)
        if told_by in known.facts.returned_by:
            return None
        facts = replace(
            known.facts,
            problem=problem,
            returns=(*known.facts.returns, at),
            returned_by=(*known.facts.returned_by, told_by),
        )
        return replace(known, status=status, facts=facts) if status else None

    await amend(payment.payment_id, returned, command)


async def remember(payment_id: str, psp: PspOperations) -> None:
    """Add to the registry's list of attempts what was asked of PSPs since the end."""

    def remembered(known: Recalled) -> Recalled | None:
        attempts = merged(known.facts, psp.attempts)
        facts = replace(known.facts, attempts=attempts)
        return replace(known, facts=facts) if attempts != known.facts.attempts else None

    await amend(payment_id, remembered)


async def amend(payment_id: str, change: Change, command: Command | None = None) -> None:
    """Write the next version of a payment, with the wallet's command that it tells of, until there
    is nothing left to change.

    Another run may write one at the same moment: then neither is done, and we look again.
    """
    while (changed := change(await stubs.recall(payment_id))) is not None:
        record = Record(
            payment_id=payment_id,
            version=changed.version + 1,
            status=changed.status,
            final=changed.final,
            facts=changed.facts,
            at=workflow.now().isoformat(),
            amends=True,
        )
        if command is None:
            done: object = await stubs.record(record)
        else:
            done = await stubs.close(Closing(command=command, record=record))
        if not isinstance(done, Recorded):
            raise WalletBug(f"the wallet refused {command and command.key}: {done}")
        if done.version is not None:
            return


def problem_in(event: PspEvent) -> Problem | None:
    """Why the PSP says no; None if it does not say no."""
    reply = event.reply
    return Problem(reply.reason, reply.code) if isinstance(reply, Declined) else None


def merged(facts: Facts, later: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """The last word on each instruction."""
    known = {attempt.key: attempt for attempt in facts.attempts}
    return tuple((known | {attempt.key: attempt for attempt in later}).values())

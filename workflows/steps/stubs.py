"""Asking our own books: short, idempotent, retried until they answer, on the run's own queue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow

from workflows.domain.cases import CaseFile, CaseNote
from workflows.domain.clearance import ClearanceRequest, ClearedRoute
from workflows.domain.escalations import NewCase
from workflows.domain.payments import Moved, MoveRequest, Route, RouteRequest
from workflows.domain.records import Closing, Conclusion, Recalled, Record, Recorded
from workflows.domain.reopened import Reopened
from workflows.domain.risk import ScreenRequest, Verdict
from workflows.domain.seals import Checked, Presented, Seal, Vouched
from workflows.domain.wallet import (
    CaptureHold,
    ClawBack,
    Credit,
    Hold,
    Refused,
    Release,
    Restore,
    WalletResult,
)
from workflows.policies import BOOK
from workflows.ports import Cases, Clearance, Registry, Risk, Routing, Sealing, Wallet

Port = TypeVar("Port")
Question = TypeVar("Question")
Answer = TypeVar("Answer")


async def _ask(
    method: Callable[[Port, Question], Awaitable[Answer]], question: Question, summary: str
) -> Answer:
    ask: Any = workflow.execute_local_activity_method
    answer: Answer = await ask(method, question, summary=summary, **BOOK)
    return answer


async def screen(request: ScreenRequest) -> Verdict:
    return await _ask(Risk.screen, request, "May this payment go on?")


async def clear(request: ClearanceRequest) -> ClearedRoute:
    return await _ask(Clearance.clear, request, "May this payment go on, and where?")


async def route(request: RouteRequest) -> Route:
    return await _ask(Routing.route, request, "Which merchant accounts, in which order?")


async def may_move(request: MoveRequest) -> Moved:
    at = f" at {request.account.psp}/{request.account.id}" if request.account else ""
    return await _ask(Routing.may_move, request, f"Is it stopped by hand{at}?")


async def record(entry: Record) -> Recorded:
    return await _ask(Registry.record, entry, f"Record {entry.status}")


async def close(closing: Closing) -> Recorded | Refused:
    command, status = closing.command, closing.record.status
    return await _ask(Wallet.close, closing, f"{_DOES[type(command)]}, and record {status}")


async def conclude(conclusion: Conclusion) -> None:
    await _ask(Registry.conclude, conclusion, "Write down what became of what was asked")


async def expire(at_most: int) -> int:
    return await _ask(Registry.expire, at_most, f"Expire up to {at_most} intents that are overdue")


async def recall(payment_id: str) -> Recalled:
    return await _ask(Registry.recall, payment_id, "What do we know of this payment?")


async def reopen(payment_id: str) -> Reopened:
    return await _ask(Registry.reopen, payment_id, "What was it opened with?")


async def open_case(case: NewCase) -> None:
    await _ask(Cases.open, case, f"Open a case: {case.summary}")


async def look(case_id: str) -> CaseFile:
    return await _ask(Cases.look, case_id, "What is this case about?")


async def note(entry: CaseNote) -> None:
    await _ask(Cases.note, entry, f"Note that it was {entry.what}")


async def check(presented: Presented) -> Checked:
    return await _ask(Sealing.check, presented, f"Is this `{presented.message[:40]}` ours?")


async def vouch(vouched: Vouched) -> Seal:
    return await _ask(Sealing.vouch, vouched, "Seal what a person has told")


async def hold(command: Hold) -> WalletResult:
    return await _ask(Wallet.hold, command, f"Hold {command.amount} of the player")


_DOES = {
    Credit: "Credit the player",
    CaptureHold: "The held money has left",
    Release: "Give the held money back",
    ClawBack: "Take back what has left without us",
    Restore: "Give what has come back",
}

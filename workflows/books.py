"""Asking our own books: short, idempotent, retried until they answer, on the run's own queue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow

from .domain.cases import CaseFile, CaseNote
from .domain.payments import (
    Case,
    Moved,
    MoveRequest,
    Recalled,
    Record,
    Route,
    RouteRequest,
    ScreenRequest,
    Verdict,
)
from .domain.wallet import CaptureHold, Credit, Hold, Release, WalletResult
from .policies import BOOK
from .ports import Cases, Registry, Risk, Routing, Wallet

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


async def route(request: RouteRequest) -> Route:
    return await _ask(Routing.route, request, "Which merchant accounts, in which order?")


async def may_move(request: MoveRequest) -> Moved:
    at = f" at {request.account.psp}/{request.account.id}" if request.account else ""
    return await _ask(Routing.may_move, request, f"Is it stopped by hand{at}?")


async def record(entry: Record) -> None:
    await _ask(Registry.record, entry, f"Record {entry.status}")


async def recall(payment_id: str) -> Recalled:
    return await _ask(Registry.recall, payment_id, "What do we know of this payment?")


async def open_case(case: Case) -> None:
    await _ask(Cases.open, case, f"Open a case: {case.summary}")


async def look(case_id: str) -> CaseFile:
    return await _ask(Cases.look, case_id, "What is this case about?")


async def note(entry: CaseNote) -> None:
    await _ask(Cases.note, entry, f"Note that it was {entry.what}")


async def credit(command: Credit) -> WalletResult:
    return await _ask(Wallet.credit, command, f"Credit {command.amount} to the player")


async def hold(command: Hold) -> WalletResult:
    return await _ask(Wallet.hold, command, f"Hold {command.amount} of the player")


async def capture_hold(command: CaptureHold) -> WalletResult:
    by = command.destination
    return await _ask(Wallet.capture_hold, command, f"The held money has left by {by.psp}/{by.id}")


async def release(command: Release) -> WalletResult:
    return await _ask(Wallet.release, command, "Give the held money back to the player")

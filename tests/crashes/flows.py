"""The courses that a payment can take, and the messages that can come between.

A flow is what a caller wants; a rival is what somebody else wants of the same payment when the
worker has died and the first caller does not ask again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.crashes.runs import Run
from tests.crashes.ward import HELD_FIRST
from tests.workflows import orders
from workflows.domain.deposits import AuthorizeCommand, CaptureCommand, CompleteCommand
from workflows.domain.money import Money
from workflows.domain.orders import PaymentOrder
from workflows.domain.payments import CaptureMethod
from workflows.domain.payouts import Approval, ApprovalDecision

Does = Callable[[Run], Awaitable[Any]]
TWENTY = Money(2000, "EUR")
SOON, MEANWHILE = 2, 14
"""Seconds until an intent expires: while its worker lives; and when it stands at its point."""


def _command(name: str, *arguments: Any) -> Does:
    return lambda run: run.command(name, *arguments)


def _decision(decision: ApprovalDecision, until: str | None = None) -> Does:
    approval = Approval(decision=decision, approver="approver-1", reason="seen", until=until)
    return _command("approve", approval)


def _page(action: str) -> Does:
    return lambda run: run.page(action)


async def _nothing(_: Run) -> None:
    return None


async def _blocked(run: Run) -> None:
    await run.block_player()


async def _postpone(run: Run) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    await _decision(ApprovalDecision.POSTPONE, until.isoformat())(run)


AUTHORIZE = _command("authorize", AuthorizeCommand())
COMPLETE = _command("complete", CompleteCommand())
CAPTURE = _command("capture", CaptureCommand())
CAPTURE_TWENTY = _command("capture", CaptureCommand(amount=TWENTY))
CANCEL, VOID, ACCEPTED = _command("cancel"), _command("void"), _command("accepted")
APPROVE, DECLINE = _decision(ApprovalDecision.APPROVE), _decision(ApprovalDecision.DECLINE)

RIVALS: dict[str, Does] = {
    "nobody": _nothing,
    "authorize": AUTHORIZE,
    "complete": COMPLETE,
    "cancel": CANCEL,
    "void": VOID,
    "capture": CAPTURE,
    "capture a part": CAPTURE_TWENTY,
    "approve": APPROVE,
    "decline": DECLINE,
    "page": _page("approve"),
    "page declined": _page("decline"),
    "player blocked": _blocked,
}


@dataclass(frozen=True)
class Flow:
    name: str
    order: Callable[[str], PaymentOrder]
    """By the name of the PSP."""
    steps: tuple[Does, ...]
    """What its caller does, one after the other, until the worker dies."""
    rivals: tuple[str, ...]
    until: str = ""
    """The point from which on it is left alone."""


def _deposit(token: str = "tok_ok", **changes: Any) -> Callable[[str], PaymentOrder]:
    return lambda _: orders.deposit(payment_token=token, **changes)


def _two_calls(token: str = "tok_ok") -> Callable[[str], PaymentOrder]:
    """Held first and captured then, though the order is for automatic capture."""
    return _deposit(token, method=HELD_FIRST)


def _held(**changes: Any) -> Callable[[str], PaymentOrder]:
    return _deposit(capture_method=CaptureMethod.MANUAL, **changes)


def _payout(destination: str = "dst_ok", **changes: Any) -> Callable[[str], PaymentOrder]:
    return lambda _: orders.payout(destination=destination, **changes)


def _watched() -> Callable[[str], PaymentOrder]:
    """A VIP's, on which a second person decides."""
    return _payout(segment="vip")


NOBODY_OR_CANCEL = ("nobody", "cancel")
DEPOSITS = (
    Flow("deposit", _deposit(), (AUTHORIZE,), ("nobody", "cancel", "player blocked")),
    Flow("second account", _deposit("tok_soft_first"), (AUTHORIZE,), ("nobody", "cancel")),
    Flow("result later", _deposit("tok_async"), (AUTHORIZE,), ("nobody", "cancel")),
    Flow("answer lost", _deposit("tok_lost_authorize"), (AUTHORIZE,), ("nobody", "cancel")),
    Flow("held and captured", _two_calls(), (AUTHORIZE,), ("nobody", "cancel", "player blocked")),
    Flow("held at the second", _two_calls("tok_soft_first"), (AUTHORIZE,), ("nobody", "cancel")),
    Flow("hold's answer lost", _two_calls("tok_lost_authorize"), (AUTHORIZE,), ("nobody",)),
    Flow("capture's answer lost", _two_calls("tok_lost_capture"), (AUTHORIZE,), NOBODY_OR_CANCEL),
    Flow("capture refused", _two_calls("tok_capture_refused"), (AUTHORIZE,), NOBODY_OR_CANCEL),
    Flow("declined", _deposit("tok_hard"), (AUTHORIZE,), ("nobody", "cancel")),
    Flow("never authorized", _deposit(), (CANCEL,), ("nobody", "authorize")),
)
CHALLENGES = (
    Flow(
        "challenge",
        _deposit("tok_3ds"),
        (AUTHORIZE, _page("approve"), COMPLETE),
        ("nobody", "cancel", "page", "page declined"),
    ),
    Flow(
        "challenge given up",
        _deposit("tok_3ds"),
        (AUTHORIZE, CANCEL),
        ("nobody", "complete", "page"),
    ),
    Flow(
        "challenge that expires",
        _deposit("tok_3ds", expires_in_seconds=SOON),
        (AUTHORIZE,),
        ("nobody", "page", "cancel"),
    ),
    Flow(
        "challenge that expires meanwhile",
        _deposit("tok_3ds", expires_in_seconds=MEANWHILE),
        (AUTHORIZE,),
        ("nobody", "page"),
        until="psp.void:before",
    ),
    Flow(
        "deposit that would expire meanwhile",
        _deposit(expires_in_seconds=MEANWHILE),
        (AUTHORIZE,),
        ("nobody", "cancel"),
    ),
)
HOLDS = (
    Flow(
        "captured",
        _held(),
        (AUTHORIZE, CAPTURE),
        ("nobody", "cancel", "void", "capture a part"),
    ),
    Flow("captured in part", _held(), (AUTHORIZE, CAPTURE_TWENTY), ("nobody", "void", "cancel")),
    Flow("voided", _held(), (AUTHORIZE, VOID), ("nobody", "capture", "cancel")),
    Flow("held and cancelled", _held(), (AUTHORIZE, CANCEL), ("nobody", "capture", "void")),
)
PAYOUTS = (
    Flow("payout", _payout(), (ACCEPTED,), ("nobody", "cancel", "player blocked")),
    Flow("payout refused by the bank", _payout("dst_fail"), (ACCEPTED,), ("nobody", "cancel")),
    Flow("payout to nowhere", _payout("dst_none"), (ACCEPTED,), ("nobody", "cancel")),
    Flow(
        "payout approved",
        _watched(),
        (ACCEPTED, APPROVE),
        ("nobody", "cancel", "decline", "player blocked"),
    ),
    Flow("payout cancelled", _watched(), (ACCEPTED, CANCEL), ("nobody", "approve", "decline")),
    Flow("payout declined", _watched(), (ACCEPTED, DECLINE), ("nobody", "approve", "cancel")),
    Flow(
        "payout postponed",
        _watched(),
        (ACCEPTED, _postpone, APPROVE),
        ("nobody", "cancel", "decline"),
    ),
    Flow(
        "payout without funds",
        _payout(amount=Money(9000, "EUR")),
        (ACCEPTED,),
        ("nobody", "cancel"),
    ),
)
REFUNDS = (
    Flow("refund", orders.refund, (ACCEPTED,), ("nobody", "player blocked")),
    Flow(
        "refund beyond the capture",
        lambda psp: orders.refund(psp, amount=Money(9000, "EUR")),
        (ACCEPTED,),
        ("nobody",),
    ),
)
FAMILIES = {
    "deposits": DEPOSITS,
    "challenges": CHALLENGES,
    "holds": HOLDS,
    "payouts and refunds": PAYOUTS + REFUNDS,
}

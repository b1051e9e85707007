"""What reaches a run by signal is read with care: what cannot be read is a case, and the next
message is heard. Anybody who reaches Temporal can send anything to any run."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Sequence

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from workflows.domain.escalations import CaseKind, NewCase
from workflows.domain.events import PspEvent
from workflows.domain.late_events import is_step
from workflows.domain.meanings import Meaning
from workflows.domain.psp import Operation

from . import stubs
from .wallet_hold import WalletBug

ODD = (ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, WalletBug)
"""What odd contents make of code that takes them apart, or orders what they say."""


async def event_in(arguments: Sequence[RawValue], payment_id: str) -> PspEvent | None:
    """The fact in a genuine signal, if it can be about this payment. Else it is put aside."""
    try:
        event = workflow.payload_converter().from_payload(arguments[0].payload, PspEvent)
    except Exception:  # noqa: BLE001 - whatever a converter makes of foreign bytes
        await _put_aside(payment_id, "a fact that cannot be read", arguments)
        return None
    if not isinstance(event, PspEvent) or not _may_be_ours(event, payment_id):
        await _put_aside(payment_id, "a fact whose reference is none that we gave", arguments)
        return None
    return event


async def guarded(seeing_to: Awaitable[Meaning], event: PspEvent, payment_id: str) -> str:
    """What a fact came to. One of which nothing can be made is a case: others wait behind it."""
    try:
        return (await seeing_to).why
    except ODD as odd:
        await _nothing_made_of(event, payment_id)
        return f"nothing can be made of it ({type(odd).__name__})"


async def _nothing_made_of(event: PspEvent, payment_id: str) -> None:
    await stubs.open_case(
        NewCase(
            key=f"{event.psp}:{event.event_id}:{CaseKind.UNREADABLE}",
            payment_id=payment_id,
            kind=CaseKind.UNREADABLE,
            summary=f"{event.psp} reports {event.operation} of {event.amount}, and nothing can be "
            "made of it: look at the PSP",
            money_at_risk=event.amount,
            facts={"event_id": event.event_id, "type": event.raw_type, "psp": event.psp},
        )
    )


def require_is(command: object, kind: type[object]) -> None:
    """Raises ApplicationError `Unreadable`, for a validator: bytes come through every type hint."""
    if not isinstance(command, kind):
        raise ApplicationError(f"this is no {kind.__name__}", type="Unreadable", non_retryable=True)


def _may_be_ours(event: PspEvent, payment_id: str) -> bool:
    if event.unasked:
        # It names the authorization whose money it changed, or was found by the PSP's ids.
        named = event.key == "" or is_step(event.key, Operation.AUTHORIZE)
        return named and event.payment_id in ("", payment_id)
    return event.payment_id == payment_id and is_step(event.key, event.operation)


async def _put_aside(payment_id: str, what: str, arguments: Sequence[RawValue]) -> None:
    # Named by what it says: the same junk again is the same case. Its content is not repeated.
    content = b"\0".join(value.payload.data for value in arguments)
    name = hashlib.sha256(what.encode() + content).hexdigest()[:32]
    await stubs.open_case(
        NewCase(
            key=f"{payment_id}:{CaseKind.UNREADABLE}:{name}",
            payment_id=payment_id,
            kind=CaseKind.UNREADABLE,
            summary=f"{what[:1].upper()}{what[1:]} was sent to the run of {payment_id}: it changed "
            "nothing; the run's history has it",
            money_at_risk=None,
            facts={"bytes": str(len(content))},
        )
    )

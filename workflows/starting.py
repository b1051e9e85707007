"""How a run is started, whoever does it: its name, and what is seen of it before its first task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from temporalio.common import SearchAttributePair, TypedSearchAttributes

from .domain.cases import CaseOrder, Stage
from .domain.deposits import DepositOrder
from .domain.deposits import Status as DepositStatus
from .domain.identity import CASE_RESOLUTION, Kind, workflow_id
from .domain.orders import PaymentOrder, id_of
from .domain.payments import CaptureMethod
from .domain.payouts import PayoutOrder
from .domain.payouts import Status as PayoutStatus
from .domain.refunds import RefundOrder
from .domain.refunds import Status as RefundStatus
from .visibility import AMOUNT_MINOR, BRAND, CURRENCY, PAYMENT_STATUS, PLAYER_ID, PSP

Order = PaymentOrder | CaseOrder


@dataclass(frozen=True)
class Start:
    """What Temporal is given to start the run of an order."""

    workflow: str
    order: Order
    id: str
    summary: str
    details: str
    search_attributes: TypedSearchAttributes
    memo: Mapping[str, str]
    again: bool = False
    """Another run may follow one that has ended."""


def start_of(order: Order) -> Start:
    """The one name of the order's run, and all that is seen of it from the start."""
    return _start_of_case(order) if isinstance(order, CaseOrder) else _start_of_payment(order)


def _start_of_case(order: CaseOrder) -> Start:
    return Start(
        workflow=CASE_RESOLUTION,
        order=order,
        id=f"case-{order.case_id}",
        summary=f"Resolution of a case about {order.payment_id}",
        details=f"- Case `{order.case_id}` · trace `{order.trace_id}`",
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(PAYMENT_STATUS, str(Stage.WAITING)),
                SearchAttributePair(BRAND, order.brand),
            ]
        ),
        memo={"trace_id": order.trace_id},
        again=True,
    )


def _start_of_payment(order: PaymentOrder) -> Start:
    match order:
        case DepositOrder():
            kind, status = Kind.DEPOSIT, str(DepositStatus.INITIATED)
            at_once = order.capture_method is CaptureMethod.AUTOMATIC
            headline = f"{order.amount} by {order.method}, captured "
            headline += "at once" if at_once else "by command"
        case PayoutOrder():
            kind, status = Kind.PAYOUT, str(PayoutStatus.SUBMITTED)
            headline = f"{order.amount} by {order.method}"
        case RefundOrder():
            kind, status = Kind.REFUND, str(RefundStatus.SUBMITTED)
            headline = f"{order.amount} of deposit {order.intent_id}"
    return Start(
        workflow=kind,
        order=order,
        id=workflow_id(kind, id_of(order)),
        summary=f"{kind.capitalize()} {headline} · {order.player.brand}",
        details="\n".join(order_lines(order)),
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(PAYMENT_STATUS, status),
                SearchAttributePair(BRAND, order.player.brand),
                SearchAttributePair(PLAYER_ID, order.player.id),
                SearchAttributePair(CURRENCY, order.amount.currency),
                SearchAttributePair(AMOUNT_MINOR, order.amount.minor_units),
                *_psp_of(order),
            ]
        ),
        memo={"trace_id": order.trace_id},
    )


def order_lines(order: PaymentOrder) -> list[str]:
    """What was asked for, in markdown; it never changes."""
    lines = [f"- Player `{order.player.id}` of `{order.player.brand}` · trace `{order.trace_id}`"]
    match order:
        case DepositOrder():
            lines.append(f"- Expires at {order.expires_at} if nothing is held by then")
        case PayoutOrder():
            lines.append(f"- To `{order.destination}` by {order.method}")
            lines.append(f"- Requested by `{order.requester}`, who may not decide on it")
        case RefundOrder():
            lines.append(f"- Of deposit `{order.intent_id}`, PSP's capture `{order.capture_ref}`")
    return lines


def _psp_of(order: PaymentOrder) -> list[SearchAttributePair[str]]:
    """Known from the start for a refund alone."""
    return [SearchAttributePair(PSP, order.account.psp)] if isinstance(order, RefundOrder) else []

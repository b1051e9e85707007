"""PayPal's own report of the money that it moved: one day, a page at a time."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

import structlog
from pydantic import Field, ValidationError

from activities.psp.wire import InDoubt, NeverSent
from workflows.domain.identity import is_of_a_sale, key_of, payment_of
from workflows.domain.money import Money, MoneyError
from workflows.domain.psp import Operation
from workflows.domain.settlement import Movement, SettlementLine, SettlementPage, SettlementQuery

from .amounts import signed
from .client import Client, unreadable
from .messages import AmountMessage
from .reading import Id, Message, Text, adornment, nothing
from .references import is_ours

log = structlog.get_logger("paysaga.psp")

TRANSACTIONS = "/v1/reporting/transactions"
PAGE_SIZE = 100

MOVED = frozenset({"S", "V"})
"""Done, or done and later reversed by a line of its own. Denied and pending moved nothing."""

CODES: dict[str, Movement] = {
    "T0001": Movement.PAYOUT,
    "T0015": Movement.PAYOUT,
    "T1106": Movement.CHARGEBACK,
    "T1107": Movement.REFUND,
    "T1112": Movement.RETURN,
    "T1114": Movement.RETURN,
    "T1115": Movement.RETURN,
    "T1201": Movement.CHARGEBACK,
    "T1202": Movement.CHARGEBACK_REVERSED,
    "T1205": Movement.CHARGEBACK_REVERSED,
    "T1208": Movement.CHARGEBACK_REVERSED,
    "T1108": Movement.FEE,
    "T1109": Movement.FEE,
}
GROUPS: dict[str, Movement] = {
    "T01": Movement.FEE,
    "T03": Movement.TRANSFER,
    "T04": Movement.TRANSFER,
    "T06": Movement.TRANSFER,
    "T07": Movement.TRANSFER,
    "T20": Movement.TRANSFER,
}
RECEIVED = "T00"
"""Payments between PayPal accounts: ours when they add to our balance."""

OPERATIONS = {
    Movement.CAPTURE: Operation.CAPTURE,
    Movement.REFUND: Operation.REFUND,
    Movement.PAYOUT: Operation.PAYOUT,
    Movement.RETURN: Operation.PAYOUT,
}

_SHOWN = ("transaction_id", "transaction_event_code", "transaction_status")
"""Of a line that cannot be read, so that it is found at PayPal."""

_CURSOR = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


class TransactionInfo(Message):
    """One line. `transaction_event_code` is PayPal's T-code, the sign of the amount the direction;
    the date is of the movement's beginning."""

    transaction_id: Id
    transaction_event_code: str
    transaction_status: str
    transaction_initiation_date: str
    transaction_amount: AmountMessage
    fee_amount: Annotated[AmountMessage | None, adornment(nothing)] = None
    """PayPal writes zeros of no currency here as well."""
    invoice_id: Text | None = None
    custom_field: Text | None = None


class TransactionDetail(Message):
    transaction_info: Annotated[dict[str, Any], Field(repr=False)]
    """Read one by one: PayPal's report has lines of every age and kind."""


class Report(Message):
    """A page of a day; pages are counted from 1."""

    transaction_details: Annotated[tuple[TransactionDetail, ...], Field(strict=False)] = ()
    page: Annotated[int, Field(strict=False)] = 1
    total_pages: Annotated[int, Field(strict=False)] = 1


async def page(client: Client, query: SettlementQuery) -> SettlementPage:
    """Raises NeverSent or InDoubt."""
    number = _number(query.cursor)
    answer = await client.get(TRANSACTIONS, "", _parameters(query.day, number))
    if answer.status != 200:
        unreadable(answer)
    report = answer.read(Report)
    if report.page != number:
        raise InDoubt("the answer is about another page")
    found = [_line_of(detail, query) for detail in report.transaction_details]
    lines = tuple(line for line in found if line is not None)
    more = number < report.total_pages
    return SettlementPage(lines=lines, next_cursor=str(number + 1) if more else None)


def movement_of(code: str, credit: bool) -> Movement:
    """By the T-code, else by its group; else what is received (T00nn) is a capture, and everything
    else OTHER."""
    known = CODES.get(code) or GROUPS.get(code[:3])
    if known is not None:
        return known
    if code.startswith(RECEIVED) and credit:
        return Movement.CAPTURE
    return Movement.OTHER


def _line_of(detail: TransactionDetail, query: SettlementQuery) -> SettlementLine | None:
    """None for what moved nothing, and for what cannot be read: the other lines are not lost by
    it, and what it moved stays open until somebody has looked."""
    shown = detail.transaction_info
    if shown.get("transaction_status") not in MOVED:
        return None
    try:
        return _line(TransactionInfo.model_validate(shown), query)
    except (ValidationError, InDoubt):
        named = {name: str(shown.get(name))[:40] for name in _SHOWN}
        log.error("psp_report_line_unreadable", psp="paypal", day=query.day, **named)
        return None


def _line(info: TransactionInfo, query: SettlementQuery) -> SettlementLine:
    amount, credit = _gross(info.transaction_amount)
    movement = movement_of(info.transaction_event_code, credit)
    return SettlementLine(
        account=query.account,
        # One transaction may have lines of several kinds: a hold, and its release.
        line_id=f"{info.transaction_id}:{info.transaction_event_code}",
        movement=movement,
        amount=amount,
        credit=credit,
        fee=_fee(info.fee_amount, amount),
        psp_ref=info.transaction_id,
        key=_key(info, movement),
        occurred_at=_rfc3339(info.transaction_initiation_date),
        raw_type=info.transaction_event_code,
    )


def _gross(message: AmountMessage) -> tuple[Money, bool]:
    try:
        amount, negative = signed(message.value, message.currency_code)
    except MoneyError:
        raise InDoubt("the report has an amount that is none") from None
    return amount, not negative


def _fee(message: AmountMessage | None, amount: Money) -> Money | None:
    """What PayPal kept; given back, or in another currency, it is no fee of this line."""
    if message is None or message.currency_code != amount.currency:
        return None
    fee, added = _gross(message)
    return None if added and not fee.is_zero else fee


def _key(info: TransactionInfo, movement: Movement) -> str | None:
    operation = OPERATIONS.get(movement)
    if operation is None:
        return None
    references = [each for each in (info.invoice_id, info.custom_field) if each]
    found = next((key for key in references if is_ours(key, operation)), None)
    if found is None and movement is Movement.CAPTURE:
        # A sale has the key of its authorization.
        sales = (key for key in references if is_of_a_sale(key))
        return next((key_of(payment_of(key), operation) for key in sales), None)
    if found is None and movement is Movement.REFUND:
        # So a void gives back what a sale took.
        return next((key for key in references if is_ours(key, Operation.VOID)), None)
    return found


def _rfc3339(text: str) -> str:
    """PayPal writes the offset without its colon: 2026-11-24T10:00:00+0000."""
    return re.sub(r"([+-][0-9]{2})([0-9]{2})$", r"\1:\2", text)


def _number(cursor: str | None) -> int:
    if cursor is None:
        return 1
    if not _CURSOR.fullmatch(cursor):
        raise NeverSent("this is no page of PayPal's report")
    return int(cursor)


def _parameters(day: str, number: int) -> dict[str, str]:
    try:
        iso_day = date.fromisoformat(day).isoformat()
    except ValueError:
        raise NeverSent("this is no day") from None
    return {
        "start_date": f"{iso_day}T00:00:00Z",
        "end_date": f"{iso_day}T23:59:59Z",
        # Without the payer's name and addresses, which `all` would bring along.
        "fields": "transaction_info",
        "page_size": str(PAGE_SIZE),
        "page": str(number),
    }

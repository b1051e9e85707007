"""The settlement detail report: a CSV that Adyen names in a REPORT_AVAILABLE webhook.

Columns go by their names: which there are, and where, is set in the Customer Area. Amounts are
decimals. Source: docs.adyen.com/reporting/settlement-reconciliation/transaction-level/
settlement-details-report, read on 2026-11-24.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from activities.psp.wire import InDoubt, NeverSent
from workflows.domain.money import Money, MoneyError
from workflows.domain.psp import MerchantAccount, Operation
from workflows.domain.settlement import Movement, SettlementLine, SettlementPage, SettlementQuery

from . import amounts
from .connection import Connection
from .keys import key_for, read_reference
from .settings import AdyenAccount

_REPORT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,120}\.csv", re.ASCII)

MOVEMENTS = {
    "Settled": Movement.CAPTURE,
    "Refunded": Movement.REFUND,
    "RefundedReversed": Movement.RETURN,
    "PaidOut": Movement.PAYOUT,
    "PaidOutReversed": Movement.RETURN,
    "Chargeback": Movement.CHARGEBACK,
    "SecondChargeback": Movement.CHARGEBACK,
    "ChargebackReversed": Movement.CHARGEBACK_REVERSED,
    "Fee": Movement.FEE,
    "MiscCosts": Movement.FEE,
    "PaymentCost": Movement.FEE,
    "InvoiceDeduction": Movement.FEE,
    "MerchantPayout": Movement.TRANSFER,
    "BankInstructionReturned": Movement.TRANSFER,
}
"""By `Type`; every other one is OTHER."""

_OPERATIONS = {
    "Settled": Operation.CAPTURE,
    "Refunded": Operation.REFUND,
    "RefundedReversed": Operation.REFUND,
    "PaidOut": Operation.PAYOUT,
    "PaidOutReversed": Operation.PAYOUT,
}
_FEES = ("Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)")
_NEEDED = ("Psp Reference", "Merchant Reference", "Creation Date", "TimeZone", "Type")
_ABBREVIATED = {"BST": 1, "CEST": 2, "EEST": 3, "WEST": 1, "EDT": -4, "PST": -8, "PDT": -7}
_ABBREVIATED |= {"SGT": 8, "HKT": 8, "JST": 9, "AEST": 10, "AEDT": 11}
"""Hours from UTC of the zones that the time zone database does not know by that name."""


async def fetch(
    connection: Connection, account: AdyenAccount, query: SettlementQuery
) -> SettlementPage:
    """The report that the cursor names, whole. Without a name there is nothing to ask for: Adyen
    lists no reports by day."""
    if query.cursor is None:
        return SettlementPage(lines=())
    if connection.reports is None or account.report_key is None:
        raise NeverSent(f"{connection.name} has no settings for reports")
    if not _REPORT.fullmatch(query.cursor) or ".." in query.cursor:
        raise NeverSent("this is no name of a report")
    headers = {"X-API-Key": account.report_key.get_secret_value(), "Accept": "text/csv"}
    answer = await connection.reports.exchange("GET", f"/{query.cursor}", headers=headers)
    if answer.status in (401, 403):
        raise NeverSent(f"HTTP {answer.status}: Adyen does not take this report key")
    if answer.status != 200:
        raise InDoubt(f"HTTP {answer.status}")
    return SettlementPage(lines=tuple(parse(answer.body, query.account, account)))


def parse(body: bytes, ours: MerchantAccount, account: AdyenAccount) -> Iterator[SettlementLine]:
    """Raises InDoubt for a report that is none, or is of another merchant account."""
    try:
        rows = csv.DictReader(io.StringIO(body.decode("utf-8-sig")), strict=True)
        missing = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
        if missing:
            raise InDoubt(f"the report has no column {', '.join(missing)}")
        seen: Counter[str] = Counter()
        for row in rows:
            if row.get("Merchant Account") not in (None, account.merchant_account):
                raise InDoubt("the report is of another merchant account")
            yield from _lines(row, ours, seen)
    except (UnicodeDecodeError, csv.Error, MoneyError):
        raise InDoubt("the report is out of the dialect") from None


def _lines(
    row: Mapping[str, str], ours: MerchantAccount, seen: Counter[str]
) -> Iterator[SettlementLine]:
    """The movement, and a fee that is no part of it: in another currency, or paid to us."""
    kind = row["Type"]
    money, credit = _movement(row)
    fee, fee_line = _fee(row, money.currency)
    place = ":".join((row.get("Batch Number") or "", kind, _modification(row), money.currency))
    seen[place] += 1
    line_id = f"{place}:{seen[place]}"
    line = SettlementLine(
        account=ours,
        line_id=line_id,
        movement=MOVEMENTS.get(kind, Movement.OTHER),
        amount=money,
        credit=credit,
        fee=fee,
        psp_ref=_psp_ref(row) or None,
        key=_key(row),
        occurred_at=_moment(row["Creation Date"], row["TimeZone"]),
        raw_type=kind,
    )
    yield line
    if fee_line is not None:
        amount, paid_to_us = fee_line
        yield SettlementLine(
            account=ours,
            line_id=f"{line_id}:fee",
            movement=Movement.FEE,
            amount=amount,
            credit=paid_to_us,
            fee=None,
            psp_ref=line.psp_ref,
            key=line.key,
            occurred_at=line.occurred_at,
            raw_type=f"{kind} fee",
        )


def _movement(row: Mapping[str, str]) -> tuple[Money, bool]:
    """Gross, else net (of fees and payouts there is only that), and whether it is ours."""
    for unit, word in (("GC", "Gross"), ("NC", "Net")):
        currency = row.get(f"{word} Currency") or ""
        for direction, is_credit in (("Debit", False), ("Credit", True)):
            text = row.get(f"{word} {direction} ({unit})")
            if text and currency:
                signed = amounts.read_decimal(text, currency)
                # A debit below zero is a credit.
                return Money(int(abs(signed)), currency), is_credit == (signed >= 0)
    raise InDoubt("the report has a line without an amount")


def _fee(row: Mapping[str, str], currency: str) -> tuple[Money | None, tuple[Money, bool] | None]:
    """The fee in the currency of the line, or else what is told as a line of its own."""
    net = row.get("Net Currency") or ""
    fees = [amounts.read_decimal(row[name], net) for name in _FEES if net and row.get(name)]
    total = int(sum(fees)) if fees else 0
    if not fees or (total == 0 and net != currency):
        return None, None
    if total < 0 or net != currency:
        return None, (Money(abs(total), net), total < 0)
    return Money(total, net), None


def _modification(row: Mapping[str, str]) -> str:
    return row.get("Modification Reference") or row["Psp Reference"]


def _psp_ref(row: Mapping[str, str]) -> str:
    """As we know the instruction: what we asked of a payment later by its own reference, all else,
    a sale among it, by the payment's."""
    own = row["Type"] in ("Refunded", "RefundedReversed")
    ours = read_reference(row.get("Modification Merchant Reference") or "")
    if row["Type"] == "Settled" and ours is not None:
        own = ours.operation is Operation.CAPTURE
    return _modification(row) if own else row["Psp Reference"]


def _key(row: Mapping[str, str]) -> str | None:
    operation = _OPERATIONS.get(row["Type"])
    if operation is None:
        return None
    references = (row.get("Modification Merchant Reference"), row["Merchant Reference"])
    keys = (key_for(operation, reference) for reference in references if reference)
    return next((key for key in keys if key), None)


def _moment(text: str, zone: str) -> str:
    """RFC 3339 in UTC. Raises InDoubt for a time zone that nobody knows."""
    try:
        known = _ABBREVIATED.get(zone)
        there = timezone(timedelta(hours=known)) if known is not None else ZoneInfo(zone)
        moment = datetime.fromisoformat(text).replace(tzinfo=there)
    except (ValueError, ZoneInfoNotFoundError):
        raise InDoubt("the report has a time that is none") from None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

"""The settlement detail report: what was settled in a batch, with the columns Adyen documents."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import time
from collections.abc import Iterable
from decimal import Decimal

from infra.local.psps.adyen import amounts
from infra.local.psps.adyen.models import Payment, Transfer
from infra.local.psps.adyen.notices import Item
from infra.local.psps.adyen.store import Moved, Store

COLUMNS = [
    "Company Account",
    "Merchant Account",
    "Psp Reference",
    "Merchant Reference",
    "Payment Method",
    "Creation Date",
    "TimeZone",
    "Type",
    "Modification Reference",
    "Gross Currency",
    "Gross Debit (GC)",
    "Gross Credit (GC)",
    "Exchange Rate",
    "Net Currency",
    "Net Debit (NC)",
    "Net Credit (NC)",
    "Commission (NC)",
    "Markup (NC)",
    "Scheme Fees (NC)",
    "Interchange (NC)",
    "Payment Method Variant",
    "Modification Merchant Reference",
    "Batch Number",
    "Reserved4",
    "Reserved5",
    "Reserved6",
    "Reserved7",
    "Reserved8",
    "Reserved9",
    "Reserved10",
]
_COMPANY = "Lookalike"
_CREDITS = ("Settled", "RefundedReversed", "PaidOutReversed", "ChargebackReversed")
_FEES = {"Markup (NC)": Decimal("0.006"), "Interchange (NC)": Decimal("0.002")}
"""Of the gross of what is settled, cut to the currency's last decimal."""
Row = dict[str, str]


def close_batch(store: Store, account: str) -> str:
    """All that moved since the last one; the name of the file, which a webhook announces."""
    merchant = store.merchant_account(account)
    number = 1 + sum(name == merchant for name, _ in store.reports)
    file = f"settlement_detail_report_batch_{number}.csv"
    mine = [each for each in store.moved if each.account == account]
    store.moved = [each for each in store.moved if each.account != account]
    store.reports[merchant, file] = _written(_rows(mine, merchant, number))
    url = f"{store.context.url}/reports/download/MerchantAccount/{merchant}/{file}"
    store.notices.tell(Item(account, "REPORT_AVAILABLE", file, "", 0, "EUR", reason=url))
    return file


def given_key(headers: dict[str, str]) -> str:
    """X-API-Key, or the password of Basic, whose user may be any."""
    scheme, _, text = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return headers.get("x-api-key", "")
    try:
        return base64.b64decode(text, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _rows(moved: Iterable[Moved], merchant: str, number: int) -> list[Row]:
    batch = {
        "Company Account": _COMPANY,
        "Merchant Account": merchant,
        "TimeZone": "UTC",
        "Batch Number": str(number),
    }
    rows, net = list[Row](), dict[str, Decimal]()
    for each in moved:
        gross = amounts.decimal(each.amount, each.original.currency)
        credit = each.type in _CREDITS
        fees = _fees(each, gross)
        left = gross - sum(fees.values())
        currency = each.original.currency
        net[currency] = net.get(currency, Decimal()) + (left if credit else -left)
        rows.append({**batch, **_told(each), **_money(gross, left, currency, credit, fees)})
    for currency, total in net.items():
        rows.append({**batch, **_payout(currency, total, merchant, number)})
    return rows


def _told(each: Moved) -> Row:
    of = each.original
    method = of.named if isinstance(of, Payment) else "bankTransfer_IBAN"
    return {
        "Psp Reference": of.id if isinstance(of, Transfer) else of.psp_reference,
        "Merchant Reference": of.reference,
        "Payment Method": method,
        "Payment Method Variant": method,
        "Creation Date": _date(each.at),
        "Type": each.type,
        "Modification Reference": each.psp_reference,
        "Modification Merchant Reference": each.reference,
    }


def _money(
    gross: Decimal, net: Decimal, currency: str, credit: bool, fees: dict[str, Decimal]
) -> Row:
    side = "Credit" if credit else "Debit"
    return {
        "Gross Currency": currency,
        f"Gross {side} (GC)": f"{gross:f}",
        "Exchange Rate": "1",
        "Net Currency": currency,
        f"Net {side} (NC)": f"{net:f}",
        **{name: f"{fee:f}" for name, fee in fees.items()},
    }


def _payout(currency: str, total: Decimal, merchant: str, number: int) -> Row:
    """To the merchant's bank: it takes out what the lines above brought."""
    side = "Debit" if total >= 0 else "Credit"
    return {
        "Type": "MerchantPayout",
        "Creation Date": _date(time.time()),
        "Modification Reference": f"TX0000000{number}XT batch {number}, {merchant}",
        "Net Currency": currency,
        f"Net {side} (NC)": f"{abs(total):f}",
    }


def _fees(each: Moved, gross: Decimal) -> dict[str, Decimal]:
    if each.type != "Settled":
        return {}
    return {name: (gross * part).quantize(gross, "ROUND_DOWN") for name, part in _FEES.items()}


def _date(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment))


def _written(rows: list[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()

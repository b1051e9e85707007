"""`GET /v1/reporting/transactions`: what moved the balance, the oldest first, by pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from infra.local.psps.paypal import errors, views
from infra.local.psps.paypal.endpoint import Call, Reply
from infra.local.psps.paypal.errors import PayPalError
from infra.local.psps.paypal.models import Transaction
from infra.local.psps.paypal.store import Store
from infra.local.psps.paypal.views import View

_LONGEST = timedelta(days=31)


def transactions(store: Store, call: Call) -> Reply:
    """Raises PayPalError."""
    since, until = _moment(call, "start_date"), _moment(call, "end_date")
    if not since <= until <= since + _LONGEST:
        raise _invalid("end_date")
    size, page = _number(call, "page_size", 100, 500), _number(call, "page", 1, 2_147_483_647)
    found = [
        each
        for each in store.transactions
        if each.account == call.account
        and since.timestamp() <= int(each.at) <= until.timestamp()
        and _wanted(each, call.query)
    ]
    shown = found[(page - 1) * size : page * size]
    report: View = {
        "transaction_details": [{"transaction_info": _info(each)} for each in shown],
        "account_number": views.merchant_id(store.context.credentials[call.account]["client_id"]),
        "start_date": views.when(since.timestamp()),
        "end_date": views.when(until.timestamp()),
        "last_refreshed_datetime": views.when(datetime.now().astimezone().timestamp()),
        "page": page,
        "total_items": len(found),
        "total_pages": -(-len(found) // size),
        "links": _links(store, call, page, -(-len(found) // size)),
    }
    # The description has no empty list.
    return Reply(200, lambda: views.without_nothing(report))


def _wanted(of: Transaction, query: dict[str, str]) -> bool:
    """A refund is found by the transaction that it belongs to, too."""
    asked = {
        "transaction_id": (of.id, of.about),
        "transaction_currency": (of.currency,),
        "transaction_type": (of.event_code,),
        "transaction_status": ("S",),
    }
    return all(query[name] in values for name, values in asked.items() if name in query)


def _info(of: Transaction) -> View:
    # Of what an order or a batch is, the reference is no transaction.
    kind = {"T0006": "ODR", "T0001": None}.get(of.event_code, "TXN")
    made = {
        "transaction_id": of.id,
        "paypal_reference_id": of.about if kind else None,
        "paypal_reference_id_type": kind,
        "transaction_event_code": of.event_code,
        "transaction_initiation_date": views.when(of.at),
        "transaction_updated_date": views.when(of.at),
        "transaction_amount": views.money(of.amount, of.currency),
        "fee_amount": views.money(of.fee, of.currency) if of.fee else None,
        "transaction_status": "S",
        "invoice_id": of.invoice_id,
        "custom_field": of.custom,
        "protection_eligibility": "02",
    }
    return views.without_nothing(made)


def _links(store: Store, call: Call, page: int, pages: int) -> list[View]:
    def at(number: int) -> str:
        query = urlencode({**call.query, "page": number})
        return f"{store.url}/v1/reporting/transactions?{query}"

    links = [views.link(at(page), "self")]
    if page < pages:
        links += [views.link(at(page + 1), "next"), views.link(at(pages), "last")]
    return links


def _moment(call: Call, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(call.query.get(name, ""))
    except ValueError:
        raise _invalid(name) from None
    if moment.tzinfo is None:
        raise _invalid(name)
    return moment


def _number(call: Call, name: str, default: int, most: int) -> int:
    value = call.query.get(name, str(default))
    if not value.isdecimal() or not 1 <= int(value) <= most:
        raise _invalid(name)
    return int(value)


def _invalid(name: str) -> PayPalError:
    detail = {"field": name, "location": "query", "issue": "INVALID_PARAMETER_VALUE"}
    return PayPalError(400, {**errors.plain(400), "details": [detail]})

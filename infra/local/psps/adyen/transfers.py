"""Transfers to a card or a bank: told by webhooks, and asked for by name."""

from __future__ import annotations

from typing import Any

import orjson

from infra.local.psps.adyen import amounts
from infra.local.psps.adyen.calls import Call
from infra.local.psps.adyen.errors import AdyenError, invalid, missing
from infra.local.psps.adyen.models import Transfer, iso8601
from infra.local.psps.adyen.payouts import FAILS, OK
from infra.local.psps.adyen.store import Moved, Store
from infra.local.psps.adyen.views import View
from infra.local.psps.base.wire import rfc3339

SECONDS = 0.2
_KINDS = {"card": "cardTransfer", "bank": "bankTransfer"}


def make(store: Store, call: Call) -> View:
    """Raises AdyenError."""
    value, currency = amounts.read(call.body)
    if call.text("balanceAccountId") != store.context.credentials[call.account]["balance_account"]:
        raise AdyenError(422, "30_112", "Balance account not found", "not-found", kept=True)
    category = call.text("category")
    if category not in _KINDS:
        raise invalid("30_011", "Invalid category")
    if category == "bank":
        call.text("priority")
    to = _destination(call, category)
    if to not in (OK, FAILS):
        raise AdyenError(422, "803", "The counterparty is not found", "not-found", kept=True)
    transfer = Transfer(
        call.account,
        call.text("reference"),
        value,
        currency,
        category,
        call.inner("counterparty"),
        fails=to == FAILS,
    )
    store.transfers[transfer.id] = transfer
    _tell(store, transfer, "balancePlatform.transfer.created")
    store.context.later.do(SECONDS, lambda: _pay(store, transfer))
    return view(store, transfer)


def find(store: Store, call: Call) -> View:
    """By our own reference, in the asker's balance account."""
    account = store.context.credentials[call.account]["balance_account"]
    for name in ("createdSince", "createdUntil"):
        if not call.optional(name):
            raise missing(name)
    if call.optional("balanceAccountId") != account:
        raise AdyenError(422, "30_112", "Balance account not found", "not-found")
    found = [
        view(store, each, shown=True)
        for each in store.transfers.values()
        if each.account == call.account and call.optional("reference") in ("", each.reference)
    ]
    return {"data": found, "_links": {}}


def show(store: Store, call: Call) -> View:
    transfer = store.transfers.get(call.id)
    if transfer is None or transfer.account != call.account:
        raise AdyenError(422, "30_112", "Transfer not found", "not-found")
    return view(store, transfer, shown=True)


def send_back(store: Store, transfer: Transfer) -> None:
    """The bank returned the money: beside the approved entry stands a declined one."""
    _done(store, transfer, "returned")
    store.moved.append(_moved(transfer, "PaidOutReversed"))
    _becomes(store, transfer, "returned", "refusedByCounterpartyBank")


def view(store: Store, of: Transfer, *, shown: bool = False) -> View:
    """`shown`: as it is looked at and told, with its course."""
    status, reason = of.statuses[-1]
    made: View = {
        "id": of.id,
        "amount": {"currency": of.currency, "value": of.amount},
        "balanceAccount": {"id": store.context.credentials[of.account]["balance_account"]},
        "category": of.category,
        "counterparty": of.counterparty,
        "createdAt": iso8601(of.created),
        "direction": "outgoing",
        "reason": reason,
        "reference": of.reference,
        "status": status,
        "type": _KINDS[of.category],
    }
    if shown:
        made["events"] = [{"status": each, "type": "accounting"} for each, _ in of.statuses]
        made["sequenceNumber"] = len(of.statuses)
    return made


def _destination(call: Call, category: str) -> str:
    to: dict[str, Any] = call.inner("counterparty")
    if category == "card":
        to = to.get("card") or {}
        to = to.get("cardIdentification") or {}
        named = to.get("storedPaymentMethodId")
    else:
        named = to.get("transferInstrumentId")
    if not isinstance(named, str) or not named:
        raise missing("counterparty")
    return named


def _pay(store: Store, transfer: Transfer) -> None:
    if transfer.fails:
        _done(store, transfer, "counterpartyAccountClosed")
        _becomes(store, transfer, "refused", "counterpartyAccountClosed")
        return
    _becomes(store, transfer, "authorised", "approved")
    _done(store, transfer)
    store.moved.append(_moved(transfer, "PaidOut"))
    _becomes(store, transfer, "booked", "approved")


def _becomes(store: Store, transfer: Transfer, status: str, reason: str) -> None:
    transfer.statuses.append((status, reason))
    _tell(store, transfer, "balancePlatform.transfer.updated")


def _tell(store: Store, of: Transfer, kind: str) -> None:
    made = {**view(store, of, shown=True), "updatedAt": iso8601(of.created)}
    document = {"data": made, "environment": "test", "type": kind, "timestamp": rfc3339(of.created)}
    id_ = f"{of.account}.{of.id}.{of.status}"
    store.notices.tell_whole(kind, of.account, of.reference, orjson.dumps(document), id_)


def _done(store: Store, of: Transfer, code: str | None = None) -> None:
    store.done("payout", of, of.amount, id_=of.id, reference=of.reference, code=code)


def _moved(of: Transfer, kind: str) -> Moved:
    return Moved(of.account, kind, of, of.amount, of.id, of.reference)

"""Orders: made, approved by the payer on the hosted page, authorized or taken."""

from __future__ import annotations

from typing import Any

from infra.local.psps.paypal import errors, holding, reading, views
from infra.local.psps.paypal.endpoint import Call, Reply
from infra.local.psps.paypal.funding import Funding, in_vault
from infra.local.psps.paypal.issues import ORDERS
from infra.local.psps.paypal.models import Authorization, Order, new_id
from infra.local.psps.paypal.store import Store

_MISSING = "MISSING_REQUIRED_PARAMETER"
_UNIT = "/purchase_units/@reference_id=='default'"


def create(store: Store, call: Call) -> Reply:
    """Raises PayPalError, as every rule. With a payment source 200, without one 201."""
    body = call.body
    if "payment_source" in body and not call.key:
        raise errors.invalid("PAYPAL_REQUEST_ID_REQUIRED", ORDERS)
    _check_intent(body)
    order = _order(call, _unit(body))
    kept = _kept_wallet(body)
    store.orders[order.id] = order
    if kept is not None:
        # Its payer has agreed beforehand.
        order.funding, order.status, order.payer_id = kept, "APPROVED", new_id(13)
        (_take if order.takes else _hold)(store, order, call.key)
    status = 200 if order.wallet else 201
    return Reply(status, lambda: store.view_order(order), again=200, has_minimum=True)


def retrieve(store: Store, call: Call) -> Reply:
    order = store.order(call.account, call.id)
    return Reply(200, lambda: store.view_order(order))


def authorize(store: Store, call: Call) -> Reply:
    order = store.order(call.account, call.id)
    if order.takes:
        raise errors.refused("ACTION_DOES_NOT_MATCH_INTENT", ORDERS)
    if order.authorizations:
        raise errors.refused("ORDER_ALREADY_AUTHORIZED", ORDERS)
    if order.status != "APPROVED":
        raise errors.refused("ORDER_NOT_APPROVED", ORDERS)
    _hold(store, order, call.key)
    return Reply(201, lambda: store.view_order(order), again=200, has_minimum=True)


def capture(store: Store, call: Call) -> Reply:
    order = store.order(call.account, call.id)
    if not order.takes:
        raise errors.refused("ACTION_DOES_NOT_MATCH_INTENT", ORDERS)
    if order.authorizations:
        raise errors.refused("ORDER_ALREADY_CAPTURED", ORDERS)
    if order.status != "APPROVED":
        raise errors.refused("ORDER_NOT_APPROVED", ORDERS)
    _take(store, order, call.key)
    return Reply(201, lambda: store.view_order(order), again=200, has_minimum=True)


def _take(store: Store, order: Order, key: str) -> None:
    """What the processor denies is a capture that was declined."""
    held = _begun(store, order, key)
    held.sold = True
    denied, held.denied = held.denied, None
    state = "DECLINED" if denied else order.funding.capture
    if state == "TRANSACTION_REFUSED":
        order.authorizations.remove(held)
        store.done("authorization", order, order.id, order.amount, key=held.key, code=state)
        raise errors.refused("TRANSACTION_REFUSED", ORDERS, kept=True)
    order.status = "COMPLETED"
    code = "DECLINED" if state == "DECLINED" else None
    store.done("authorization", order, held.id, held.amount, key=held.key, code=code)
    holding.take(store, held, held.amount, held.key, state=state, final=True, denied=denied)


def _hold(store: Store, order: Order, key: str) -> None:
    held = _begun(store, order, key)
    order.status = "COMPLETED"
    store.authorizations[held.id] = held
    code = "DENIED" if held.denied else None
    store.done("authorization", order, held.id, held.amount, key=held.key, code=code)
    if not held.denied:
        store.tell_authorization("PAYMENT.AUTHORIZATION.CREATED", held, key=held.key)


def _begun(store: Store, order: Order, key: str) -> Authorization:
    reference = order.custom_id or key
    issue = order.funding.verdict(order.account)
    if issue is not None:
        order.declined = True
        store.done("authorization", order, order.id, order.amount, key=reference, code=issue)
        again = [views.link(views.approval_url(order, store.url), "redirect")]
        links = again if issue == "INSTRUMENT_DECLINED" else []
        raise errors.refused(issue, ORDERS, links=links, kept=True)
    held = Authorization(order, order.amount, reference, order.funding.denial(order.account))
    order.authorizations.append(held)
    return held


def _kept_wallet(body: dict[str, Any]) -> Funding | None:
    """By the id that PayPal's vault has for it. Raises PayPalError."""
    source = reading.part(body, "payment_source", ORDERS)
    wallet = reading.part(source, "paypal", ORDERS, at="/payment_source")
    vault_id = reading.text(wallet, "vault_id", ORDERS, at="/payment_source/paypal", most=255)
    if not vault_id:
        return None
    kept = in_vault(vault_id)
    if kept is None:
        raise errors.refused("TOKEN_ID_NOT_FOUND", ORDERS)
    return kept


def _check_intent(body: dict[str, Any]) -> None:
    if "intent" not in body:
        raise errors.invalid(_MISSING, ORDERS, "/intent")
    if body["intent"] not in ("AUTHORIZE", "CAPTURE"):
        raise errors.invalid("INVALID_PARAMETER_VALUE", ORDERS, "/intent")


def _unit(body: dict[str, Any]) -> dict[str, Any]:
    units = body.get("purchase_units")
    if not isinstance(units, list):
        raise errors.invalid(_MISSING, ORDERS, "/purchase_units")
    if len(units) != 1:
        issue = "INVALID_ARRAY_MAX_ITEMS" if units else "INVALID_ARRAY_MIN_ITEMS"
        raise errors.invalid(issue, ORDERS, "/purchase_units")
    unit = units[0]
    if not isinstance(unit, dict) or "amount" not in unit:
        raise errors.invalid(_MISSING, ORDERS, f"{_UNIT}/amount")
    return unit


def _order(call: Call, unit: dict[str, Any]) -> Order:
    amount, currency = reading.money(unit, "amount", ORDERS, at=_UNIT)
    source = reading.part(call.body, "payment_source", ORDERS)
    wallet = reading.part(source, "paypal", ORDERS, at="/payment_source")
    if source and "paypal" not in source:
        raise errors.invalid("NOT_SUPPORTED", ORDERS, "/payment_source")
    context = reading.part(wallet, "experience_context", ORDERS, at="/payment_source/paypal")
    context = context or reading.part(call.body, "application_context", ORDERS)
    return Order(
        account=call.account,
        amount=amount,
        currency=currency,
        reference_id=reading.text(unit, "reference_id", ORDERS, at=_UNIT, most=256) or "default",
        custom_id=reading.text(unit, "custom_id", ORDERS, at=_UNIT),
        invoice_id=reading.text(unit, "invoice_id", ORDERS, at=_UNIT),
        description=reading.text(unit, "description", ORDERS, at=_UNIT),
        takes=call.body["intent"] == "CAPTURE",
        wallet=bool(source),
        return_url=reading.text(context, "return_url", ORDERS, most=4000),
        cancel_url=reading.text(context, "cancel_url", ORDERS, most=4000),
        status="PAYER_ACTION_REQUIRED" if source else "CREATED",
    )

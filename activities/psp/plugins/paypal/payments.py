"""Captures, voids and refunds of what was authorized."""

from __future__ import annotations

from typing import Literal

from activities.psp.wire import Answer, InDoubt, NeverSent
from workflows.domain.identity import is_of_a_sale, payment_of
from workflows.domain.money import Money
from workflows.domain.psp import (
    Approved,
    CaptureInstruction,
    Declined,
    Instruction,
    NotFound,
    Operation,
    Pending,
    RefundInstruction,
    Reply,
    VoidInstruction,
)

from . import orders, sales
from .amounts import value_of
from .client import (
    Client,
    issue_of,
    looking_after_asking,
    not_found,
    path_id,
    refused,
    same,
    unreadable,
)
from .declines import REFUND_STATUSES, declined, declined_payment
from .messages import Moved, PurchaseUnit, linked_id
from .references import is_ours, order_id_of

Kind = Literal["captures", "refunds"]

AUTHORIZATIONS, CAPTURES = "/v2/payments/authorizations", "/v2/payments/captures"
REFUNDS = "/v2/payments/refunds"

CAPTURED_BEFORE = frozenset(
    {"AUTHORIZATION_ALREADY_CAPTURED", "MAX_CAPTURE_COUNT_EXCEEDED", "DUPLICATE_INVOICE_ID"}
)
REFUNDED_BEFORE = frozenset({"CAPTURE_FULLY_REFUNDED", "DUPLICATE_INVOICE_ID"})
ENDED_BEFORE = frozenset({"PREVIOUSLY_VOIDED", "PREVIOUSLY_CAPTURED"})

SPENT = ("CAPTURED", "PARTIALLY_CAPTURED")
"""Our captures are final: PayPal has released the rest by itself."""


async def capture(client: Client, instruction: CaptureInstruction) -> Reply:
    """The one capture of an authorization: of what it leaves PayPal releases the rest."""
    held = path_id(instruction.psp_ref)
    form = body(instruction.amount, instruction.key) | {"final_capture": True}
    answer = await client.post(f"{AUTHORIZATIONS}/{held}/capture", instruction, form)
    issue = issue_of(answer)
    if issue in CAPTURED_BEFORE:
        with looking_after_asking():
            found = await capture_under(client, held, instruction.key, instruction.trace_id)
        return _unless_ours(found, issue)
    if answer.status not in (200, 201):
        return refused(answer)
    moved = about(client, answer, instruction)
    parent = moved.supplementary_data.related_ids.authorization_id
    parent = parent or linked_id(moved.links, "up", "authorizations")
    if parent is not None:
        same("authorization", parent, held)
    return captured(moved)


async def refund(client: Client, instruction: RefundInstruction) -> Reply:
    """REFUNDED_BEFORE is looked at: ours where PayPal shows a refund of our key; else Declined, or
    in doubt. Raises NeverSent or InDoubt."""
    capture_id = path_id(instruction.psp_ref)
    form = body(instruction.amount, instruction.key)
    answer = await client.post(f"{CAPTURES}/{capture_id}/refund", instruction, form)
    issue = issue_of(answer)
    if issue in REFUNDED_BEFORE:
        with looking_after_asking():
            found = await refund_under(client, capture_id, instruction.key, instruction.trace_id)
        return _unless_ours(found, issue)
    if answer.status not in (200, 201):
        return refused(answer)
    moved = about(client, answer, instruction)
    parent = linked_id(moved.links, "up", "captures")
    if parent is not None:
        same("capture", parent, capture_id)
    return refunded(moved)


async def void(client: Client, instruction: VoidInstruction) -> Reply:
    """Approved with the authorization's amount, or with 0 where nothing was held. Raises NeverSent
    without an id, InDoubt."""
    if instruction.sale:
        return await sales.give_back(client, instruction)
    if instruction.psp_ref is None:
        raise NeverSent("PayPal voids by its own id, which it never told us")
    order_id = order_id_of(instruction.psp_ref)
    held_id = path_id(instruction.psp_ref)
    if order_id is not None:
        held = await _authorization_in(client, order_id, instruction)
        if held is None or held.status in ("DENIED", "VOIDED"):
            # Nothing is held, and nobody but us can have it authorized.
            return _nothing(instruction)
        held_id = held.id
    if instruction.after_capture:
        return await _rest_released(client, held_id, instruction)
    return await _void(client, held_id, instruction)


async def look(client: Client, path: str, trace_id: str) -> Moved | None:
    """One authorization, capture or refund; None where PayPal has none such."""
    answer = await client.get(path, trace_id)
    if not_found(answer):
        return None
    if answer.status != 200:
        unreadable(answer)
    moved = answer.read(Moved)
    same("id", moved.id, path.rpartition("/")[2])
    client.pays(moved.payee)
    return moved


async def capture_under(
    client: Client, authorization_id: str, key: str, trace_id: str
) -> Reply | NotFound:
    """The capture of this key, among those of the authorization's order."""
    path = f"{AUTHORIZATIONS}/{path_id(authorization_id)}"
    moved = await look(client, path, trace_id)
    if moved is not None:
        same("payment", payment_of(moved.custom_id or ""), payment_of(key))
    unit = await _unit_of(client, moved, trace_id)
    found = _of_key(unit, "captures", key)
    return captured(found) if found is not None else NotFound()


async def refund_under(
    client: Client, capture_id: str, key: str, trace_id: str
) -> Reply | NotFound:
    """The refund of this key, among those of the capture's order."""
    path = f"{CAPTURES}/{path_id(capture_id)}"
    moved = await look(client, path, trace_id)
    is_sale = moved is not None and is_of_a_sale(moved.invoice_id or "")
    if moved is not None and not (is_sale or is_ours(moved.invoice_id, Operation.CAPTURE)):
        raise InDoubt("this is no capture of ours")
    unit = await _unit_of(client, moved, trace_id)
    found = _of_key(unit, "refunds", key)
    return refunded(found) if found is not None else NotFound()


def captured(moved: Moved) -> Reply:
    """Refunded since is captured all the same: it was taken."""
    match moved.status:
        case "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED":
            return Approved(moved.id, moved.amount.money)
        case "DECLINED" | "FAILED":
            return declined_payment(moved)
        case _:
            return Pending(moved.id)


def refunded(moved: Moved) -> Reply:
    """`PENDING`, and a word that we do not know, is a promise."""
    match moved.status:
        case "COMPLETED":
            return Approved(moved.id, moved.amount.money)
        case "FAILED" | "CANCELLED":
            return declined(moved.status, REFUND_STATUSES)
        case _:
            return Pending(moved.id)


async def _void(client: Client, held_id: str, instruction: VoidInstruction) -> Reply:
    answer = await client.post(f"{AUTHORIZATIONS}/{held_id}/void", instruction)
    issue = issue_of(answer)
    if answer.status == 204 or issue in ENDED_BEFORE:
        with looking_after_asking():
            held = await _authorization(client, held_id, instruction)
    elif answer.status == 200:
        held = answer.read(Moved)
        same("id", held.id, held_id)
        same("reference", held.custom_id, instruction.authorize_key)
        same("currency", held.amount.currency_code, instruction.amount.currency)
    else:
        return refused(answer)
    match held.status:
        case "VOIDED":
            return Approved(held.id, held.amount.money)
        case "CAPTURED" | "PARTIALLY_CAPTURED" | "DENIED":
            return declined(issue or "PREVIOUSLY_CAPTURED")
        case _:
            return Pending(held.id)


async def _rest_released(client: Client, held_id: str, instruction: VoidInstruction) -> Reply:
    held = await _authorization(client, held_id, instruction)
    if held.status in SPENT:
        return _nothing(instruction, held_id)
    if held.status == "VOIDED":
        return Approved(held_id, held.amount.money)
    raise InDoubt("an authorization of which a part was captured shows no capture")


async def _authorization(client: Client, held_id: str, instruction: VoidInstruction) -> Moved:
    held = await look(client, f"{AUTHORIZATIONS}/{held_id}", instruction.trace_id)
    if held is None:
        raise InDoubt("PayPal does not know the authorization")
    same("reference", held.custom_id, instruction.authorize_key)
    same("currency", held.amount.currency_code, instruction.amount.currency)
    return held


async def _authorization_in(
    client: Client, order_id: str, instruction: VoidInstruction
) -> Moved | None:
    order = await orders.look(client, order_id, instruction.trace_id)
    if order is None:
        return None
    return orders.authorization_of(orders.the_unit(client, order, instruction.authorize_key))


async def _unit_of(client: Client, moved: Moved | None, trace_id: str) -> PurchaseUnit | None:
    """The purchase unit that something moved belongs to; None where there is no such thing.
    Raises InDoubt where it cannot be found."""
    if moved is None:
        return None
    if moved.order_id is None:
        raise InDoubt("PayPal does not tell the order")
    order = await orders.look(client, moved.order_id, trace_id)
    if order is None or not order.purchase_units:
        raise InDoubt("PayPal does not show the order")
    return order.purchase_units[0]


def _of_key(
    unit: PurchaseUnit | None, kind: Literal["captures", "refunds"], key: str
) -> Moved | None:
    """Raises InDoubt where it may be the one that cannot be read."""
    if unit is None:
        return None
    shown = unit.payments.captures if kind == "captures" else unit.payments.refunds
    found = next((moved for moved in shown if moved.invoice_id == key), None)
    if found is None and kind in unit.payments.unread:
        raise InDoubt(f"one of the {kind} cannot be read")
    return found


def _unless_ours(found: Reply | NotFound, issue: str | None) -> Reply:
    """What was done before is ours, or else it was another's and ours was not done."""
    if not isinstance(found, NotFound):
        return found
    if issue == "DUPLICATE_INVOICE_ID":
        raise InDoubt("PayPal has done something under our key, and does not show what")
    return declined(issue or "")


def about(client: Client, answer: Answer, instruction: Instruction) -> Moved:
    """The capture or refund, of this key and currency. Raises InDoubt."""
    moved = answer.read(Moved)
    same("reference", moved.invoice_id, instruction.key)
    same("currency", moved.amount.currency_code, instruction.amount.currency)
    client.pays(moved.payee)
    return moved


def body(amount: Money, key: str) -> dict[str, object]:
    return {
        "amount": {"currency_code": amount.currency, "value": value_of(amount)},
        "invoice_id": key,
    }


def _nothing(instruction: VoidInstruction, psp_ref: str | None = None) -> Declined | Approved:
    return Approved(psp_ref or instruction.psp_ref or "", Money(0, instruction.amount.currency))

"""Orders: what a payer approves on PayPal's page and we then authorize."""

from __future__ import annotations

from typing import Any

from activities.psp.wire import InDoubt, NeverSent, WireError
from workflows.domain.card_data import has_card_data
from workflows.domain.declines import DeclineReason
from workflows.domain.identity import is_of_a_sale
from workflows.domain.psp import (
    Approved,
    Authentication,
    AuthorizeInstruction,
    CompleteInstruction,
    Declined,
    NotFound,
    Pending,
    Ready,
    Reply,
    SellInstruction,
)

from . import sales
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
from .declines import declined, declined_payment
from .messages import ErrorMessage, Moved, Order, PurchaseUnit, payer_link
from .references import ORDER, order_ref

ORDERS = "/v2/checkout/orders"

OTHER_INSTRUMENT = frozenset({"INSTRUMENT_DECLINED", "PAYER_ACTION_REQUIRED"})
"""The payer may go back to PayPal's page and choose another way to pay."""

NOT_YET = frozenset({"ORDER_NOT_APPROVED"})
DONE_BEFORE = frozenset(
    {"ORDER_ALREADY_AUTHORIZED", "ORDER_ALREADY_CAPTURED", "ORDER_COMPLETED_OR_VOIDED"}
)


async def authorize(client: Client, instruction: AuthorizeInstruction) -> Reply:
    """Pending as a rule: `order_<id>`, and where the payer approves. Raises NeverSent, InDoubt."""
    answer = await client.post(ORDERS, instruction, _order_request(client, instruction))
    if answer.status not in (200, 201):
        return refused(answer)
    order = answer.read(Order)
    found = state_of(client, order, instruction.key, instruction.amount.currency)
    if isinstance(found, Ready):
        # Approved beforehand, by a token: our own looking, or PayPal's webhook, has it completed.
        return Pending(found.psp_ref)
    return found


async def complete(client: Client, instruction: CompleteInstruction) -> Reply:
    """Approved with the id of the authorization, or of a sale's capture, and no longer the order's.
    What was done before is looked at, and is ours only under our key. Raises NeverSent or
    InDoubt."""
    if not instruction.psp_ref:
        raise NeverSent("PayPal cannot complete an order whose id we do not know")
    order_id = path_id(instruction.psp_ref.removeprefix(ORDER))
    how = "capture" if is_of_a_sale(instruction.authorize_key) else "authorize"
    answer = await client.post(f"{ORDERS}/{order_id}/{how}", instruction, {})
    issue = issue_of(answer)
    if issue in NOT_YET | OTHER_INSTRUMENT:
        return await _back_to_the_payer(client, order_id, instruction, answer.read(ErrorMessage))
    if issue in DONE_BEFORE:
        with looking_after_asking():
            return await _as_it_stands(client, order_id, instruction)
    if answer.status not in (200, 201):
        return refused(answer)
    order = answer.read(Order)
    same("order", order.id, order_id)
    found = state_of(client, order, instruction.authorize_key, instruction.amount.currency)
    return Pending(order_ref(order_id)) if isinstance(found, Ready) else found


async def look(client: Client, order_id: str, trace_id: str) -> Order | None:
    """None where PayPal no longer has it. Raises NeverSent or InDoubt."""
    answer = await client.get(f"{ORDERS}/{path_id(order_id)}", trace_id)
    if not_found(answer):
        return None
    if answer.status != 200:
        unreadable(answer)
    order = answer.read(Order)
    same("order", order.id, order_id)
    return order


async def look_up(
    client: Client, order_id: str, key: str, trace_id: str, currency: str | None
) -> Reply | Ready | NotFound:
    """Ready once the payer approved. A forgotten order is Declined `expired`."""
    order = await look(client, order_id, trace_id)
    if order is None:
        # PayPal forgets orders that nobody approved; what was authorized it keeps for years.
        return Declined(DeclineReason.EXPIRED, soft=False, code="RESOURCE_NOT_FOUND")
    return state_of(client, order, key, currency)


def state_of(client: Client, order: Order, key: str, currency: str | None) -> Reply | Ready:
    """What became of an order of ours. Raises InDoubt where it is another than the one asked."""
    unit = the_unit(client, order, key)
    if unit.amount is not None and currency is not None:
        same("currency", unit.amount.currency_code, currency)
    moved = moved_in(unit, key)
    if moved is not None:
        if currency is not None:
            same("currency", moved.amount.currency_code, currency)
        return reply_to(moved, order, key, pending_ref=order_ref(order.id))
    match order.status:
        case "APPROVED":
            return Ready(order_ref(order.id))
        case "VOIDED":
            return declined("VOIDED", {"VOIDED": (DeclineReason.VOIDED, False)})
        case "COMPLETED":
            raise InDoubt("the order is completed, and shows nothing that was held or taken")
        case _:
            return Pending(order_ref(order.id), payer_link(order.links))


def the_unit(client: Client, order: Order, key: str) -> PurchaseUnit:
    """The one purchase unit, of this key. Raises InDoubt."""
    if len(order.purchase_units) != 1:
        raise InDoubt("the answer is about another order: it has not one purchase unit")
    (unit,) = order.purchase_units
    reference = unit.custom_id
    moved = (*unit.payments.authorizations, *unit.payments.captures)
    if reference is None and moved:
        # After an authorization or a capture PayPal tells it there alone.
        reference = moved[0].custom_id
    same("reference", reference, key)
    client.pays(unit.payee)
    return unit


def moved_in(unit: PurchaseUnit, key: str) -> Moved | None:
    """What the order has come to: an authorization, or of a sale its capture. Raises InDoubt."""
    return sales.capture_of(unit) if is_of_a_sale(key) else authorization_of(unit)


def authorization_of(unit: PurchaseUnit) -> Moved | None:
    """The one that counts: of several the one that was not refused. Raises InDoubt."""
    shown = unit.payments.authorizations
    standing = [held for held in shown if held.status not in ("DENIED", "VOIDED")]
    if not standing and "authorizations" in unit.payments.unread:
        raise InDoubt("the order shows an authorization that cannot be read")
    return next(iter(standing or shown), None)


def reply_to(held: Moved, order: Order | None, key: str, pending_ref: str) -> Reply:
    """What an authorization says, or a sale's capture. Raises InDoubt for one of another
    instruction."""
    if is_of_a_sale(key):
        return sales.reply_to(held, order, key, pending_ref)
    same("reference", held.custom_id, key)
    match held.status:
        case "CREATED" | "CAPTURED" | "PARTIALLY_CAPTURED":
            return Approved(held.id, held.amount.money, authentication_of(held, order))
        case "DENIED" | "VOIDED":
            return declined_payment(held, order)
        case _:
            return Pending(pending_ref)


async def _back_to_the_payer(
    client: Client, order_id: str, instruction: CompleteInstruction, error: ErrorMessage
) -> Reply:
    link = payer_link(error.all_links)
    if link is not None:
        return Pending(order_ref(order_id), link)
    try:
        found = await _as_it_stands(client, order_id, instruction)
    except WireError:
        # That nothing is held is certain; where the payer goes is found out later.
        return Pending(order_ref(order_id))
    if isinstance(found, Pending) and found.redirect_url is None and error.code in OTHER_INSTRUMENT:
        return declined(error.code)
    return found


async def _as_it_stands(client: Client, order_id: str, instruction: CompleteInstruction) -> Reply:
    order = await look(client, order_id, instruction.trace_id)
    if order is None:
        raise InDoubt("PayPal no longer knows the order")
    found = state_of(client, order, instruction.authorize_key, instruction.amount.currency)
    if isinstance(found, Ready):
        return Pending(found.psp_ref, payer_link(order.links))
    return found


def authentication_of(held: Moved, order: Order | None) -> Authentication | None:
    """Of a card alone: a wallet has none. PayPal tells neither ECI nor version."""
    response = held.processor_response
    card = order.payment_source.card if order is not None else None
    proof = card.authentication_result if card is not None else None
    if proof is None and (
        response is None or (response.avs_code is None and response.cvv_code is None)
    ):
        return None
    return Authentication(
        scheme=card.brand.lower() if card is not None and card.brand else None,
        liability_shift={"POSSIBLE": True, "NO": False}.get(
            (proof and proof.liability_shift) or ""
        ),
        avs=response.avs_code if response is not None else None,
        cvv=response.cvv_code if response is not None else None,
    )


def _order_request(client: Client, instruction: AuthorizeInstruction) -> dict[str, Any]:
    amount = instruction.amount
    unit: dict[str, Any] = {
        "custom_id": instruction.key,
        # PayPal refuses to pay one invoice twice, also when it has forgotten the request's id.
        "invoice_id": instruction.key,
        "amount": {"currency_code": amount.currency, "value": value_of(amount)},
    }
    if client.account.merchant_id is not None:
        unit["payee"] = {"merchant_id": client.account.merchant_id}
    source = _payment_source(client, instruction)
    intent = "CAPTURE" if isinstance(instruction, SellInstruction) else "AUTHORIZE"
    return {"intent": intent, "purchase_units": [unit], "payment_source": source}


def _payment_source(client: Client, instruction: AuthorizeInstruction) -> dict[str, Any]:
    """PayPal's wallet: of a player who comes back, by the id that PayPal's vault keeps it under."""
    wallet: dict[str, Any] = {"experience_context": _experience(client, instruction)}
    token = instruction.payment_token
    if token is not None:
        if has_card_data(token):
            raise NeverSent("the payment token looks like a card number or an account number")
        wallet["vault_id"] = path_id(token)
        # The player is there and has paid us this way before: no charge of ours alone.
        wallet["stored_credential"] = {
            "payment_initiator": "CUSTOMER",
            "usage": "SUBSEQUENT",
            "usage_pattern": "IMMEDIATE",
        }
    return {"paypal": wallet}


def _experience(client: Client, instruction: AuthorizeInstruction) -> dict[str, str]:
    """Of PayPal's page; with a kept wallet it is shown where PayPal wants to see the payer."""
    context = {
        "return_url": instruction.return_url,
        # Who gives up comes back to the same place; the order then says that it is not approved.
        "cancel_url": instruction.return_url,
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
        # No e-cheques, which would stay pending for days.
        "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
    }
    if client.account.brand_name is not None:
        context["brand_name"] = client.account.brand_name
    return context

"""What others did to a payment of ours at PayPal: in its dashboard, by the payer's bank, by time.

PayPal passes the order's `custom_id` on to authorizations, captures and what is made of them, so
the key of our authorization mostly stands there; else the payment is found by PayPal's own ids.
"""

from __future__ import annotations

from activities.psp.wire import InDoubt
from workflows.domain.events import PspEvent
from workflows.domain.identity import is_of_a_sale
from workflows.domain.money import Money, MoneyError
from workflows.domain.psp import Approved, Operation

from . import payments, sales
from .amounts import signed
from .heard import Unfit, Webhook
from .messages import AmountMessage, Moved, linked_id
from .references import authorization_in, is_ours, is_somebody_elses


class Reversal(Moved):
    """PayPal shows it as a refund; of some ages without a status, or below zero."""

    status: str = "COMPLETED"


def void(webhook: Webhook) -> PspEvent | None:
    """By us, by hand, or because it lapsed: PayPal does not tell who, and a void has no key there.
    Whoever hears it knows whether we asked."""
    held = webhook.moved()
    if not is_ours(held.custom_id, Operation.AUTHORIZE):
        return None
    if held.status != "VOIDED":
        raise Unfit
    return _released(webhook, held)


def expiry(webhook: Webhook) -> PspEvent | None:
    """Of a hold of which something was captured nothing is left to lapse."""
    held = webhook.moved()
    if held.status not in ("CREATED", "EXPIRED", "VOIDED"):
        return None
    return _released(webhook, held) if is_ours(held.custom_id, Operation.AUTHORIZE) else None


def capture(webhook: Webhook, moved: Moved) -> PspEvent | None:
    """A capture that has no key of ours, of a hold that has one."""
    if not is_ours(moved.custom_id, Operation.AUTHORIZE):
        return None
    done = payments.captured(moved)
    if not isinstance(done, Approved):
        # Not done by somebody else: nothing has changed.
        return None
    held = moved.supplementary_data.related_ids.authorization_id
    held = held or linked_id(moved.links, "up", "authorizations")
    about = (held, moved.id, moved.order_id)
    return webhook.unasked(authorization_in(moved.custom_id), Operation.CAPTURE, done, about)


def refund(webhook: Webhook, moved: Moved) -> PspEvent | None:
    """A refund that has no key of ours, made in PayPal's dashboard."""
    done = payments.refunded(moved)
    if not isinstance(done, Approved):
        return None
    return _taken_back(webhook, moved, Operation.REFUND, done)


def of_void(webhook: Webhook, moved: Moved) -> PspEvent | None:
    """A refund by which a void of ours gives back what a sale took: known by the capture."""
    taken = moved.supplementary_data.related_ids.capture_id
    taken = taken or linked_id(moved.links, "up", "captures")
    if taken is None:
        raise InDoubt("the refund does not tell of which capture it is")
    reply, key = sales.of_void(moved, taken), moved.invoice_id or ""
    return webhook.event(key, Operation.VOID, reply, moved.amount.money, moved.id)


def reversal(webhook: Webhook) -> PspEvent | None:
    """The payer's bank, or PayPal for the payer, took the money back."""
    moved = webhook.moved(Reversal)
    if is_ours(moved.invoice_id, Operation.REFUND):
        # A refund of ours, by another name.
        reply = payments.refunded(moved)
        key, amount = moved.invoice_id or "", moved.amount.money
        return webhook.event(key, Operation.REFUND, reply, amount, moved.id)
    if is_ours(moved.invoice_id, Operation.VOID):
        return of_void(webhook, moved)
    if moved.status not in ("COMPLETED", "REVERSED", "REFUNDED"):
        return None
    return _taken_back(
        webhook, moved, Operation.CHARGEBACK, Approved(moved.id, _absolute(moved.amount))
    )


def _taken_back(
    webhook: Webhook, moved: Moved, operation: Operation, done: Approved
) -> PspEvent | None:
    related = moved.supplementary_data.related_ids
    taken = related.capture_id or linked_id(moved.links, "up", "captures")
    is_sale = is_of_a_sale(moved.invoice_id or "")
    if taken is None and (is_sale or is_ours(moved.invoice_id, Operation.CAPTURE)):
        # The capture itself is shown, and not what was made of it.
        taken = moved.id
    key = authorization_in(moved.custom_id)
    about = [each for each in (taken, related.authorization_id, moved.order_id) if each]
    if not key and (not about or is_somebody_elses(moved.custom_id, moved.invoice_id)):
        return None
    return webhook.unasked(key, operation, done, about)


def _released(webhook: Webhook, held: Moved) -> PspEvent:
    done = Approved(held.id, held.amount.money)
    key = authorization_in(held.custom_id)
    return webhook.unasked(key, Operation.VOID, done, (held.id, held.order_id))


def _absolute(amount: AmountMessage) -> Money:
    """Raises InDoubt."""
    try:
        return signed(amount.value, amount.currency_code)[0]
    except MoneyError:
        raise InDoubt("the reversal has an amount that is none") from None

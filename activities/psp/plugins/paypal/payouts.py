"""Payouts to PayPal accounts: batches of one item, under one key."""

from __future__ import annotations

import re
from dataclasses import replace

from activities.psp.wire import Answer, InDoubt, NeverSent
from workflows.domain.card_data import has_card_data
from workflows.domain.psp import Approved, Declined, NotFound, PayoutInstruction, Pending, Reply

from .amounts import value_of
from .client import Client, looking_after_asking, not_found, path_id, refused, same, unreadable
from .declines import declined
from .messages import ErrorMessage, Links
from .payout_messages import Batch, BatchHeader, Created, ItemDetail
from .references import BATCH

PAYOUTS, ITEMS = "/v1/payments/payouts", "/v1/payments/payouts-item"

LONGEST_ITEM_ID = 63

_RECEIVER = re.compile(r"[A-Za-z0-9_\-]{1,127}", re.ASCII)
_PHONE = re.compile(r"[0-9\-]+", re.ASCII)

_A_PHONE = "the destination is a phone number; give the PayPal payer id"

PAID = "SUCCESS"
NOT_PAID = frozenset({"RETURNED", "FAILED", "BLOCKED", "DENIED", "REFUNDED", "REVERSED"})


async def payout(client: Client, instruction: PayoutInstruction) -> Reply:
    """Pending with `batch_<id>`. A batch that PayPal has under our key already is looked at. Raises
    NeverSent or InDoubt."""
    answer = await client.post(PAYOUTS, instruction, _request(instruction))
    if answer.status in (200, 201):
        return _of_header(answer.read(Created).batch_header, instruction.key)
    before = _duplicate_of(answer)
    if before is not None:
        with looking_after_asking():
            found = await look_up_batch(client, before, instruction.key, instruction.trace_id)
        if isinstance(found, NotFound):
            raise InDoubt("PayPal has a batch under our key, and does not show it")
        return found
    return refused(answer)


async def look_up_batch(client: Client, batch_id: str, key: str, trace_id: str) -> Reply | NotFound:
    """By its one item, where PayPal shows it. Raises NeverSent, or InDoubt for items of others."""
    answer = await client.get(f"{PAYOUTS}/{path_id(batch_id)}", trace_id)
    if not_found(answer):
        return NotFound()
    if answer.status != 200:
        unreadable(answer)
    batch = answer.read(Batch)
    same("batch", batch.batch_header.payout_batch_id, batch_id)
    if not batch.items:
        return _of_header(batch.batch_header, key)
    if len(batch.items) != 1:
        raise InDoubt("the batch has other items than ours")
    if batch.batch_header.sender_batch_header.sender_batch_id is not None:
        same("reference", batch.batch_header.sender_batch_header.sender_batch_id, key)
    return of_item(batch.items[0], key)


async def look_up_item(client: Client, item_id: str, key: str, trace_id: str) -> Reply | NotFound:
    """Raises NeverSent, or InDoubt for another's item."""
    answer = await client.get(f"{ITEMS}/{path_id(item_id)}", trace_id)
    if not_found(answer):
        return NotFound()
    if answer.status != 200:
        unreadable(answer)
    item = answer.read(ItemDetail)
    same("item", item.payout_item_id, item_id)
    return of_item(item, key)


def of_item(item: ItemDetail, key: str) -> Reply:
    """What became of the one item. Raises InDoubt for another's."""
    same("reference", item.payout_item.sender_item_id, key)
    if item.transaction_status == PAID:
        paid = item.transaction_id or item.payout_item_id
        return Approved(paid, item.payout_item.amount.money)
    if item.transaction_status in NOT_PAID:
        return _not_paid(item)
    # UNCLAIMED among them: the receiver has thirty days, then PayPal returns it.
    return Pending(BATCH + item.payout_batch_id)


def _not_paid(item: ItemDetail) -> Declined:
    """By its error, else by its status; money that went and came back is RETURNED either way."""
    if item.transaction_status in ("RETURNED", "REFUNDED", "REVERSED"):
        reason = declined(item.transaction_status)
        return Declined(reason.reason, reason.soft, item.code)
    found = declined(item.code)
    # What PayPal will not let go to somebody is nothing to be tried elsewhere, whatever it names;
    # nor is what it denies without a word why.
    unsaid = item.transaction_status == "DENIED" == item.code
    return replace(found, soft=False) if unsaid or item.transaction_status == "BLOCKED" else found


def _of_header(header: BatchHeader, key: str) -> Reply:
    same("reference", header.sender_batch_header.sender_batch_id, key)
    if header.batch_status in ("DENIED", "CANCELED"):
        return declined(header.batch_status)
    return Pending(BATCH + header.payout_batch_id)


def _duplicate_of(answer: Answer) -> str | None:
    """The batch that a refusal says was made under this key before. Raises InDoubt."""
    if answer.status not in (400, 409, 422):
        return None
    return _batch_in(answer.read(ErrorMessage).all_links)


def _batch_in(links: Links) -> str | None:
    for link in links:
        path, _, batch_id = link.href.partition("?")[0].rstrip("/").rpartition("/")
        if path.endswith(PAYOUTS):
            return batch_id
    return None


def _request(instruction: PayoutInstruction) -> dict[str, object]:
    if len(instruction.key) > LONGEST_ITEM_ID:
        raise NeverSent("PayPal takes references of at most 63 characters for payouts")
    amount = instruction.amount
    item = {
        "recipient_type": "PAYPAL_ID",
        "receiver": _receiver(instruction.destination),
        "amount": {"currency": amount.currency, "value": value_of(amount)},
        "sender_item_id": instruction.key,
    }
    return {"sender_batch_header": {"sender_batch_id": instruction.key}, "items": [item]}


def _receiver(destination: str) -> str:
    """A PayPal payer id. E-mail addresses and phone numbers are personal data, and reach whoever
    has them at the time. Raises NeverSent."""
    if "@" in destination:
        raise NeverSent("the destination is an e-mail address; give the PayPal payer id")
    if destination.startswith("+"):
        raise NeverSent(_A_PHONE)
    if has_card_data(destination):
        raise NeverSent("the destination looks like a card number or an account number")
    if _PHONE.fullmatch(destination):
        raise NeverSent(_A_PHONE)
    if not _RECEIVER.fullmatch(destination):
        raise NeverSent("the destination is no PayPal payer id")
    return destination

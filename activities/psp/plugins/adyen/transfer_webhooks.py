"""Hears what became of transfers: Adyen signs the whole body of such a webhook."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
import structlog
from pydantic import ValidationError

from activities.psp.contract import Delivery, WebhookRefused
from workflows.domain.events import PspEvent
from workflows.domain.money import MoneyError
from workflows.domain.psp import Operation

from . import amounts
from .keys import read_reference
from .messages import TransferMessage
from .settings import AdyenAccount
from .transfers import reply_of

log = structlog.get_logger("paysaga.psp")

TRANSLATED = frozenset({"balancePlatform.transfer.created", "balancePlatform.transfer.updated"})


def hear(kind: str, document: dict[str, Any], signers: Mapping[str, AdyenAccount]) -> Delivery:
    """`signers`: our accounts by whose key the body is signed. Raises WebhookRefused."""
    try:
        transfer = TransferMessage.model_validate(document.get("data"))
        ours = read_reference(transfer.reference or "")
        if ours is None or ours.operation is not Operation.PAYOUT:
            log.info("psp_event_of_no_instruction", psp="adyen", type=kind)
            return Delivery(ignored=(kind,))
        account = _account_of(transfer, signers)
        amount = amounts.read(transfer.amount.value, transfer.amount.currency)
    except (ValidationError, MoneyError):
        raise WebhookRefused("malformed", status=422) from None
    event = PspEvent(
        psp="adyen",
        event_id=f"{transfer.psp_ref}:{transfer.status}:{_telling(document)}",
        key=ours.key,
        operation=Operation.PAYOUT,
        reply=reply_of(transfer),
        amount=amount,
        occurred_at=_moment(transfer.updated_at or ""),
        raw_type=f"{kind}:{transfer.status}",
        account=account,
    )
    return Delivery(events=(event,))


def _account_of(transfer: TransferMessage, signers: Mapping[str, AdyenAccount]) -> str:
    """By the balance account that it left: accounts may have one webhook between them."""
    left = transfer.balance_account.id
    if left is None and len(signers) == 1:
        return next(iter(signers))
    mine = [our_id for our_id, account in signers.items() if account.balance_account == left]
    if not mine:
        raise WebhookRefused("unknown_account")
    return mine[0]


def _telling(document: dict[str, Any]) -> str:
    """The body is signed as a whole; when it is sent again, only the time of sending differs."""
    signed_fields = {name: value for name, value in document.items() if name != "timestamp"}
    return hashlib.sha256(orjson.dumps(signed_fields, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def _moment(text: str) -> str:
    try:
        return text if datetime.fromisoformat(text).tzinfo else ""
    except ValueError:
        return ""

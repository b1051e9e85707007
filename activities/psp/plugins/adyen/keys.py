"""Our references at Adyen, and what Adyen's references are to us."""

from __future__ import annotations

import hashlib
import re

from activities.psp.wire import NeverSent
from infra.card_data import has_card_data
from workflows.domain.late_events import void_key_of
from workflows.domain.psp import Operation, key_of, payment_of

IDEMPOTENCY_KEY_AT_MOST = 64
"""Characters, says the description of the header; our longest key has 59."""

LINK = "link_"
"""Marks the id of a payment link, which Adyen's references of payments cannot be confused with."""

_KEY = re.compile(
    r"(?:in|po|re)_[A-Za-z0-9]{1,64}:(case-)?([a-z]+)(?::[1-9][0-9]{0,3}){0,2}", re.ASCII
)
_TOKEN = re.compile(r"[A-Za-z0-9_\-.]{1,128}", re.ASCII)
_REF = re.compile(r"[A-Za-z0-9_\-]{1,64}", re.ASCII)


def operation_of(reference: str) -> Operation | None:
    """The step that a reference names; None when it is none of ours."""
    found = _KEY.fullmatch(reference)
    if found is None or found.group(2) not in set(Operation):
        return None
    return Operation(found.group(2))


def key_for(operation: Operation, reference: str) -> str | None:
    """The key of the instruction that Adyen tells of under a reference, if it can be known.

    Of a modification that was asked for without a reference, Adyen tells that of the payment:
    a payment has one capture, and a hold one void.
    """
    told = operation_of(reference)
    if told is operation:
        return reference
    if told is not Operation.AUTHORIZE or ":case-" in reference or reference.count(":") != 2:
        return None
    match operation:
        case Operation.CAPTURE:
            return key_of(payment_of(reference), Operation.CAPTURE)
        case Operation.VOID:
            return void_key_of(reference)
        case _:
            return None


def shopper_reference(player_id: str) -> str:
    """Who a token belongs to, the same at every merchant account.

    A digest of the player's id: Adyen forbids personal data here, and an id may be a name or an
    address. Whoever makes tokens in the cashier writes the same (MAPPING.md).
    """
    return "player_" + hashlib.sha256(f"paysaga:adyen:{player_id}".encode()).hexdigest()[:40]


def token(text: str) -> str:
    """A reference to stored details. Raises NeverSent for anything that is none."""
    # LATEST would pay to whatever was stored last.
    if not _TOKEN.fullmatch(text) or text.upper() == "LATEST" or has_card_data(text):
        raise NeverSent("this is no reference to details that are stored at Adyen")
    return text


def in_path(reference: str) -> str:
    """Raises NeverSent for what would mean something in a path."""
    if not _REF.fullmatch(reference):
        raise NeverSent("this is no reference of Adyen's")
    return reference


def idempotency_key(key: str) -> str:
    if len(key) > IDEMPOTENCY_KEY_AT_MOST:
        raise NeverSent(f"the key is longer than {IDEMPOTENCY_KEY_AT_MOST} characters")
    return key

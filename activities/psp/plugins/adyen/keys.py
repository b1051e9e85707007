"""Our references at Adyen, and what Adyen's references are to us.

A reference is the instruction's key. Of an authorization it says behind the key how it was asked:
`in_1:authorize:1:page` on Adyen's own page, `in_1:authorize:1:sale` by a method that takes the
money at once, `in_1:authorize:1:page:sale`. A key whose step is `sale` says that itself:
`in_1:sale:1`, `in_1:sale:1:page`. Adyen signs the reference in its webhooks, and neither the method
nor what may be done with the payment: so it is we who say which of them it was.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from activities.psp.wire import NeverSent
from workflows.domain.card_data import has_card_data
from workflows.domain.identity import SALE as STEP_OF_A_SALE
from workflows.domain.identity import is_of_a_sale, key_of, pattern_of, payment_of
from workflows.domain.late_events import is_step, void_key_of
from workflows.domain.psp import Operation

IDEMPOTENCY_KEY_AT_MOST = 64
"""Characters, says the description of the header; our longest key has 59."""

LINK = "link_"
"""Marks the id of a payment link, which Adyen's references of payments cannot be confused with."""

PAGE, SALE = ":page", ":sale"

_STEPS = {**{str(each): each for each in Operation}, STEP_OF_A_SALE: Operation.AUTHORIZE}
_PAYMENT = pattern_of(rest="[A-Za-z0-9]{1,64}")
_KEY = re.compile(
    rf"({_PAYMENT}:(?:case-)?([a-z]+)(?::[1-9][0-9]{{0,3}}){{0,2}})(:page)?(:sale)?", re.ASCII
)
_TOKEN = re.compile(r"[A-Za-z0-9_\-.]{1,128}", re.ASCII)
_REF = re.compile(r"[A-Za-z0-9_\-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Reference:
    """What we wrote to Adyen as our reference."""

    key: str
    operation: Operation
    by_page: bool = False
    is_sale: bool = False

    @property
    def authorization(self) -> str | None:
        """The key of the authorization, where that is what it names."""
        return self.key if self.operation is Operation.AUTHORIZE else None

    @property
    def written(self) -> str:
        """As it stands at Adyen, with the marks of how it was asked."""
        marks = (PAGE if self.by_page else "") + (SALE if self.is_sale else "")
        return self.key + (marks.removesuffix(SALE) if is_of_a_sale(self.key) else marks)


def reference_for(authorize_key: str, *, by_page: bool = False, is_sale: bool = False) -> str:
    """Of the authorization under this key, as it was asked: by page, as a sale."""
    sold = is_sale or is_of_a_sale(authorize_key)
    return Reference(authorize_key, Operation.AUTHORIZE, by_page, sold).written


def read_reference(text: str) -> Reference | None:
    """None when it is none of ours."""
    found = _KEY.fullmatch(text)
    if found is None or found.group(2) not in _STEPS:
        return None
    operation, marked = _STEPS[found.group(2)], bool(found.group(3) or found.group(4))
    if marked and operation is not Operation.AUTHORIZE:
        return None
    key, sold = found.group(1), is_of_a_sale(found.group(1))
    if sold and (found.group(4) or not is_step(key, operation)):
        return None
    return Reference(key, operation, bool(found.group(3)), sold or bool(found.group(4)))


def key_in(reference: str | None) -> str | None:
    """The key that a reference of ours begins with; what is none of ours as it is."""
    ours = read_reference(reference or "")
    return ours.key if ours else reference


def key_for(operation: Operation, reference: str) -> str | None:
    """The key of the instruction of this operation that a reference stands for, if it can be known.

    By the reference of a payment alone: a payment has one capture, and a hold one void.
    """
    ours = read_reference(reference)
    if ours is None or ours.operation is operation:
        return ours.key if ours else None
    key = ours.authorization
    if key is None or ":case-" in key or key.count(":") != 2:
        return None
    match operation:
        case Operation.CAPTURE:
            return key_of(payment_of(key), Operation.CAPTURE)
        case Operation.VOID:
            return void_key_of(key)
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
    """As it goes into the header. Raises NeverSent for one that is longer than Adyen takes."""
    if len(key) > IDEMPOTENCY_KEY_AT_MOST:
        raise NeverSent(f"the key is longer than {IDEMPOTENCY_KEY_AT_MOST} characters")
    return key

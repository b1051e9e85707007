"""The form of an authorization: with a token a payment intent, without one a page of Stripe's."""

from __future__ import annotations

import re

from activities.psp.wire import NeverSent
from workflows.domain.card_data import has_card_data
from workflows.domain.psp import Authentication, AuthorizeInstruction, Instruction

from . import amounts, methods
from .messages import KEY, TRACE

EXPAND = "latest_charge"
"""Only the charge tells of 3-D Secure, of the checks and of a block."""

VERSIONS = frozenset({"1.0.2", "2.1.0", "2.2.0", "2.3.0", "2.3.1"})
"""Of 3-D Secure, that Stripe takes a proof of."""

_SAVED = re.compile(r"(cus_[A-Za-z0-9]{1,200})/([A-Za-z0-9_]{1,200})", re.ASCII)
"""A saved payment method, and whose it is at Stripe: it is charged in the customer's name alone."""


def checked(instruction: AuthorizeInstruction) -> None:
    """Raises NeverSent for what Stripe cannot be asked."""
    if instruction.method not in methods.METHODS:
        raise NeverSent("Stripe's table of methods does not have this one")
    if instruction.payment_token and has_card_data(instruction.payment_token):
        raise NeverSent("the payment token looks like a card number")


def form(instruction: AuthorizeInstruction, token: str, api_version: str) -> dict[str, str]:
    """Of a payment intent that is confirmed at once. Raises NeverSent."""
    saved = _SAVED.fullmatch(token)
    return {
        **amounts.asked(instruction.amount),
        "capture_method": methods.capture_method(instruction),
        "confirm": "true",
        **({"customer": saved[1]} if saved else {}),
        "payment_method": saved[2] if saved else token,
        f"{methods.parameter(api_version)}[]": instruction.method,
        **_proof(instruction),
        "return_url": instruction.return_url,
        **metadata(instruction),
        "expand[]": EXPAND,
    }


def metadata(instruction: Instruction) -> dict[str, str]:
    """By which webhooks, lists and the search find the thing again."""
    return {
        f"metadata[{KEY}]": instruction.key,
        f"metadata[{TRACE}]": instruction.trace_id,
    }


def _proof(instruction: AuthorizeInstruction) -> dict[str, str]:
    """3-D Secure that the player has done elsewhere, where it is all that Stripe wants of it."""
    proof = instruction.authentication
    if proof is None or instruction.method != "card" or not _is_whole(proof):
        return {}
    under = "payment_method_options[card][three_d_secure]"
    return {
        f"{under}[cryptogram]": proof.cavv or "",
        f"{under}[electronic_commerce_indicator]": proof.eci or "",
        f"{under}[transaction_id]": proof.ds_trans_id or "",
        f"{under}[version]": proof.version or "",
    }


def _is_whole(proof: Authentication) -> bool:
    return proof.is_reusable and proof.version in VERSIONS

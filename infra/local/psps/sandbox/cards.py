"""What the test cards and payout destinations do, and the words for a refusal."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

import orjson

MESSAGES = {
    "05": "do not honour",
    "51": "insufficient funds",
    "43": "stolen card",
    "14": "invalid card",
    "AC04": "account closed",
    "authentication_failed": "the player did not pass the challenge",
    "cancelled_by_player": "the player cancelled",
    "capture_refused": "the issuer refuses the capture",
    "not_capturable": "this is more than is left to capture",
    "not_refundable": "this is more than is left to refund",
    "not_voidable": "everything was captured",
    "reference_voided": "the reference was voided",
    "method_not_supported": "there is no such method, or not for this",
    "refund_failed": "the player's bank sent it back",
    "unknown_destination": "there is no such destination",
    "unknown_token": "there is no such token",
}

HOLDS = {"card", "bank_transfer", "ewallet", "mobile", "voucher", "crypto"}
SALES = {"ideal"}
"""By method: what is held first, and what is taken at once."""
PAYS_OUT = {*HOLDS, "bank"}

APPROVED = None
"""The code of what is not declined."""

BREAKS_DOWN = "tok_500"
CAPTURE_REFUSED = "tok_capture_refused"
CAPTURE_LOST = "tok_lost_capture"
AUTHORIZATION_LOST = "tok_lost_authorize"
SLOW = "tok_slow"
PENDING = "tok_async"
SOFT_AFTER_CHALLENGE = "tok_3ds_soft_first"
CHALLENGED = ("tok_3ds", SOFT_AFTER_CHALLENGE)

CHOICES = {
    "ok": ("Visa •••• 4242", "is approved"),
    "3ds": ("Mastercard •••• 3155", "asks for 3-D Secure"),
    "soft": ("Visa •••• 0005", "is declined: do not honour"),
    "hard": ("Visa •••• 0043", "is declined: stolen card"),
}
"""The cards of the hosted page: number and what it does."""

_APPROVED_TOKENS = {"tok_ok", "tok_3ds", CAPTURE_REFUSED, CAPTURE_LOST, AUTHORIZATION_LOST, SLOW}
_CHOICE_CODES = {"soft": "05", "hard": "43"}


def taken_over(proof: dict[str, Any]) -> str:
    """As the three_ds object of an authorization that asks for no challenge."""
    return orjson.dumps(proof | {"liability_shift": True}).decode()


def verdict(token: str, merchant_account: str) -> str | None:
    """The decline code, or APPROVED, of a card that is decided at once."""
    if token in _APPROVED_TOKENS:
        return APPROVED
    if token in ("tok_soft_first", SOFT_AFTER_CHALLENGE):
        return "05" if merchant_account == "primary" else APPROVED
    return {"tok_soft": "05", "tok_hard": "43"}.get(token, "unknown_token")


def choice_code(card: str) -> str | None:
    return _CHOICE_CODES.get(card, APPROVED)


def three_ds() -> dict[str, Any]:
    """The evidence of a passed challenge."""
    return {
        "scheme": "visa",
        "version": "2.2.0",
        "eci": "05",
        "cavv": secrets.token_urlsafe(15) + "AAAAAAAA",
        "ds_trans_id": str(uuid.uuid4()),
        "liability_shift": True,
    }

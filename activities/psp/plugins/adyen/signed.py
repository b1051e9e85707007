"""What Adyen signed of an item of a webhook, and how its values are read.

HMAC-SHA256 with the hexadecimal key, written in base64, over eight fields parted by colons. Colons
in the fields are not escaped: our references have some, so no other field may where it matters.
Adyen's systems write some values in more than one way (`true` or `"true"`, `0` or `"0"`, null or
nothing); the signed text is the same.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

Item = dict[str, Any]
"""As it came, before anything of it is believed."""

SIGNATURE = "hmacSignature"

_TEXTS = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference")
_REFERENCE = 3
_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


class Unreadable(Exception):
    """Not written in any way that Adyen writes."""


@dataclass(frozen=True)
class Signed:
    """The eight fields as texts; empty where there is none."""

    texts: tuple[str, ...]

    @property
    def content(self) -> bytes:
        """What the HMAC is over; lone surrogates as Adyen would send them."""
        return ":".join(self.texts).encode("utf-8", "surrogatepass")

    @property
    def is_ambiguous(self) -> bool:
        """Whether the same signed text could be read as other fields."""
        return any(":" in text for place, text in enumerate(self.texts) if place != _REFERENCE)

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits: the part of an event's id that tells contents apart."""
        return hashlib.sha256(self.content).hexdigest()[:12]

    def is_signed(self, given: str, keys: Collection[bytes]) -> bool:
        """By any of the keys; whatever is wrong takes the same time."""
        return is_signed(self.content, given, keys)

    def members(self) -> Item:
        """For `ItemMessage`: what was signed, in one way of writing."""
        *texts, value, currency, code, success = self.texts
        amount = {"value": int(value), "currency": currency} if value and currency else None
        named = dict(zip(_TEXTS, texts, strict=True))
        return {**named, "amount": amount, "eventCode": code, "success": success}


def signed_of(item: Item) -> Signed:
    """Raises Unreadable."""
    amount = {} if item.get("amount") is None else item["amount"]
    if not isinstance(amount, dict):
        raise Unreadable
    texts = [_text(item.get(name)) for name in _TEXTS]
    texts += [_number(amount.get("value")), _text(amount.get("currency"))]
    texts += [_text(item.get("eventCode")), _boolean(item.get("success"))]
    if not texts[-1] or not texts[-2]:
        raise Unreadable
    return Signed(tuple(texts))


def is_signed(content: bytes, given: str, keys: Collection[bytes]) -> bool:
    """As text, not decoded: several base64 texts are the same bytes. Every key is compared."""
    theirs = given.encode("utf-8", "surrogatepass")
    right = [base64.b64encode(hmac.digest(key, content, hashlib.sha256)) for key in keys]
    matches = [hmac.compare_digest(mine, theirs) for mine in right]
    return any(matches)


def _text(given: object) -> str:
    if given is None:
        return ""
    if not isinstance(given, str):
        raise Unreadable
    return given


def _number(given: object) -> str:
    if given is None or given == "":
        return ""
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    if isinstance(given, str) and _NUMBER.fullmatch(given):
        return given
    raise Unreadable


def _boolean(given: object) -> str:
    if isinstance(given, bool):
        return "true" if given else "false"
    return _text(given)

"""The words of the credentials' command line; each says what is allowed when it is not that."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import timedelta

from workflows.domain.money import Money, MoneyError

_NAME = re.compile(r"[A-Za-z0-9._:@-]{1,64}")
_PERSON = re.compile(r"[\x21-\x7e]{1,300}")
_BRAND = re.compile(r"\*|[A-Za-z0-9._-]{1,64}")
_ROUTE = re.compile(r"\*|(\*|GET|POST|PUT) /[A-Za-z0-9_{}/-]*\*?")
_SPAN = re.compile(r"([1-9][0-9]{0,4})([hd])")
_REASON = re.compile(r"[^\x00-\x1f\x7f]{1,500}")


def name(text: str) -> str:
    """Several tokens may have one: it is what `rotate` and `revoke` go by."""
    return _matching(_NAME, text, "1 to 64 letters, digits or . _ : @ -")


def person(text: str) -> str:
    """As the company's directory names them: `issuer|subject`."""
    return _matching(_PERSON, text, "1 to 300 printable ASCII characters without spaces")


def brand(text: str) -> str:
    """A brand's id, or `*`. Raises ArgumentTypeError."""
    return _matching(_BRAND, text, "a brand id, or * for all")


def route(text: str) -> str:
    """`GET /v1/payments`, `* /v1/cashier/*` or `*`. Raises ArgumentTypeError."""
    rule = "a method (GET, POST, PUT or *), a space, and a route; `*` at its end is all below it"
    return _matching(_ROUTE, text, rule)


def reason(text: str) -> str:
    """One line, since it is kept and listed for good. Raises ArgumentTypeError."""
    return _matching(_REASON, text, "1 to 500 characters, one line")


def span(text: str) -> timedelta:
    """Hours or days: `24h`, `90d`. Raises ArgumentTypeError."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ArgumentTypeError("hours or days, such as 24h or 90d")
    number = int(found.group(1))
    return timedelta(hours=number) if found.group(2) == "h" else timedelta(days=number)


def end(text: str) -> timedelta | None:
    """From now; None for `never`. Raises ArgumentTypeError."""
    return None if text == "never" else span(text)


def bound(text: str) -> tuple[str, str]:
    """Currency and amount."""
    amount, _, currency = text.partition(" ")
    try:
        return currency, Money.parse(amount, currency).amount
    except MoneyError:
        rule = "an amount and a currency, such as `500.00 EUR`"
        raise ArgumentTypeError(rule) from None


def _matching(pattern: re.Pattern[str], text: str, rule: str) -> str:
    if not pattern.fullmatch(text):
        raise ArgumentTypeError(rule)
    return text

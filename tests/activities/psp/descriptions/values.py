"""Patterns and formats: the parts of a schema that a validator likes to pass over in silence."""

from __future__ import annotations

import base64
import datetime
import re
from collections.abc import Callable
from functools import cache

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+"
)


@cache
def pattern(source: str) -> re.Pattern[str]:
    """An ECMA 262 pattern with its meaning in Python; re.error where it does not compile.

    There `$` is the very end (here it also stands before a last line break) and `\\w`, `\\d` are
    ASCII. Like there it is searched: who wants the whole text must say ^ and $.
    """
    in_class, made = False, []
    for token in re.findall(r"\\.|.", source, re.DOTALL):
        if token in "[]":
            in_class = token == "["
        made.append(r"\Z" if token == "$" and not in_class else token)
    return re.compile("".join(made), re.ASCII)


def _time(value: object) -> bool:
    return not isinstance(value, str) or bool(_TIME.fullmatch(value) and _parses(value))


def _parses(value: str) -> bool:
    try:
        return bool(datetime.datetime.fromisoformat(value.upper()))
    except ValueError:
        return False


def _day(value: object) -> bool:
    return not isinstance(value, str) or bool(_DAY.fullmatch(value) and _parses(value))


def _uri(value: object) -> bool:
    return not isinstance(value, str) or bool(_URI.fullmatch(value))


def _base64(value: object) -> bool:
    try:
        return not isinstance(value, str) or bool(base64.b64decode(value, validate=True))
    except ValueError:
        return False


def _signed(bits: int) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, int) or -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)


def _unix_time(value: object) -> bool:
    """Seconds: what is written in milliseconds would be far beyond 2^33, the year 2242."""
    return not isinstance(value, int) or 0 <= value < 2**33


def _currency(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch("[A-Z]{3}", value))


FORMATS: dict[str, Callable[[object], bool]] = {
    "byte": _base64,
    "date": _day,
    "date-time": _time,
    "int32": _signed(32),
    "int64": _signed(64),
    # PayPal asks for three characters of any kind, and means ISO 4217.
    "ppaas_common_currency_code_v2": _currency,
    "unix-time": _unix_time,
    "uri": _uri,
}

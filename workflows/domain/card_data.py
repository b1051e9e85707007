"""Finding card numbers and IBANs in text, so that none is ever taken in, kept or logged.

One finder for what callers send, what PSPs tell and what the audit reads. It works in time that
grows with the text and no faster, whatever the text is.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

from stdnum import iban, numdb

from workflows.domain.card_numbers import has_card_number

_SHORTEST = 13

_IDS = re.compile(
    r"(?<![0-9a-fA-F])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-fA-F])"
    r"|(?<![0-9A-Za-z])(?:[0-9a-f]{24,}+|[0-9A-F]{24,}+)(?![0-9A-Za-z])",
)
"""UUIDs, digests, traces: random digits that now and then would pass for a card number."""

_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|[nrtbf\\/])")
"""JSON's, where the text is JSON."""

_IBAN_WORD = re.compile(r"(?:(?<![A-Z0-9])|(?<=IBAN))(?=([A-Z]{2}[0-9]{2}[A-Z0-9 .\-]{11,60}))")
_BETWEEN_GROUPS = re.compile(r"[ .\-]")


def has_card_data(text: str) -> bool:
    if len(text) < _SHORTEST:
        return False
    if "\\" in text:
        text = _ESCAPED.sub(_unescaped, text)
    if "%" in text and _is_found_in(unquote(text)):
        return True
    return _is_found_in(text)


def _is_found_in(text: str) -> bool:
    if not text.isascii():
        text = text.translate(_PLAIN)
    text = _IDS.sub(_hidden, text)
    return has_card_number(text) or _has_iban(text.upper())


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else " "


def _hidden(found: re.Match[str]) -> str:
    """All digits and no dash: no digest, and too long for a card."""
    return found.group() if found.group().isdecimal() else "~"


class _Plain(dict[int, str]):
    """What each character is in ASCII, where it is anything there.

    One by one: Unicode's own normal form of a whole text takes quadratic time on a long run of
    combining marks.
    """

    def __missing__(self, code: int) -> str:
        plain = _plain(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = plain
        return plain


_REMEMBERED = 4096


def _plain(character: str) -> str:
    if character.isascii():
        return character
    match unicodedata.category(character):
        case "Cf" | "Mn" | "Me":
            return ""
        case "Pd":
            return "-"
        case "Zs" | "Zl" | "Zp":
            return " "
        case "Nd":
            return str(unicodedata.decimal(character))
    if character == "\N{MINUS SIGN}":
        return "-"
    # Full-width letters, digits in circles and raised ones.
    return unicodedata.normalize("NFKC", character)


_PLAIN = _Plain()


@dataclass(frozen=True)
class _Country:
    length: int
    shape: re.Pattern[str]
    """Of the whole, country and check digits included."""


def _countries() -> dict[str, _Country]:
    """By their letters, as the registry has them that the library keeps."""
    found = {}
    for _, letters, _, properties, _ in numdb.get("iban").prefixes:
        parts = re.findall(r"([0-9]{1,2})!([nac])", properties["bban"])
        shape = "".join(f"{_KINDS[kind]}{{{size}}}" for size, kind in parts)
        length = 4 + sum(int(size) for size, _ in parts)
        found[letters] = _Country(length, re.compile(f"[A-Z]{{2}}[0-9]{{2}}{shape}"))
    return found


_KINDS = {"n": "[0-9]", "a": "[A-Z]", "c": "[0-9A-Z]"}
_COUNTRIES = _countries()


def _has_iban(text: str) -> bool:
    """`text` is in upper case."""
    for word in _IBAN_WORD.finditer(text):
        country = _COUNTRIES.get(word[1][:2])
        if country is None:
            continue
        compact = _BETWEEN_GROUPS.sub("", word[1])[: country.length]
        # Without the rules that a country has for its own part: banks write examples against them.
        if country.shape.fullmatch(compact) and iban.is_valid(compact, check_country=False):
            return True
    return False

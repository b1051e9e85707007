"""Finding card numbers and IBANs in text, so that none is ever taken in, kept or logged."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import accumulate

_UUID = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}(?![0-9a-f])",
    re.IGNORECASE,
)
"""Ids, ours and theirs: random digits that now and then would pass for a card number."""

_DIGITS = re.compile(r"[0-9](?:[ \-]?[0-9]){12,}")
_GROUPED = re.compile(
    r"(?<![0-9])[0-9]{4}([._/,\t\r\n]+)"
    r"(?:[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{1,3})?|[0-9]{6}\1[0-9]{4,5})(?![0-9])"
)
"""As cards are printed, whatever stands between the groups; other numbers are not grouped so."""
_IBAN_WORD = re.compile(r"(?<![A-Z0-9])(?=([A-Z]{2}[0-9]{2}[A-Z0-9 \-]{8,50}))")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))

_IBANS = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28
EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26
IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28
NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25
SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
_IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBANS.split()}
"""By country: any other length is no IBAN, which keeps random words from passing for one."""


def has_card_data(text: str) -> bool:
    if len(text) < 13:
        return False
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_DASHES)
        text = "".join(_ascii_digit(c) for c in text if unicodedata.category(c) != "Cf")
    plain = _GROUPED.sub(lambda found: re.sub(r"[^0-9]+", "-", found.group()), text)
    plain = _UUID.sub("~", plain)
    return _has_card_number(plain) or _has_iban(plain.upper())


def _ascii_digit(character: str) -> str:
    if character.isascii() or not character.isdecimal():
        return character
    return str(unicodedata.decimal(character))


def _has_card_number(text: str) -> bool:
    for run in _DIGITS.finditer(text):
        groups = re.split(r"[ \-]", run.group())
        for start in range(len(groups)):
            if any(_is_card_number(number) for number in _joined(groups[start:], 19)):
                return True
    return False


def _joined(groups: list[str], longest: int) -> Iterator[str]:
    """The first group, the first two together … as long as they are not too long."""
    for text in accumulate(groups):
        if len(text) > longest:
            return
        yield text


def _is_card_number(number: str) -> bool:
    # 0 and 7 open no card number, 1 only those of airlines: most long numbers are times and ids.
    issued = number[0] in "2345689" or (number[0] == "1" and len(number) == 15)
    return 13 <= len(number) <= 19 and issued and _passes_luhn(number)


def _passes_luhn(number: str) -> bool:
    doubled = "0246813579"
    odd, even = number[-1::-2], number[-2::-2]
    return (sum(map(int, odd)) + sum(int(doubled[int(d)]) for d in even)) % 10 == 0


def _has_iban(text: str) -> bool:
    for word in _IBAN_WORD.finditer(text):
        compact = re.sub(r"[ \-]", "", word.group(1))
        length = _IBAN_LENGTHS.get(compact[:2])
        if length is not None and len(compact) >= length and _passes_mod_97(compact[:length]):
            return True
    return False


def _passes_mod_97(iban: str) -> bool:
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1

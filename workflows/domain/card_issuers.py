"""Who issues card numbers: the first digits of each scheme, with the lengths that it has.

ISO/IEC 7812-1 leaves the first digits to the schemes. These are the commonly published ranges (the
best collection: en.wikipedia.org/wiki/Payment_card_number) and, for long numbers, those of banks
that issue them; no scheme promises that they stay so, and a line more is all that a new one needs.
A scheme's prefix stands with its length, because most long numbers that begin as a card does are as
long as no card of that scheme.
"""

from __future__ import annotations

from bisect import bisect_right

SHORTEST, LONGEST = 13, 19
_BIN = 6

_SCHEMES: tuple[tuple[str, str, str], ...] = (
    ("Visa", "4", "13 16 19"),
    ("Mastercard", "51-55 2221-2720", "16"),
    ("American Express", "34 37", "15"),
    ("Discover", "6011 644-649 65", "16-19"),
    ("Diners Club", "36 300-305 3095 38-39", "14 16-19"),
    ("JCB", "3528-3589", "16-19"),
    ("JCB, older", "1800 2131", "15"),
    ("UnionPay", "62", "16-19"),
    ("UnionPay, from 8100", "8100-8171", "16-19"),
    ("UnionPay, shorter", "621234", "14-15"),
    ("Maestro", "50 56-58 60-61 63-69", "16-19"),
    ("Mir", "2200-2204", "16-19"),
    ("Borica, PayPak", "2205", "16"),
    ("RuPay", "60 65 81-82 508 353 356", "16"),
    ("Troy", "9792", "16"),
    ("UATP", "10-15", "15"),
    ("Verve", "5060-5062 5078-5079 650002-650027", "16 18-19"),
    ("Humo, Uzcard", "9860 8600", "16"),
    ("NAPAS", "9704", "16 19"),
    ("BelKart, ArCa, Prostir", "9112 9051 9804", "16"),
    ("Korean and Kyrgyz local cards", "94", "16"),
)

_LONG: tuple[tuple[str, str, str], ...] = (
    ("Visa", "491761", "19"),
    ("Verve", "506066 506099-506198 650002-650027", "19"),
    ("Verve, a PSP's test number", "507850", "18"),
    ("NAPAS", "9704", "19"),
    ("Maestro of Britain and of Sberbank", "679999 586824 639002", "18-19"),
    ("Bancontact", "6703", "17"),
    ("Bancontact", "670300", "19"),
    ("UnionPay, PSPs' test numbers", "621234 620550 817199 810000", "17-19"),
    (
        "Industrial and Commercial Bank of China",
        "620200 620302 620402-620405 621225-621227 621281 621288 621558-621559 621722-621723 "
        "622200 622202-622203 622208 621618 955880-955882",
        "19",
    ),
    (
        "Agricultural Bank of China",
        "620059 621282 621336 621619 621671 622821-622828 622840-622849 623018 623206 955950",
        "19",
    ),
    (
        "Bank of China",
        "601382 620025-620026 620061 621212 621256 621283 621330-621332 621485-621486 "
        "621568-621570 621620 621660-621669 621672 621725 621756-621759 621782 621785-621790 "
        "623208 623571-623575 623586",
        "19",
    ),
    (
        "China Construction Bank",
        "436742 620060 621080-621082 621284 621466-621467 621488 621499 621598 621621 621700 "
        "622280 622700 622966 622988 623094 623211 623251 623350 623668-623669",
        "19",
    ),
    (
        "Bank of Communications",
        "405512 601428 620013 620021 621002 621069 621335 621436 622258-622262",
        "17 19",
    ),
    (
        "Postal Savings Bank of China",
        "620062 621095-621096 621098 621285 621599 621622 621797-621799 622150-622151 622181 "
        "622188 622199 622810-622811 623218-623219 955100",
        "19",
    ),
)
"""Numbers of 17 to 19 digits that are really in players' hands, or in PSPs' documents. By scheme
alone a tenth of some months' snowflakes, and every seventieth 64-bit number, would be a card."""


class Issuers:
    """By length, the ranges of first six digits in which cards are issued."""

    def __init__(self, table: tuple[tuple[str, str, str], ...]) -> None:
        ranges: dict[int, list[tuple[int, int]]] = {}
        for _, prefixes, lengths in table:
            for low, high in map(_ends, lengths.split()):
                for length in range(int(low), int(high) + 1):
                    ranges.setdefault(length, []).extend(map(_bins, prefixes.split()))
        self._ranges = {length: _merged(found) for length, found in ranges.items()}

    def know(self, number: str) -> bool:
        """Whether cards of this length begin so. `number` is ASCII digits."""
        lows, highs = self._ranges.get(len(number), ([], []))
        first = int(number[:_BIN])
        place = bisect_right(lows, first) - 1
        return place >= 0 and first <= highs[place]


def _ends(text: str) -> tuple[str, str]:
    low, _, high = text.partition("-")
    return low, high or low


def _bins(prefixes: str) -> tuple[int, int]:
    low, high = _ends(prefixes)
    return int(low.ljust(_BIN, "0")), int(high.ljust(_BIN, "9"))


def _merged(ranges: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Ordered, and none within or beside another: one look finds the only one that can fit."""
    lows: list[int] = []
    highs: list[int] = []
    for low, high in sorted(ranges):
        if highs and low <= highs[-1] + 1:
            highs[-1] = max(highs[-1], high)
        else:
            lows.append(low)
            highs.append(high)
    return lows, highs


BY_SCHEME = Issuers(_SCHEMES + _LONG)
IN_LONG_USE = Issuers(_LONG)

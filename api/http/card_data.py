"""Refusing card numbers and IBANs in what callers send."""

from __future__ import annotations

import re

from api.http.errors import Problem
from workflows.domain.card_data import has_card_data

_OPAQUE = re.compile(r"[!-~]{100,}")
_LETTERS = re.compile(r"[A-Za-z]")


def refuse_card_data(*texts: str) -> None:
    """Raises Problem `card-data-refused`."""
    if any(has_card_data(text) for text in texts):
        raise card_data_refused()


def card_data_refused() -> Problem:
    """422 `card-data-refused`; it repeats neither the value nor where it stood."""
    return Problem(
        422,
        "card-data-refused",
        "Card and account numbers are refused",
        "a value looks like a card number or an IBAN; send a token of the PSP instead",
    )


def without_chance(text: str) -> str:
    """A PSP's long token with nothing in it that would pass for an IBAN by chance.

    One in some thousands of them would, and its player could not pay; card numbers are a run of
    digits that no random letters make.
    """
    return _LETTERS.sub("~", text) if _OPAQUE.fullmatch(text) else text

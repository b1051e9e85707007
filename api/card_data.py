"""Refusing card numbers and IBANs in what callers send."""

from __future__ import annotations

from api.errors import Problem
from infra.card_data import has_card_data


def refuse_card_data(*texts: str) -> None:
    """Raises Problem `card-data-refused`."""
    if any(has_card_data(text) for text in texts):
        raise Problem(
            422,
            "card-data-refused",
            "Card and account numbers are refused",
            "a value looks like a card number or an IBAN; send a token of the PSP instead",
        )

"""What is known beforehand of how PSPs settle."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings import Section

Hours = Annotated[float, Field(gt=0, le=24 * 366)]


class Term(Section):
    """Of a merchant account and method; what names more counts before what names less."""

    psp: str
    """The plugin's name."""
    account: str = ""
    """Ours for the merchant account; empty: all that have no term of their own."""
    method: str = ""
    """What players pay with; empty: all that have no term of their own."""
    delay_hours: Hours = 72.0
    """After so long without a settlement line a movement is missing, and not under way."""
    bank_delay_hours: Hours = 120.0
    """After so long without an entry at the bank a batch that was paid out is missing."""


class ReconciliationSettings(Section):
    terms: list[Term] = []
    """How long movements wait for their settlement line, and batches for the bank, where it is not
    3 and 5 days: `[{"psp": "adyen", "method": "direct_debit", "delay_hours": 120}]`."""

    @model_validator(mode="after")
    def _one_term_of_each(self) -> Self:
        counted = Counter((each.psp, each.account, each.method) for each in self.terms)
        if twice := [name for name, count in counted.items() if count > 1]:
            raise ValueError(f"there are two terms of {'/'.join(twice[0])}")
        return self

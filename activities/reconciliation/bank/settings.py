"""Which bank accounts are ours, and who pays to them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, model_validator

from infra.settings import Section

_NAME = re.compile(r"[a-z0-9]{1,20}(?:-[a-z0-9]{1,20}){0,4}")
_PAYER = re.compile(r"[^/\s]{1,60}/[^/\s]{1,100}")


def compact(number: str) -> str:
    """Without the spaces and signs by which it is written in groups."""
    return "".join(sign for sign in number.upper() if sign.isalnum())


class BankAccount(Section):
    number: SecretStr
    """Its IBAN, or what the bank's statements have in its place."""
    receives: tuple[str, ...] = ()
    """The merchant accounts that are paid out to it, `<psp>/<account>`. What comes from another one
    is known by its reference alone."""
    only_payouts: bool = True
    """Nothing else comes in or goes out: what no payout explains is a break."""


class BankSettings(Section):
    accounts: dict[str, BankAccount] = {}
    """By our own name, which is all that tables and logs have of it: `{"main": {"number":
    "DE89…", "receives": ["adyen/main"]}}`."""
    statement_bytes: Annotated[int, Field(gt=0, le=2**28)] = 8 * 2**20
    """A larger file is quarantined unread."""
    originals: Path = Path("var/originals")
    """The folder where the files are kept as they came."""

    def name_of(self, number: str, currency: str) -> str | None:
        """Ours of an account as a statement writes it: some banks put its currency behind it, and
        their own number before."""
        written, alone = compact(number), compact(number.rpartition("/")[2])
        numbers = {
            compact(account.number.get_secret_value()): name
            for name, account in self.accounts.items()
        }
        tried = (written, written.removesuffix(currency), alone, alone.removesuffix(currency))
        return next((numbers[one] for one in tried if one in numbers), None)

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> BankSettings:
        numbers = [compact(one.number.get_secret_value()) for one in self.accounts.values()]
        if len(set(numbers)) < len(numbers) or not all(numbers):
            raise ValueError("two bank accounts have the same number, or one has none")
        for name, account in self.accounts.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"the name {name!r} of a bank account is not like `main-eur`")
            if not all(_PAYER.fullmatch(payer) for payer in account.receives):
                raise ValueError(f"{name} receives from `<psp>/<account>` alone")
        return self

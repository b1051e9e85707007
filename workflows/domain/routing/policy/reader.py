"""Reads the parts that a document is made of, and remembers what is wrong and where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from workflows.domain.money import Money, MoneyError
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.proofs.flaws import Flaw, PolicyRefused, place_in

T = TypeVar("T")
MOST_ITEMS = 1000
MOST_DEEP = 20


class Missing:
    """Stands for a key that is not there."""


MISSING = Missing()


@dataclass
class Reader:
    """Collects every flaw of a document instead of stopping at the first one."""

    flaws: list[Flaw] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Places that are no object: what is missing in them is not told."""

    def refuse(self, place: str, code: str, sentence: str) -> None:
        if any(place.startswith(f"{lost}/") for lost in self.lost):
            return
        self.flaws.append(Flaw(place, code, sentence))

    def finish(self) -> None:
        if self.flaws:
            raise PolicyRefused(tuple(self.flaws))

    def mapping(self, value: object, place: str, keys: Iterable[str]) -> Mapping[str, Any]:
        """The object, or an empty one; keys that mean nothing are refused."""
        allowed = list(keys)
        if not isinstance(value, dict):
            self.refuse(place, "wrong_type", f"an object with {_listed(allowed)} is allowed")
            self.lost.append(place)
            return {}
        for key in value:
            if key not in allowed:
                at = place_in(place, str(key)[:64])
                self.refuse(at, "unknown_field", f"allowed are {_listed(allowed)}")
        return value

    def text(self, value: object, place: str, *, longest: int = 200) -> str:
        if isinstance(value, str) and 0 < len(value) <= longest and value.isprintable():
            return value
        self._wrong(value, place, f"a printable text of 1 to {longest} characters is allowed")
        return ""

    def whole(self, value: object, place: str, low: int, high: int) -> int:
        if type(value) is int and low <= value <= high:
            return value
        self._wrong(value, place, f"a whole number from {low} to {high} is allowed")
        return low

    def word(self, value: object, place: str, words: type[T]) -> T | None:
        """One of an enumeration."""
        listed: list[Any] = list(words)  # type: ignore[call-overload]
        if isinstance(value, str) and value in listed:
            return words(value)  # type: ignore[call-arg]
        self._wrong(value, place, f"one of {', '.join(listed)} is allowed")
        return None

    def items(
        self,
        value: object,
        place: str,
        read: Callable[[object, str], T],
        *,
        most: int = MOST_ITEMS,
    ) -> tuple[T, ...]:
        if not isinstance(value, list) or len(value) > most:
            self._wrong(value, place, f"a list of at most {most} is allowed")
            return ()
        return tuple(read(item, f"{place}/{number}") for number, item in enumerate(value))

    def account(self, value: object, place: str) -> MerchantAccount:
        psp, slash, name = self.text(value, place).partition("/")
        if not (psp and slash and name and "/" not in name):
            self.refuse(
                place, "wrong_type", 'an account is named "psp/id", such as "sandbox/primary"'
            )
        return MerchantAccount(psp, name)

    def accounts(self, value: object, place: str) -> tuple[MerchantAccount, ...]:
        return self.items(value, place, self.account)

    def money(self, value: object, place: str) -> Money:
        found = self.mapping(value, place, ("amount", "currency"))
        before = len(self.flaws)
        digits = self.text(found.get("amount", MISSING), f"{place}/amount", longest=40)
        currency = self.text(found.get("currency", MISSING), f"{place}/currency", longest=40)
        if len(self.flaws) > before:
            return Money(0, "EUR")
        try:
            return Money.parse(digits, currency)
        except MoneyError as refused:
            self.refuse(place, "wrong_type", str(refused))
            return Money(0, "EUR")

    def _wrong(self, value: object, place: str, sentence: str) -> None:
        code = "missing" if value is MISSING else "wrong_type"
        self.refuse(place, code, sentence)


def _listed(keys: list[str]) -> str:
    return ", ".join(keys)

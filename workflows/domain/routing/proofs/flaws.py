"""What is wrong with a policy, where, and what would be right."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flaw:
    """`place` is a JSON pointer into the document; the sentence says what is allowed."""

    place: str
    code: str
    sentence: str


class PolicyRefused(ValueError):
    """The document is not a policy that can be used; every flaw is listed."""

    def __init__(self, flaws: tuple[Flaw, ...]) -> None:
        super().__init__("; ".join(f"{flaw.place}: {flaw.sentence}" for flaw in flaws))
        self.flaws = flaws


def place_in(place: str, key: str) -> str:
    return f"{place}/{key.replace('~', '~0').replace('/', '~1')}"

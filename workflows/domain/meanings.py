"""What a fact about a payment that is over can mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Means(StrEnum):
    NOTHING = "it agrees with what we know"
    RELEASE = "a hold that nobody wants is to be released"
    GIVE_BACK = "the money has come back and is the player's again"
    CASE = "it contradicts what we know"
    DOUBLE = "it was done a second time under the same key"
    TAKE_BACK = "captured money left the PSP without us"
    RESTORE = "what had been taken back has come back"
    REMEMBER = "it was undone at the PSP, and moved nothing in the end"


MOVES = frozenset(Means) - {Means.NOTHING, Means.CASE}
"""What is done at a PSP or in the books: never by hearsay."""


@dataclass(frozen=True)
class Meaning:
    means: Means
    why: str


def is_the_same(one: str, other: str) -> bool:
    """Whether two of the PSP's ids can be of one thing; what it never told proves nothing."""
    return not one or not other or one == other

"""Names of credentials and persons: compared exactly, so no two may look like one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


class NameRefused(Exception):
    """The credential would be taken for another one, or belong to two persons. Says which."""


def look_of(name: str) -> str:
    """What a reader sees: without case, and with what is written in several ways written in one."""
    return unicodedata.normalize("NFKC", name).casefold()


def require_distinct(name: str, person: str, known: Iterable[tuple[str, str]]) -> None:
    """`known`: names and their persons. Raises NameRefused."""
    pairs = list(known)
    for other, owner in pairs:
        if other == name and owner != person:
            raise NameRefused(f"the name {name} belongs to {owner}: choose another name")
    words = {word for pair in pairs for word in pair}
    for new in (name, person):
        for other in words:
            if other != new and look_of(other) == look_of(new):
                raise NameRefused(f"{new} looks like {other}, which is there: write it the same")

"""The keys of seals: the first makes them, all are good for checking."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from workflows.domain.seals import Presented, Seal, canonical, sealed_text


class SealKeys:
    """Shared by API and workers; never in a run, a history or a log line."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """At least one, each of 32 bytes or more."""
        self._keys = tuple(keys)

    def seal(
        self, subject: str, message: str, content: object, *, by: str, row: int | None = None
    ) -> Seal:
        """By the newest key."""
        return self.seal_of_text(subject, message, canonical(content), by=by, row=row)

    def seal_of_text(
        self, subject: str, message: str, content: str, *, by: str, row: int | None = None
    ) -> Seal:
        """Of content that is canonical already."""
        text = sealed_text(subject, message, content, by, row)
        return Seal(by=by, mac=_mac(self._keys[0], text), row=row)

    def is_genuine(self, presented: Presented) -> bool:
        """Whether one of the keys has made its seal; every key is tried, in constant time."""
        seal = presented.seal
        if seal is None:
            return False
        text = sealed_text(
            presented.subject, presented.message, presented.content, seal.by, seal.row
        )
        given = seal.mac.encode("utf-8", "replace")
        found = False
        for key in self._keys:
            found |= hmac.compare_digest(_mac(key, text).encode(), given)
        return found


def _mac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

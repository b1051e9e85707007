"""One sending of a webhook whose signature does not cover its body."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Sending:
    """Of a webhook whose signature does not cover its body."""

    name: str
    """The PSP's, of this sending."""
    body_sha256: str

    @classmethod
    def of(cls, name: str | None, body: bytes) -> Sending | None:
        return None if name is None else cls(name, hashlib.sha256(body).hexdigest())

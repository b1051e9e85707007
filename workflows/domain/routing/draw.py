"""Chance that can be repeated: every number follows from a seed that the receipt keeps."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class Draw:
    """The seed is drawn once per payment by whoever asks, and recorded."""

    seed: str

    @property
    def number(self) -> float:
        """In [0, 1), evenly spread over seeds."""
        return spread(self.seed)


def spread(text: str) -> float:
    """A text's place in [0, 1): the first 53 bits of its SHA-256."""
    return (int.from_bytes(sha256(text.encode()).digest()[:8], "big") >> 11) / (1 << 53)

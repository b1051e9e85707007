"""Answers kept under the caller's key, per merchant account."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


class KeyReused(Exception):
    """The key belongs to another request: how a PSP says so is its own affair."""


class Answers:
    """Nothing is awaited between `recall` and `keep`: two requests cannot overtake each other."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[bytes, Answer]] = {}

    def recall(self, account: str, key: str, request: bytes) -> Answer | None:
        """The answer kept for this key. `request` is whatever tells requests apart.

        Raises KeyReused.
        """
        kept = self._kept.get((account, key))
        if kept is None:
            return None
        if kept[0] != request:
            raise KeyReused
        return kept[1]

    def keep(self, account: str, key: str, request: bytes, answer: Answer) -> None:
        self._kept[account, key] = (request, answer)

"""Answers kept under the caller's key, per merchant account."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Protocol


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    is_first: bool = True


@dataclass(frozen=True)
class Kept:
    request: bytes
    """Whatever tells requests apart."""
    answer: Answer
    at: float


class KeptAnswers(Protocol):
    """Where they are kept."""

    def find(self, account: str, key: str) -> Kept | None: ...

    def put(self, account: str, key: str, kept: Kept) -> None: ...


class KeyReused(Exception):
    """The key belongs to another request: how a PSP says so is its own affair."""


class Answers:
    """Nothing is awaited between `recall` and `keep`: two requests cannot overtake each other."""

    def __init__(self, kept: KeptAnswers) -> None:
        self._kept = kept

    def recall(
        self,
        account: str,
        key: str,
        request: bytes,
        *,
        any_request: bool = False,
        seconds: float | None = None,
    ) -> Answer | None:
        """The answer kept for this key, if it is not older than that.

        Raises KeyReused, unless the answer is for `any_request`.
        """
        kept = self._kept.find(account, key)
        if kept is None or (seconds is not None and time.time() - kept.at >= seconds):
            return None
        if kept.request != request and not any_request:
            raise KeyReused
        return replace(kept.answer, is_first=False)

    def keep(self, account: str, key: str, request: bytes, answer: Answer) -> None:
        self._kept.put(account, key, Kept(request, answer, time.time()))

"""What a fake PSP keeps, where it may forget all of it with its process."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count, islice
from typing import Any

from infra.local.psps.base.idempotency import Kept


class EntriesInMemory:
    """Of the journal."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []

    def add(self, entry: Mapping[str, Any]) -> None:
        self._entries.append(dict(entry))

    def read(self, prefix: str, operation: str, limit: int | None) -> list[dict[str, Any]]:
        matching = (
            entry
            for entry in self._entries
            if entry["reference"].startswith(prefix) and operation in ("", entry["operation"])
        )
        return list(islice(matching, limit))


class AnswersInMemory:
    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Kept] = {}

    def find(self, account: str, key: str) -> Kept | None:
        return self._kept.get((account, key))

    def put(self, account: str, key: str, kept: Kept) -> None:
        self._kept[account, key] = kept


class OrdersInMemory:
    """Of faults, which has them in memory by itself: here they only get their numbers."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def load(self) -> list[tuple[int, str]]:
        return []

    def add(self, document: str) -> int:
        return next(self._numbers)

    def change(self, number: int, document: str) -> None:
        return

    def delete(self, number: int) -> None:
        return

    def clear(self) -> None:
        return

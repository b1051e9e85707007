"""In which lane one run asks a merchant account: quick, as long as that gives answers."""

from __future__ import annotations

from workflows.domain.psp import MerchantAccount


class Lanes:
    """The quick lane is the worker of the run itself; the slow one is the queue of the PSP, where
    operators see the call, and where it may be throttled. Whether the quick one is open is decided
    where the question is written down, for each call; a run that was sent away once stays slow."""

    def __init__(self) -> None:
        self._closed: set[MerchantAccount] = set()

    def is_quick(self, account: MerchantAccount) -> bool:
        return account not in self._closed

    def close(self, account: MerchantAccount) -> None:
        self._closed.add(account)

"""Who watches how PSPs are: told of every call that moves money, and of nothing in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from workflows.domain.psp import MerchantAccount, Outcome

Ended = Callable[[Outcome | None], None]
"""Told once, how a call ended; None: it was broken off, and says nothing of the PSP."""


class Watch(Protocol):
    """Neither of the two waits for anybody nor raises: whoever watches holds up no payment."""

    def refuses(self, account: MerchantAccount, method: str) -> bool:
        """Whether the PSP is so broken that another payment need not find it out."""

    def begun(self, account: MerchantAccount, method: str) -> Ended:
        """A call begins; `method` is empty where the instruction has none."""


class Nobody:
    """Where no breaker is: nothing is refused, nothing remembered."""

    def refuses(self, account: MerchantAccount, method: str) -> bool:
        return False

    def begun(self, account: MerchantAccount, method: str) -> Ended:
        return _nothing


def _nothing(outcome: Outcome | None) -> None:
    """Nobody watches."""

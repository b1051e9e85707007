"""Money of a player set aside for one payment: taken once, then gone or given back, once."""

from __future__ import annotations

from dataclasses import dataclass

from . import books
from .domain.money import Money
from .domain.psp import MerchantAccount, key_of
from .domain.wallet import CaptureHold, Hold, Player, Refused, Release, WalletResult


class WalletBug(Exception):
    """The wallet refused what it cannot rightly refuse: the run stops visibly, nothing moves."""


@dataclass(frozen=True)
class Holding:
    payment_id: str
    player: Player
    amount: Money

    @property
    def key(self) -> str:
        return key_of(self.payment_id, "hold")

    async def take(self, against: str | None = None) -> WalletResult:
        """Set the money aside; refused when it is not there, or beyond the credit `against`."""
        return await books.hold(
            Hold(
                key=self.key,
                player=self.player,
                amount=self.amount,
                payment_id=self.payment_id,
                against=against,
            )
        )

    async def leave_to(self, destination: MerchantAccount) -> None:
        key = key_of(self.payment_id, "settle")
        command = CaptureHold(key=key, hold_key=self.key, destination=destination)
        posted_or_bug(await books.capture_hold(command), key)

    async def give_back(self) -> None:
        key = key_of(self.payment_id, "release")
        posted_or_bug(await books.release(Release(key=key, hold_key=self.key)), key)


def posted_or_bug(result: WalletResult, key: str) -> None:
    """Raises WalletBug, for commands that have no right to be refused where they stand."""
    if isinstance(result, Refused):
        raise WalletBug(f"the wallet refused {key}: {result.reason}")

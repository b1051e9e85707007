"""Money of a player set aside for one payment: taken once, then gone or given back, once."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.exceptions import ApplicationError

from workflows.domain.identity import key_of
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount
from workflows.domain.wallet import (
    CaptureHold,
    Hold,
    Player,
    RefusalReason,
    Refused,
    Release,
    WalletResult,
)

from . import stubs

UNKNOWN_PAYMENT = "UnknownPayment"


@dataclass(frozen=True)
class WalletHold:
    payment_id: str
    player: Player
    amount: Money
    order: str
    """The digest of the payment's order."""

    @property
    def key(self) -> str:
        """It has one hold: whoever takes it again gets the same."""
        return key_of(self.payment_id, "hold")

    async def take(self, against: str | None = None) -> WalletResult:
        """Set the money aside; refused when it is not there, or beyond the credit `against`.

        Raises ApplicationError for a payment that nobody opened: the run ends, nothing moved.
        """
        result = await stubs.hold(
            Hold(
                key=self.key,
                player=self.player,
                amount=self.amount,
                payment_id=self.payment_id,
                against=against,
                order=self.order,
            )
        )
        if isinstance(result, Refused) and result.reason is RefusalReason.UNKNOWN_PAYMENT:
            raise nobody_opened(self.payment_id)
        return result

    def left_by(self, destination: MerchantAccount) -> CaptureHold:
        """The money has left us: what was held is owed to the account that paid."""
        key = key_of(self.payment_id, "settle")
        return CaptureHold(key=key, hold_key=self.key, destination=destination)

    def given_back(self) -> Release:
        """Of whatever is held: an earlier try of this run may have died behind its hold."""
        return Release(key=key_of(self.payment_id, "release"), hold_key=self.key, if_held=True)


class WalletBug(Exception):
    """The wallet refused what it cannot rightly refuse: the run stops visibly, nothing moves."""


def nobody_opened(payment_id: str) -> ApplicationError:
    """The end of a run that no payment of ours has: UNKNOWN_PAYMENT, not to be retried."""
    return ApplicationError(
        f"nobody opened {payment_id} with these terms: nothing was held and nothing asked",
        type=UNKNOWN_PAYMENT,
        non_retryable=True,
    )

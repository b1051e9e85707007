"""What a stop by hand is about: which operation, whose, and where."""

from __future__ import annotations

from dataclasses import dataclass

from workflows.domain.identity import Kind
from workflows.domain.payments import Stoppable

from .accounts import ANY, AccountStatus, MerchantAccountProfile, serves

STOPPED_BY = {Kind.DEPOSIT: Stoppable.CAPTURES, Kind.PAYOUT: Stoppable.PAYOUTS}
"""A deposit that could not be captured is not begun."""
_KINDS = {operation: kind for kind, operation in STOPPED_BY.items()}


@dataclass(frozen=True, kw_only=True)
class StopScope:
    """`*` stands for all."""

    operation: Stoppable
    brand: str = ANY
    psp: str = ANY
    account: str = ANY
    region: str = ANY

    @property
    def kind(self) -> Kind:
        """Of the payments that it holds up."""
        return _KINDS[self.operation]

    def concerns(self, profile: MerchantAccountProfile) -> bool:
        """Whether the account is one to which such payments can go, stopped or not."""
        return (
            profile.status is AccountStatus.ACTIVE
            and self.kind in profile.kinds
            and (self.brand == ANY or serves(profile.brands, self.brand))
            and (self.region == ANY or serves(profile.regions, self.region))
        )

    def stops(self, profile: MerchantAccountProfile) -> bool:
        return self.psp in (ANY, profile.psp) and self.account in (ANY, profile.id)

"""The profiles of merchant accounts, as settings and changes have them."""

from __future__ import annotations

from collections.abc import Iterable

from activities.routing.settings import Account
from workflows.domain.routing.accounts import MerchantAccountProfile


def overridden(
    profiles: Iterable[MerchantAccountProfile], changed: Iterable[MerchantAccountProfile]
) -> tuple[MerchantAccountProfile, ...]:
    """A changed account stays in its place; new ones come last."""
    found = {profile.account: profile for profile in profiles}
    found |= {profile.account: profile for profile in changed}
    return tuple(found.values())


def profile_of(account: Account) -> MerchantAccountProfile:
    return MerchantAccountProfile(
        psp=account.psp,
        id=account.id,
        brands=tuple(account.brands),
        regions=tuple(account.regions),
        methods=tuple(account.methods),
        currencies=tuple(account.currencies),
        holds=tuple(account.holds),
    )

"""Whose routing is looked at or changed: that of one brand, or of all."""

from __future__ import annotations

from collections.abc import Iterable

from activities.access.credential import ALL_BRANDS
from activities.routing.snapshot import Snapshot
from activities.routing.switches import ANY
from api.http.errors import forbidden
from api.routing.parts import Read, Write
from workflows.domain.routing.accounts import MerchantAccountProfile, key_of_account


def scope(ask: Write, asked: str | None, what: str, pointer: str = "/brand_id") -> str:
    """The brand, or `*`, which needs a credential for all brands.

    Raises Problem `forbidden` or `not-found`.
    """
    if asked is not None:
        return ask.caller.brand(asked, pointer)
    require_all_brands(ask, f"{what} for all brands", "; name a brand_id")
    return ANY


def require_all_brands(ask: Read | Write, what: str, instead: str = "") -> None:
    """Raises Problem `forbidden`."""
    if ALL_BRANDS not in ask.caller.brands:
        raise forbidden(f"{what} needs a credential for all brands{instead}")


def may_see(ask: Read | Write, brand: str) -> bool:
    """What is of all brands, `*`, needs a credential for all brands."""
    return ALL_BRANDS in ask.caller.brands or brand in ask.caller.brands


def named(brand: str) -> str | None:
    """As callers write it: null is every brand."""
    return None if brand == ANY else brand


def accounts_of(ask: Read | Write, snapshot: Snapshot) -> list[MerchantAccountProfile]:
    """Those that serve a brand of the caller's."""
    everything = ALL_BRANDS in ask.caller.brands
    return [
        profile
        for profile in snapshot.accounts.profiles
        if everything or ANY in profile.brands or not ask.caller.brands.isdisjoint(profile.brands)
    ]


def psps_of(ask: Read | Write, profiles: Iterable[MerchantAccountProfile]) -> list[str]:
    """Those of the accounts; to whom all brands are visible, every one that is connected too."""
    connected = ask.parts.settings.psps if ALL_BRANDS in ask.caller.brands else frozenset[str]()
    return sorted({*connected, *(profile.psp for profile in profiles)})


def account_names(ask: Read | Write, snapshot: Snapshot) -> str:
    """`psp/id, psp/id`, for whoever named one that is not there."""
    names = [key_of_account(profile.account) for profile in accounts_of(ask, snapshot)]
    return ", ".join(names) or "none"

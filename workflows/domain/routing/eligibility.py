"""Which merchant accounts may take a payment at all, whatever the rules say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.domain.psp import MerchantAccount

from .accounts import Accounts, AccountStatus, MerchantAccountProfile, key_of_account, serves
from .facts import RoutingFacts
from .health import Health
from .receipt import Exclusion, ExclusionReason

MOST_REMEMBERED = 4096


@dataclass(frozen=True)
class Serving:
    """An account that serves the kind, brand, region, method and currency of a payment."""

    key: str
    profile: MerchantAccountProfile
    account: MerchantAccount
    minimum: int
    maximum: int | None
    too_small: Exclusion
    too_large: Exclusion
    not_named: Exclusion


@dataclass(frozen=True)
class Eligible:
    allowed: Mapping[str, Serving]
    """By `psp/id`."""
    excluded: tuple[Exclusion, ...]
    probes: frozenset[MerchantAccount] = frozenset()


def eligible(accounts: Accounts, facts: RoutingFacts, health: Health) -> Eligible:
    serving, excluded = _serving(accounts, facts)
    units = facts.amount.minor_units
    refused: list[Exclusion] = []
    allowed: dict[str, Serving] = {}
    for one in serving:
        if units < one.minimum:
            refused.append(one.too_small)
        elif one.maximum is not None and units > one.maximum:
            refused.append(one.too_large)
        else:
            allowed[one.key] = one
    probes: frozenset[MerchantAccount] = frozenset()
    if health.troubled:
        probes = _remove_troubled(allowed, refused, facts, health)
    return Eligible(allowed, (*excluded, *refused) if refused else excluded, probes)


def _serving(
    accounts: Accounts, facts: RoutingFacts
) -> tuple[tuple[Serving, ...], tuple[Exclusion, ...]]:
    asked = (facts.kind, facts.brand, facts.region, facts.method, facts.amount.currency)
    found = accounts.memo.get(asked)
    if found is None:
        if len(accounts.memo) >= MOST_REMEMBERED:
            accounts.memo.clear()
        found = accounts.memo[asked] = _sorted_out(accounts, facts)
    return found


def _sorted_out(
    accounts: Accounts, facts: RoutingFacts
) -> tuple[tuple[Serving, ...], tuple[Exclusion, ...]]:
    serving, excluded = [], []
    for profile in accounts.profiles:
        reason = _why_not(profile, facts)
        if reason is None:
            serving.append(_of(profile, facts.amount.currency))
        else:
            excluded.append(Exclusion(profile.account, reason))
    return tuple(serving), tuple(excluded)


def _of(profile: MerchantAccountProfile, currency: str) -> Serving:
    limit, account = profile.limit(currency), profile.account
    return Serving(
        key_of_account(account),
        profile,
        account,
        limit.minimum,
        limit.maximum,
        Exclusion(account, ExclusionReason.BELOW_MINIMUM),
        Exclusion(account, ExclusionReason.ABOVE_MAXIMUM),
        Exclusion(account, ExclusionReason.NOT_NAMED),
    )


def _why_not(profile: MerchantAccountProfile, facts: RoutingFacts) -> ExclusionReason | None:
    asked = (
        (ExclusionReason.SWITCHED_OFF, profile.status is AccountStatus.ACTIVE),
        (ExclusionReason.KIND, facts.kind in profile.kinds),
        (ExclusionReason.BRAND, serves(profile.brands, facts.brand)),
        (ExclusionReason.REGION, serves(profile.regions, facts.region)),
        (ExclusionReason.METHOD, serves(profile.methods, facts.method)),
        (ExclusionReason.CURRENCY, serves(profile.currencies, facts.currency)),
    )
    return next((reason for reason, holds in asked if not holds), None)


def _remove_troubled(
    allowed: dict[str, Serving],
    refused: list[Exclusion],
    facts: RoutingFacts,
    health: Health,
) -> frozenset[MerchantAccount]:
    """Takes out what is stopped or broken; says which of the rest would be probes."""
    probes, troubled = set(), health.troubled
    for key in [key for key, one in allowed.items() if one.profile.psp in troubled]:
        account = allowed[key].account
        standings, stops = troubled[account.psp]
        about = [one for one in standings if one.is_about(account, facts.method)]
        if any(stop.is_about(account, facts) for stop in stops):
            refused.append(Exclusion(account, ExclusionReason.STOPPED))
        elif any(one.blocks for one in about):
            refused.append(Exclusion(account, ExclusionReason.BREAKER_OPEN))
        else:
            if about:
                probes.add(account)
            continue
        del allowed[key]
    return frozenset(probes)

"""A merchant account from a plain JSON document and back, strictly, as policies are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from workflows.domain.identity import Kind
from workflows.domain.money import Money, MoneyError, exponent

from .accounts import ANY, AccountStatus, Cost, Limit, MerchantAccountProfile, serves
from .policy.reader import MISSING, Reader

T = TypeVar("T")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_WORD = re.compile(r"\*|[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", re.ASCII)
_PERCENT = re.compile(r"(0|[1-9][0-9]?|100)(\.[0-9]{1,4})?", re.ASCII)
_SERVED = ("brands", "regions", "methods", "currencies")
_KEYS = ("psp", "id", "kinds", *_SERVED, "limits", "costs", "reuses_3ds", "holds", "status")
_LIMIT = ("currency", "minimum", "maximum")
_COST = ("currency", "fixed", "percent")
_EVERYTHING = [ANY]


def read_account(document: object) -> MerchantAccountProfile:
    """Raises PolicyRefused with every flaw."""
    reader = Reader()
    found = reader.mapping(document, "", _KEYS)
    served = {key: _served(reader, found.get(key, _EVERYTHING), f"/{key}") for key in _SERVED}
    status = reader.word(found.get("status", AccountStatus.ACTIVE.value), "/status", AccountStatus)
    reuses = found.get("reuses_3ds", False)
    if not isinstance(reuses, bool):
        reader.refuse("/reuses_3ds", "wrong_type", "true or false is allowed")
    profile = MerchantAccountProfile(
        psp=_name(reader, found.get("psp", MISSING), "/psp"),
        id=_name(reader, found.get("id", MISSING), "/id"),
        kinds=_kinds(reader, found.get("kinds", [Kind.DEPOSIT.value, Kind.PAYOUT.value])),
        limits=_each(reader, found.get("limits", []), "/limits", _LIMIT, _limit),
        costs=_each(reader, found.get("costs", []), "/costs", _COST, _cost),
        reuses_3ds=reuses is True,
        holds=_words(reader, found.get("holds", []), "/holds"),
        status=status or AccountStatus.ACTIVE,
        **served,
    )
    _agree(reader, profile)
    reader.finish()
    return profile


def write_account(profile: MerchantAccountProfile) -> dict[str, Any]:
    return {
        "psp": profile.psp,
        "id": profile.id,
        "kinds": [kind.value for kind in profile.kinds],
        **{key: list(getattr(profile, key)) for key in _SERVED},
        "limits": [_written_limit(limit) for limit in profile.limits],
        "costs": [
            {
                "currency": cost.currency,
                "fixed": Money(cost.fixed, cost.currency).amount,
                "percent": f"{Decimal(cost.rate).scaleb(-4).normalize():f}",
            }
            for cost in profile.costs
        ],
        "reuses_3ds": profile.reuses_3ds,
        "holds": list(profile.holds),
        "status": profile.status.value,
    }


def _written_limit(limit: Limit) -> dict[str, Any]:
    written = {
        "currency": limit.currency,
        "minimum": Money(limit.minimum, limit.currency).amount,
    }
    if limit.maximum is not None:
        written["maximum"] = Money(limit.maximum, limit.currency).amount
    return written


def _name(reader: Reader, value: object, place: str) -> str:
    name = reader.text(value, place, longest=64)
    if name and not _NAME.fullmatch(name):
        reader.refuse(place, "wrong_type", "a name of letters, digits and _ . -, at most 64")
    return name


def _served(reader: Reader, value: object, place: str) -> tuple[str, ...]:
    words = _words(reader, value, place)
    if value == []:
        reader.refuse(place, "empty_result", f"at least one of the {place[1:]}, or {ANY} for all")
    return words


def _words(reader: Reader, value: object, place: str) -> tuple[str, ...]:
    return reader.items(value, place, lambda one, at: _word(reader, one, at))


def _word(reader: Reader, value: object, place: str) -> str:
    word = reader.text(value, place, longest=64)
    if place.startswith("/currencies/") and word not in ("", ANY):
        return _currency(reader, word, place)
    if word and not _WORD.fullmatch(word):
        reader.refuse(place, "wrong_type", f"a name of letters, digits and _ . : -, or {ANY}")
    return word


def _currency(reader: Reader, value: object, place: str) -> str:
    code = reader.text(value, place, longest=64)
    if not code:
        return ""
    try:
        exponent(code)
    except MoneyError as refused:
        reader.refuse(place, "wrong_type", str(refused))
        return ""
    return code


def _kinds(reader: Reader, value: object) -> tuple[Kind, ...]:
    found = reader.items(value, "/kinds", lambda one, at: reader.word(one, at, Kind))
    if not found or Kind.REFUND in found:
        reader.refuse("/kinds", "empty_result", "deposit, payout or both; refunds go back")
    return tuple(kind for kind in found if kind is not None)


def _each(
    reader: Reader,
    value: object,
    place: str,
    keys: tuple[str, ...],
    read: Callable[[Reader, Mapping[str, Any], str, str], T],
) -> tuple[T, ...]:
    """Objects that each have a currency; what is wrong in one does not hide the others."""

    def one(item: object, at: str) -> T | None:
        found = reader.mapping(item, at, keys)
        currency = _currency(reader, found.get("currency", MISSING), f"{at}/currency")
        return read(reader, found, currency, at) if currency else None

    return tuple(item for item in reader.items(value, place, one) if item is not None)


def _limit(reader: Reader, found: Mapping[str, Any], currency: str, at: str) -> Limit:
    maximum = found.get("maximum")
    return Limit(
        currency,
        _units(reader, found.get("minimum", "0"), currency, f"{at}/minimum"),
        None if maximum is None else _units(reader, maximum, currency, f"{at}/maximum"),
    )


def _cost(reader: Reader, found: Mapping[str, Any], currency: str, at: str) -> Cost:
    percent = found.get("percent", "0")
    if not isinstance(percent, str) or not _PERCENT.fullmatch(percent) or Decimal(percent) > 100:
        allowed = 'a percentage such as "2.9" is allowed, with up to four decimals'
        reader.refuse(f"{at}/percent", "wrong_type", allowed)
        percent = "0"
    fixed = _units(reader, found.get("fixed", "0"), currency, f"{at}/fixed")
    return Cost(currency, fixed, int(Decimal(percent).scaleb(4)))


def _units(reader: Reader, value: object, currency: str, place: str) -> int:
    try:
        return Money.parse(reader.text(value, place, longest=32) or "0", currency).minor_units
    except MoneyError as refused:
        reader.refuse(place, "wrong_type", str(refused))
        return 0


def _agree(reader: Reader, profile: MerchantAccountProfile) -> None:
    for place, flaw in _disagreements(profile):
        reader.refuse(place, "contradiction", flaw)


def _disagreements(profile: MerchantAccountProfile) -> Iterator[tuple[str, str]]:
    for place, priced in (("limits", profile.limits), ("costs", profile.costs)):
        seen: list[str] = []
        for one in priced:
            if one.currency in seen:
                yield f"/{place}", f"each currency once; {one.currency} is there twice"
            elif not serves(profile.currencies, one.currency):
                yield f"/{place}", f"{one.currency} is not among the currencies of the account"
            seen.append(one.currency)
    for limit in profile.limits:
        if limit.maximum is not None and limit.minimum > limit.maximum:
            yield "/limits", f"the minimum of {limit.currency} is above its maximum"
    for key in (*_SERVED, "holds"):
        if _is_doubled(getattr(profile, key)):
            yield f"/{key}", "each once"


def _is_doubled(words: Sequence[str]) -> bool:
    return len(set(words)) < len(words)

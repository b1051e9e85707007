"""A merchant account is a document: read strictly, written back as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.domain.identity import Kind
from workflows.domain.routing.account_documents import read_account, write_account
from workflows.domain.routing.accounts import AccountStatus, Cost, Limit, MerchantAccountProfile
from workflows.domain.routing.proofs.flaws import PolicyRefused

NAMES = st.sampled_from(["acme", "eu", "card", "a.b-c_1"])
SERVED = st.lists(NAMES, min_size=1, max_size=3, unique=True).map(tuple) | st.just(("*",))
CURRENCIES = ["EUR", "JPY", "KWD"]
UNITS = st.integers(0, 10**9)


def limit(currency: str) -> st.SearchStrategy[Limit]:
    maximum = st.none() | st.integers(10**9, 10**12)
    return st.builds(Limit, st.just(currency), UNITS, maximum)


def cost(currency: str) -> st.SearchStrategy[Cost]:
    return st.builds(Cost, st.just(currency), UNITS, st.integers(0, 1_000_000))


ACCOUNTS = st.builds(
    MerchantAccountProfile,
    psp=NAMES,
    id=NAMES,
    kinds=st.sampled_from([(Kind.DEPOSIT,), (Kind.PAYOUT, Kind.DEPOSIT)]),
    brands=SERVED,
    regions=SERVED,
    methods=SERVED,
    currencies=st.sampled_from([("*",), tuple(CURRENCIES)]),
    limits=st.sampled_from(CURRENCIES).flatmap(limit).map(lambda one: (one,)),
    costs=st.tuples(*map(cost, CURRENCIES)),
    reuses_3ds=st.booleans(),
    holds=st.lists(st.sampled_from(["card", "ewallet", "*"]), unique=True, max_size=2).map(tuple),
    status=st.sampled_from(AccountStatus),
)


@given(ACCOUNTS)
def test_what_is_written_reads_back_as_the_same_account(profile: MerchantAccountProfile) -> None:
    assert read_account(write_account(profile)) == profile


def test_a_short_document_serves_everything() -> None:
    assert read_account({"psp": "north", "id": "main"}) == MerchantAccountProfile(
        psp="north", id="main"
    )


def test_amounts_are_in_the_places_of_their_currency_and_rates_in_percent() -> None:
    document = {
        "psp": "north",
        "id": "main",
        "limits": [{"currency": "JPY", "minimum": "500"}, {"currency": "EUR", "maximum": "9.99"}],
        "costs": [{"currency": "EUR", "fixed": "0.25", "percent": "2.9"}],
    }
    profile = read_account(document)
    assert profile.limits == (Limit("JPY", 500), Limit("EUR", 0, 999))
    assert profile.costs == (Cost("EUR", 25, 29_000),)
    assert write_account(profile)["costs"] == document["costs"]


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"psp": "no/slash"}, "/psp"),
        ({"id": 5}, "/id"),
        ({"kinds": ["refund"]}, "/kinds"),
        ({"kinds": []}, "/kinds"),
        ({"brands": []}, "/brands"),
        ({"brands": ["a", "a"]}, "/brands"),
        ({"regions": "eu"}, "/regions"),
        ({"methods": ["bank transfer"]}, "/methods/0"),
        ({"currencies": ["EURO"]}, "/currencies/0"),
        ({"currencies": [""]}, "/currencies/0"),
        ({"limits": [{"currency": "EUR", "minimum": "0.001"}]}, "/limits/0/minimum"),
        ({"limits": [{"currency": "EUR", "minimum": "2", "maximum": "1"}]}, "/limits"),
        ({"limits": [{"currency": "EUR"}, {"currency": "EUR"}]}, "/limits"),
        ({"limits": [{"minimum": "1"}]}, "/limits/0/currency"),
        ({"currencies": ["EUR"], "costs": [{"currency": "JPY"}]}, "/costs"),
        ({"costs": [{"currency": "EUR", "percent": "101"}]}, "/costs/0/percent"),
        ({"costs": [{"currency": "EUR", "percent": "100.5"}]}, "/costs/0/percent"),
        ({"costs": [{"currency": "EUR", "percent": 2.9}]}, "/costs/0/percent"),
        ({"costs": [{"currency": "EUR", "fee": "1"}]}, "/costs/0/fee"),
        ({"reuses_3ds": "yes"}, "/reuses_3ds"),
        ({"holds": "card"}, "/holds"),
        ({"holds": ["card", 1]}, "/holds/1"),
        ({"holds": ["card", "card"]}, "/holds"),
        ({"status": "asleep"}, "/status"),
        ({"limit": []}, "/limit"),
    ],
)
def test_what_an_account_may_not_say_is_refused_with_its_place(
    wrong: dict[str, Any], place: str
) -> None:
    with pytest.raises(PolicyRefused) as refused:
        read_account({"psp": "north", "id": "main"} | wrong)
    assert [flaw.place for flaw in refused.value.flaws] == [place]

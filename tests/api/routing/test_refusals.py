"""What could never work is refused with its place, and with what is allowed there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.callers import slug, without_trace
from tests.api.routing_desk import (
    ACCOUNTS,
    POLICIES,
    Desk,
    a_brand,
    order,
    pointers,
    policy,
    rule,
)


async def test_a_rule_that_no_payment_reaches_is_refused_with_its_place(
    desk: Desk, name: str
) -> None:
    brand, to = a_brand(), order(f"{name}/primary")
    body = policy(
        brand,
        rule("all cards", "method", "card", to),
        {
            "name": "German cards",
            "when": {
                "all": [
                    {"field": "method", "in": ["card"]},
                    {"field": "card_country", "in": ["DE"]},
                ]
            },
            "then": to,
        },
        default=to,
    )
    wrong = pointers(await desk.ann.post(POLICIES, body))
    assert list(wrong) == ["/policy/rules/1"]
    assert "all cards" in wrong["/policy/rules/1"]
    body["policy"]["rules"].reverse()
    assert (await desk.ann.post(POLICIES, body)).status_code == 201


async def test_what_is_not_there_is_named_with_what_there_is(desk: Desk, name: str) -> None:
    brand = a_brand()
    wrong = pointers(await desk.ann.post(POLICIES, policy(brand, default=order("nobody/main"))))
    assert f"{name}/primary" in wrong["/policy/default/order/0"]
    body = {"account": {"psp": "nobody", "id": "main"}, "reason": "spring"}
    wrong = pointers(await desk.ann.post(ACCOUNTS, body))
    assert name in wrong["/account/psp"]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"psp": None}, "/account/psp"),
        ({"colour": "red"}, "/account/colour"),
        ({"currencies": ["EURO"]}, "/account/currencies/0"),
        ({"limits": [{"currency": "EUR", "minimum": "1.001"}]}, "/account/limits/0/minimum"),
        ({"costs": [{"currency": "EUR", "percent": 2.9}]}, "/account/costs/0/percent"),
        ({"status": "off"}, "/account/status"),
        ({"reuses_3ds": 1}, "/account/reuses_3ds"),
    ],
)
async def test_every_flaw_of_an_account_has_its_place(
    desk: Desk, name: str, wrong: dict[str, Any], pointer: str
) -> None:
    account = {"psp": name, "id": "flawed"} | wrong
    assert pointer in pointers(await desk.ann.post(ACCOUNTS, {"account": account, "reason": "x"}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"policy": "none"},
        {"policy": {"id": 7, "rules": [], "default": {"refuse": "x"}}},
        {"reason": ""},
        {"reason": "two\nlines"},
        {"based_on": -1},
        {"based_on": 1.5},
        {"brand_id": ""},
        {"unknown": 1},
    ],
)
async def test_a_proposal_is_read_strictly(desk: Desk, name: str, wrong: dict[str, Any]) -> None:
    body = policy(a_brand(), default=order(f"{name}/primary")) | wrong
    refused = await desk.ann.post(POLICIES, body)
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")


async def test_a_card_number_is_no_bin(desk: Desk, name: str) -> None:
    card = rule("a card", "bin", "4111111111111111", order(f"{name}/primary"))
    refused = await desk.ann.post(POLICIES, policy(a_brand(), card, default=card["then"]))
    assert (refused.status_code, slug(refused)) == (422, "card-data-refused")
    assert "4111" not in without_trace(refused)


async def test_an_account_that_a_policy_needs_cannot_be_closed(desk: Desk, name: str) -> None:
    brand = a_brand()
    account = {"psp": name, "id": f"a-{brand}", "brands": [brand]}
    await desk.account(**account)
    await desk.policy(brand, default=order(f"{name}/a-{brand}"))
    closed = {"account": account | {"status": "closed"}, "reason": "over"}
    refused = await desk.ann.post(ACCOUNTS, closed)
    assert (refused.status_code, slug(refused)) == (409, "breaks-a-policy")
    assert refused.json()["policy"] == f"p-{brand}"
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/default/order/0"]
    await desk.policy(brand, default=order(f"{name}/primary"))
    await desk.approved(await desk.ann.post(ACCOUNTS, closed))


async def test_a_policy_that_has_become_wrong_is_not_approved(desk: Desk, name: str) -> None:
    brand = a_brand()
    account = {"psp": name, "id": f"a-{brand}", "brands": [brand]}
    await desk.account(**account)
    proposed = await desk.ann.post(POLICIES, policy(brand, default=order(f"{name}/a-{brand}")))
    await desk.account(**account, status="closed")
    refused = await desk.decided(proposed.json()["id"], "approve")
    assert (refused.status_code, slug(refused)) == (409, "change-not-usable")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/default/order/0"]

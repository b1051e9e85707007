"""Switching a PSP, an account or a method on and off, by the operators of a brand."""

from __future__ import annotations

from typing import Any

import pytest

from activities.access.credential import Role
from tests.api.callers import Caller, a_player, captured, intent, slug
from tests.api.conftest import Issue
from tests.workflows.world import FakePsp

SWITCHES = "/v1/routing/switches"


def switch(psp: str, *, enabled: bool, **changes: Any) -> dict[str, Any]:
    return {"psp": psp, "enabled": enabled, "reason": "maintenance"} | changes


async def test_what_is_switched_off_takes_no_new_payment_and_finishes_those_under_way(
    issue: Issue, psp: FakePsp, name: str
) -> None:
    platform = await issue(Role.PLATFORM, brands=("switched",))
    operator = await issue(Role.OPERATOR, brands=("switched",))
    mine = {"metadata": {"brand_id": "switched"}}
    opened = await platform.post("/v1/cashier/intents", intent(capture_method="manual", **mine))
    path = f"/v1/cashier/intents/{opened.json()['intent_id']}"
    assert (await platform.post(f"{path}/authorize")).json()["status"] == "AUTHORIZED"

    off = switch(name, enabled=False, method="card", brand_id="switched")
    assert (await operator.put(SWITCHES, off)).status_code == 201
    assert (await platform.post(f"{path}/capture")).json()["status"] == "CAPTURED"
    late = (await platform.post("/v1/cashier/intents", intent(**mine))).json()
    refused = await platform.post(f"/v1/cashier/intents/{late['intent_id']}/authorize")
    assert refused.json()["status"] == "FAILED"
    assert refused.json()["decline"]["reason"] == "no_route"

    on = switch(name, enabled=True, method="card", brand_id="switched")
    assert (await operator.put(SWITCHES, on)).status_code == 201
    await captured(platform, player_id=a_player(), **mine)


async def test_a_switch_tells_who_switched_it_when_and_why(
    issue: Issue, name: str, approver: Caller
) -> None:
    operator = await issue(Role.OPERATOR)
    await operator.put(SWITCHES, switch(name, enabled=True, method="crypto", brand_id="acme"))
    switches = (await approver.get(SWITCHES)).json()["items"]
    mine = next(item for item in switches if item["method"] == "crypto")
    assert mine["changed_by"].startswith("operator-")
    assert (mine["reason"], mine["enabled"], mine["merchant_account"]) == (
        "maintenance",
        True,
        None,
    )


async def test_switches_are_the_operators_and_of_their_brands(
    platform: Caller, operator: Caller, issue: Issue, name: str
) -> None:
    off = switch(name, enabled=False, brand_id="acme", method="voucher")
    refused = await platform.put(SWITCHES, off)
    assert (refused.status_code, slug(refused)) == (403, "forbidden")
    everywhere = await operator.put(SWITCHES, switch(name, enabled=False, method="voucher"))
    assert (everywhere.status_code, slug(everywhere)) == (403, "forbidden")
    other = await issue(Role.OPERATOR, brands=("bravo",))
    theirs = await other.put(SWITCHES, off)
    assert (theirs.status_code, slug(theirs)) == (404, "not-found")
    assert (await operator.put(SWITCHES, off)).status_code == 201
    seen = (await other.get(SWITCHES)).json()["items"]
    assert all(item["brand_id"] != "acme" for item in seen)


@pytest.mark.parametrize(
    "wrong",
    [
        {"psp": "nobody"},
        {"method": "crad"},
        {"merchant_account": "nobody"},
        {"enabled": "yes"},
        {"reason": ""},
        {"reason": "two\nlines"},
        {"method": "CARD"},
        {"unknown": 1},
    ],
)
async def test_a_switch_of_nothing_there_is_refused_with_what_there_is(
    operator: Caller, name: str, wrong: dict[str, Any]
) -> None:
    asked = switch(name, enabled=True, brand_id="acme") | wrong
    refused = await operator.put(SWITCHES, asked)
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")

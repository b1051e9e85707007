"""Payouts through the API."""

from __future__ import annotations

from typing import Any

from activities.access.credential import Role
from tests.api.callers import Caller, a_player, captured, money, payout, slug
from tests.api.conftest import Issue
from tests.workflows.world import FakePsp
from workflows.domain.psp import Operation, Pending

PAYOUTS = "/v1/cashier/payouts"
VIP = {"brand_id": "acme", "player_segment": "vip"}


async def asked_by(caller: Caller, platform: Caller, **changes: Any) -> dict[str, Any]:
    player = a_player()
    await captured(platform, player_id=player)
    response = await caller.post(PAYOUTS, payout(player_id=player, **changes))
    assert response.status_code == 202, response.text
    requested: dict[str, Any] = response.json()
    return requested


async def test_a_small_payout_goes_straight_to_the_psp(platform: Caller, psp: FakePsp) -> None:
    psp.will_answer(Operation.PAYOUT, Pending("psp-payout"))
    made = await asked_by(platform, platform)
    assert made["status"] in ("PAYOUT_SUBMITTED", "PAYOUT_PROCESSING")
    seen = (await platform.get(f"{PAYOUTS}/{made['payout_id']}")).json()
    assert seen["amount"] == money("10.00")
    too_late = await platform.post(f"{PAYOUTS}/{made['payout_id']}/cancel")
    assert (too_late.status_code, slug(too_late)) == (409, "illegal-state")


async def test_a_second_person_decides(platform: Caller, issue: Issue, psp: FakePsp) -> None:
    both = await issue(Role.OPERATOR, Role.APPROVER)
    made = await asked_by(both, platform, metadata=VIP)
    path = f"{PAYOUTS}/{made['payout_id']}/approvals"
    assert made["status"] == "PAYOUT_AWAITING_APPROVAL"
    own = await both.post(path, {"decision": "approve"})
    assert (own.status_code, slug(own)) == (403, "four-eyes")
    second = await issue(Role.APPROVER)
    yes = await second.post(path, {"decision": "approve", "reason": "documents seen"})
    assert yes.status_code in (201, 202)
    assert yes.json()["decision_reason"] == "documents seen"
    late = await second.post(path, {"decision": "decline"})
    assert (late.status_code, slug(late)) == (409, "illegal-state")


async def test_a_payout_is_declined_and_the_money_given_back(
    platform: Caller, approver: Caller, psp: FakePsp
) -> None:
    made = await asked_by(platform, platform, metadata=VIP)
    no = await approver.post(
        f"{PAYOUTS}/{made['payout_id']}/approvals", {"decision": "decline", "reason": "not him"}
    )
    assert (no.status_code, no.json()["status"]) == (201, "PAYOUT_DECLINED")


async def test_a_postponement_names_its_end(
    platform: Caller, approver: Caller, psp: FakePsp
) -> None:
    made = await asked_by(platform, platform, metadata=VIP)
    path = f"{PAYOUTS}/{made['payout_id']}/approvals"
    for wrong in (
        {"decision": "postpone"},
        {"decision": "postpone", "until": "2020-01-01T00:00:00Z"},
        {"decision": "postpone", "until": "2030-02-31T00:00:00Z"},
        {"decision": "postpone", "until": "tomorrow"},
        {"decision": "approve", "until": "2099-01-01T00:00:00Z"},
        {"decision": "maybe"},
        {},
    ):
        refused = await approver.post(path, wrong)
        assert (refused.status_code, slug(refused)) == (422, "invalid-request"), wrong
    cancelled = await platform.post(f"{PAYOUTS}/{made['payout_id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (201, "PAYOUT_CANCELLED")


async def test_a_payout_that_we_would_not_make_is_refused_with_its_reason(
    platform: Caller, operator: Caller, psp: FakePsp
) -> None:
    poor = await platform.post(PAYOUTS, payout(player_id=a_player()))
    assert (poor.status_code, slug(poor)) == (422, "insufficient-funds")
    assert poor.json()["payout_status"] == "PAYOUT_REFUSED"
    much = await platform.post(PAYOUTS, payout(amount=money("100000.01")))
    assert (much.status_code, slug(much)) == (422, "limit-exceeded")
    player = a_player()
    known = {"kyc": "rejected", "blocked": False, "vip": False, "reason": "seen"}
    assert (await operator.put(f"/v1/risk/players/{player}", known)).status_code == 201
    stranger = await platform.post(PAYOUTS, payout(player_id=player))
    assert (stranger.status_code, slug(stranger)) == (422, "kyc-rejected")


async def test_payouts_are_listed(platform: Caller, psp: FakePsp) -> None:
    made = await asked_by(platform, platform, metadata=VIP)
    page = (await platform.get(f"{PAYOUTS}?player_id={made['player_id']}")).json()
    assert [item["payout_id"] for item in page["items"]] == [made["payout_id"]]

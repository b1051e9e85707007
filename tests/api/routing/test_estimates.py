"""A policy is tried on the payments of the past, and its experiments are judged."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.access.credential import Role
from tests.api.callers import Caller, money, payout, slug, without_trace
from tests.api.conftest import Issue
from tests.api.routing_desk import POLICIES, RECEIPTS, Desk, a_brand, order, paid, policy
from tests.workflows.world import HARD, FakePsp
from workflows.domain.psp import Operation

EXPERIMENTS, CHARGEBACKS = "/v1/routing/experiments", "/v1/routing/chargebacks"


def lately(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    begin, end = now - timedelta(minutes=10), now + timedelta(minutes=10)
    return {"from": begin.isoformat(), "to": end.isoformat()} | changes


async def halves(desk: Desk, name: str, brand: str) -> tuple[str, str]:
    """A policy that splits the brand's payments over two accounts."""
    await desk.account(
        psp=name,
        id=f"a-{brand}",
        brands=[brand],
        costs=[{"currency": "EUR", "fixed": "0.10", "percent": "1"}],
    )
    both = (f"{name}/primary", f"{name}/a-{brand}")
    split = {"split": [{"account": account, "weight": 1} for account in both]}
    await desk.policy(brand, default=split)
    return both


async def test_a_policy_is_estimated_on_recorded_traffic_before_it_counts(
    desk: Desk, issue: Issue, psp: FakePsp, name: str
) -> None:
    brand = a_brand()
    platform = await issue(Role.PLATFORM, brands=(brand,))
    primary, added = await halves(desk, name, brand)
    for number in range(12):
        if number % 3 == 0:
            psp.will_answer(Operation.AUTHORIZE, HARD)
        await paid(platform, brand)
    document = policy(brand, default=order(added, primary))
    proposed = (await desk.ann.post(POLICIES, document)).json()
    path, key = f"{POLICIES}/p-{brand}/estimate", uuid.uuid4().hex
    first = await desk.bob.post(path, lately(), key=key)
    assert first.status_code == 201, first.text
    estimate = first.json()
    assert (estimate["version"], estimate["payments"], estimate["judged"]) == (
        proposed["version"],
        12,
        12,
    )
    assert estimate["approved_was"] == round(8 / 12, 4)
    bounds = estimate["approved_would_be"]
    assert bounds["low"] <= bounds["value"] <= bounds["high"]
    assert set(estimate["estimators"]) == {"ips", "snips", "doubly_robust"}
    assert 0 < estimate["effective_sample"] <= 12
    [cost] = estimate["costs"]
    assert (cost["currency"], cost["payments"]) == ("EUR", 12)
    assert estimate["summary"].startswith("12 of 12 payments can be judged: 66.7 % were approved")
    replayed = await desk.ann.post(f"{POLICIES}/p-{brand}/replay", lately())
    assert replayed.status_code == 201, replayed.text
    moved = replayed.json()
    assert moved["payments"] == 12
    assert moved["moved"] == len(moved["items"]) == estimate["elsewhere"]
    assert {(one["before"], one["after"]) for one in moved["items"]} <= {(primary, added)}
    assert (await paid(platform, brand))["status"] == "CAPTURED"


async def test_what_cannot_be_judged_is_counted_with_its_reason(
    desk: Desk, issue: Issue, psp: FakePsp, name: str
) -> None:
    brand = a_brand()
    platform = await issue(Role.PLATFORM, brands=(brand,))
    await desk.account(psp=name, id=f"a-{brand}", brands=[brand])
    await desk.policy(brand, default=order(f"{name}/primary"))
    await paid(platform, brand)
    await desk.ann.post(POLICIES, policy(brand, default=order(f"{name}/a-{brand}")))
    estimate = (await desk.ann.post(f"{POLICIES}/p-{brand}/estimate", lately())).json()
    assert (estimate["payments"], estimate["judged"]) == (1, 0)
    [reason] = estimate["not_judged"]
    assert (reason["reason"], reason["payments"]) == ("never_asked", 1)
    assert "none of 1 payments can be judged" in estimate["summary"]
    active = lately(version=1)
    judged = (await desk.ann.post(f"{POLICIES}/p-{brand}/estimate", active)).json()
    assert (judged["version"], judged["judged"], judged["elsewhere"]) == (1, 1, 0)


@pytest.mark.parametrize("what", ["estimate", "replay"])
async def test_an_estimate_has_bounds_and_an_owner(
    desk: Desk, issue: Issue, platform: Caller, name: str, what: str
) -> None:
    brand = a_brand()
    await desk.ann.post(POLICIES, policy(brand, default=order(f"{name}/primary")))
    path = f"{POLICIES}/p-{brand}/{what}"
    for wrong in (
        {"to": lately()["from"]},
        {"from": "2031-01-01T00:00:00Z", "to": "2031-02-02T00:00:00Z"},
        {"from": "2031-02-31T00:00:00Z"},
        {"from": "yesterday"},
        {"version": 2},
        {"version": 0},
        {"unknown": 1},
    ):
        refused = await desk.ann.post(path, lately(**wrong))
        assert (refused.status_code, slug(refused)) == (422, "invalid-request"), wrong
    theirs = await issue(Role.OPERATOR, brands=(a_brand(),))
    hidden = await theirs.post(path, lately())
    assert (hidden.status_code, slug(hidden)) == (404, "not-found")
    assert (await platform.post(path, lately())).status_code == 403


async def test_rules_hear_what_the_platform_tells_of_player_and_card(
    desk: Desk, issue: Issue, psp: FakePsp, name: str
) -> None:
    brand = a_brand()
    platform = await issue(Role.PLATFORM, brands=(brand,))
    await desk.account(psp=name, id=f"a-{brand}", brands=[brand])
    bins = {
        "name": "one bank's cards",
        "when": {
            "all": [
                {"field": "bin", "prefix": ["400000"]},
                {"field": "card_country", "in": ["DE"]},
                {"not": {"field": "risk_band", "in": ["high"]}},
            ]
        },
        "then": order(f"{name}/a-{brand}"),
    }
    await desk.policy(brand, bins, default=order(f"{name}/primary"))
    hints = {
        "bin": "40000012",
        "card_country": "DE",
        "player_country": "AT",
        "card_type": "credit",
        "scheme": "visa",
        "risk_band": "low",
        "utc_offset_minutes": 60,
    }
    hit = await paid(platform, brand, routing=hints)
    assert hit["merchant_account"] == f"a-{brand}"
    [receipt] = (await desk.ann.get(f"{RECEIPTS}/{hit['intent_id']}")).json()["items"]
    assert receipt["rule"] == "one bank's cards"
    facts = receipt["facts"]
    hinted = {name: facts[name] for name in hints if name != "utc_offset_minutes"}
    assert hinted == {name: hint for name, hint in hints.items() if name != "utc_offset_minutes"}
    assert facts["hour"] is not None
    for missed in (hints | {"risk_band": "high"}, {"bin": "400000"}, {}):
        deposit = await paid(platform, brand, routing=missed)
        assert deposit["merchant_account"] == "primary", missed
    wish = payout(player_id=hit["player_id"], metadata={"brand_id": brand}, routing=hints)
    paid_out = (await platform.post("/v1/cashier/payouts", wish)).json()
    [receipt] = (await desk.ann.get(f"{RECEIPTS}/{paid_out['payout_id']}")).json()["items"]
    assert receipt["facts"]["kind"] == "payout"
    assert receipt["facts"]["bin"] == "40000012"


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"bin": "400000123"}, "card-data-refused"),
        ({"bin": "4000 0012 3456 7890"}, "card-data-refused"),
        ({"bin": "40000"}, "invalid-request"),
        ({"bin": 400000}, "invalid-request"),
        ({"bin": "4000x0"}, "invalid-request"),
        ({"card_country": "de"}, "invalid-request"),
        ({"card_type": "gold"}, "invalid-request"),
        ({"scheme": "vi sa"}, "invalid-request"),
        ({"utc_offset_minutes": 1000}, "invalid-request"),
        ({"utc_offset_minutes": 1.5}, "invalid-request"),
        ({"cvv": "123"}, "invalid-request"),
    ],
)
async def test_a_hint_that_makes_no_sense_is_refused_and_not_repeated(
    platform: Caller, wrong: dict[str, Any], kind: str
) -> None:
    for path, wish in (
        ("/v1/cashier/intents", {"return_url": "https://casino.example/back"}),
        ("/v1/cashier/payouts", {"destination": "dst_ok"}),
    ):
        body = {"player_id": "p", "amount": money("5.00"), "method": "card", "routing": wrong}
        refused = await platform.post(path, body | wish)
        assert (refused.status_code, slug(refused)) == (422, kind)
        assert "4000" not in without_trace(refused)


async def test_an_experiment_has_a_verdict_in_words(
    desk: Desk, issue: Issue, psp: FakePsp, name: str
) -> None:
    brand = a_brand()
    platform = await issue(Role.PLATFORM, brands=(brand,))
    await desk.account(psp=name, id=f"a-{brand}", brands=[brand])
    arms = {"control": f"{name}/primary", "challenger": f"{name}/a-{brand}"}
    trial = {
        "experiment": {
            "name": "second",
            "salt": "spring",
            "unit": "payment",
            "minimum_sample": 100,
            "guardrail": {"metric": "chargebacks", "worse_by": 50},
            "arms": [
                {"name": arm, "weight": 1, "accounts": [account]} for arm, account in arms.items()
            ],
        }
    }
    await desk.policy(brand, default=trial)
    deposits = [await paid(platform, brand) for _ in range(6)]
    report = (await desk.bob.get(f"{EXPERIMENTS}/p-{brand}/second")).json()
    assert [arm["name"] for arm in report["arms"]] == ["control", "challenger"]
    assert sum(arm["attempts"] for arm in report["arms"]) == 6
    assert (report["finding"], report["guardrail"]["worse_by_percent"]) == ("too_early", 0.5)
    assert report["verdict"].startswith("too early: the thinnest arm needs")
    reported = await desk.ann.post(CHARGEBACKS, {"payment_id": deposits[0]["intent_id"]})
    again = await desk.ann.post(CHARGEBACKS, {"payment_id": deposits[0]["intent_id"]})
    assert (reported.status_code, reported.json()["new"]) == (201, True)
    assert (again.status_code, again.json()["new"]) == (201, False)
    report = (await desk.bob.get(f"{EXPERIMENTS}/p-{brand}/second")).json()
    assert sum(arm["bad"] for arm in report["arms"]) == 1
    theirs = await issue(Role.OPERATOR, brands=(a_brand(),))
    for hidden in (
        await theirs.get(f"{EXPERIMENTS}/p-{brand}/second"),
        await desk.ann.get(f"{EXPERIMENTS}/p-{brand}/third"),
        await desk.ann.get(f"{EXPERIMENTS}/nobody/second"),
        await theirs.post(CHARGEBACKS, {"payment_id": deposits[0]["intent_id"]}),
        await desk.ann.post(CHARGEBACKS, {"payment_id": f"po_{uuid.uuid4().hex}"}),
    ):
        assert (hidden.status_code, slug(hidden)) == (404, "not-found")
    assert (await platform.get(f"{EXPERIMENTS}/p-{brand}/second")).status_code == 403

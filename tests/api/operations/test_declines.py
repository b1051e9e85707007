"""Declines are counted for operators, by who said them, in our words and in the PSP's."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.access.credential import Role
from activities.settings import Settings
from tests.api.callers import Caller, intent, payout, slug
from tests.api.conftest import Issue
from tests.workflows.world import SOFT, FakePsp
from workflows.domain.psp import Declined, NotSent, Operation

DECLINES = "/v1/declines"
UNMAPPED = Declined("declined", soft=False, code="9999")


@pytest.fixture
def brand() -> str:
    return f"brand-{uuid.uuid4().hex[:8]}"


@pytest.fixture
async def desk(issue: Issue, brand: str) -> Caller:
    return await issue(Role.OPERATOR, Role.PLATFORM, brands=(brand,))


async def declined(desk: Caller, psp: FakePsp, *outcomes: Declined | NotSent) -> None:
    for outcome in outcomes:
        psp.will_answer(Operation.AUTHORIZE, outcome)
        opened = (await desk.post("/v1/cashier/intents", intent(metadata={}))).json()
        ended = await desk.post(f"/v1/cashier/intents/{opened['intent_id']}/authorize")
        assert ended.json()["status"] == "FAILED"


async def counted(desk: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = await desk.get(f"{DECLINES}{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_they_are_counted_by_psp_reason_and_code_the_most_frequent_first(
    desk: Caller, psp: FakePsp, settings: Settings
) -> None:
    await declined(desk, psp, SOFT, SOFT, UNMAPPED, NotSent("connection refused"))
    at = {"psp": settings.routing.accounts[0].psp, "merchant_account": "primary"}
    assert await counted(desk) == [
        at
        | {
            "step": "authorize",
            "reason": "do_not_honor",
            "code": "05",
            "soft": True,
            "unmapped": False,
            "count": 2,
        },
        at
        | {
            "step": "authorize",
            "reason": "declined",
            "code": "9999",
            "soft": False,
            "unmapped": True,
            "count": 1,
        },
    ]


async def test_payouts_and_approvals_are_told_apart(desk: Caller, psp: FakePsp) -> None:
    opened = (await desk.post("/v1/cashier/intents", intent(metadata={}))).json()
    await desk.post(f"/v1/cashier/intents/{opened['intent_id']}/authorize")
    psp.will_answer(Operation.PAYOUT, UNMAPPED)
    made = (await desk.post("/v1/cashier/payouts", payout(metadata={}))).json()
    while not (await desk.get(f"/v1/cashier/payouts/{made['payout_id']}")).json()["final"]:
        pass
    assert [(item["step"], item["count"]) for item in await counted(desk)] == [("payout", 1)]


async def test_the_declines_of_another_brand_are_never_counted(
    desk: Caller, psp: FakePsp, issue: Issue, brand: str
) -> None:
    await declined(desk, psp, SOFT)
    stranger = await issue(Role.OPERATOR, brands=(f"not-{brand}",))
    assert await counted(stranger) == []
    assert await counted(stranger, f"?brand={brand}") == []
    assert [item["count"] for item in await counted(desk, f"?brand={brand}")] == [1]
    assert await counted(desk, "?brand=acme") == []
    everybodys = await issue(Role.OPERATOR, brands=("*",))
    assert [item["count"] for item in await counted(everybodys, f"?brand={brand}")] == [1]
    assert sum(item["count"] for item in await counted(everybodys)) > 1


async def test_times_are_chosen_and_bounded(desk: Caller, psp: FakePsp) -> None:
    await declined(desk, psp, SOFT)
    now = datetime.now(tz=UTC)

    def at(days: int) -> str:
        return (now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    assert len(await counted(desk, f"?from={at(-30)}&to={at(1)}")) == 1
    assert await counted(desk, f"?to={at(-1)}") == []
    assert await counted(desk, f"?from={at(1)}&to={at(2)}") == []
    for wrong in (
        f"from={at(-31)}&to={at(1)}",
        f"from={at(1)}&to={at(0)}",
        f"from={at(-40)}",
        "from=2026-02-30T00:00:00Z",
        "to=today",
        "reason=fraud",
    ):
        refused = await desk.get(f"{DECLINES}?{wrong}")
        assert (refused.status_code, slug(refused)) == (422, "invalid-request"), wrong


async def test_platforms_do_not_see_them(platform: Caller) -> None:
    refused = await platform.get(DECLINES)
    assert (refused.status_code, slug(refused)) == (403, "forbidden")

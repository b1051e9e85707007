"""Every write leaves who did it, from where and why."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

import api
from activities.access.credential import Role
from tests.api.callers import Caller, a_player, captured, intent, money, slug
from tests.api.conftest import Issue
from tests.workflows.world import FakePsp

ACTIONS, INTENTS = "/v1/operations/actions", "/v1/cashier/intents"


async def listed(caller: Caller, query: str) -> list[dict[str, Any]]:
    answer = await caller.get(f"{ACTIONS}?{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_player_s_change_says_who_made_it_and_why(issue: Issue, operator: Caller) -> None:
    ann = f"https://login.example|{uuid.uuid4().hex[:8]}"
    desk, player = await issue(Role.OPERATOR, person=ann), a_player()
    known = {"kyc": "verified", "blocked": False, "vip": False, "reason": "passport seen"}
    path, key = f"/v1/risk/players/{player}", uuid.uuid4().hex
    for _ in range(2):
        await desk.put(path, known, key=key)
    [action] = await listed(operator, f"subject=player:{player}")
    assert action["actor"].startswith("operator-")
    del action["at"], action["actor"], action["trace_id"]
    assert action == {
        "person": ann,
        "brand_id": "acme",
        "remote": "127.0.0.1",
        "what": "PUT /v1/risk/players/{player_id}",
        "subject": f"player:{player}",
        "reason": "passport seen",
        "answered": 201,
    }


async def test_all_that_is_done_with_a_payment_is_found_by_it(
    platform: Caller, operator: Caller, psp: FakePsp
) -> None:
    deposit = await captured(platform, player_id=a_player())
    cancelled = await platform.post(f"{INTENTS}/{deposit['intent_id']}/cancel")
    assert cancelled.status_code == 409
    done = await listed(operator, f"subject={deposit['intent_id']}")
    assert [(one["what"], one["answered"]) for one in done] == [
        ("POST /v1/cashier/intents/{intent_id}/cancel", 409),
        ("POST /v1/cashier/intents/{intent_id}/authorize", 201),
        ("POST /v1/cashier/intents", 201),
    ]
    assert {one["person"] for one in done} == {deposit["requested_by"]["person"]}
    assert done[2]["trace_id"] == deposit["trace_id"]


async def test_actions_are_seen_by_brand(
    issue: Issue, platform: Caller, operator: Caller, approver: Caller, psp: FakePsp
) -> None:
    opened = (await platform.post(INTENTS, intent())).json()
    subject = f"subject={opened['intent_id']}"
    stranger = await issue(Role.OPERATOR, brands=("bravo",))
    house = await issue(Role.OPERATOR, brands=("*",))
    assert len(await listed(approver, subject)) == len(await listed(house, subject)) == 1
    assert await listed(stranger, subject) == []
    assert (await stranger.get(f"{ACTIONS}?brand_id=acme")).status_code == 404
    assert (await platform.get(ACTIONS)).status_code == 403
    pages = await house.get(f"{ACTIONS}?limit=1")
    second = await house.get(f"{ACTIONS}?limit=1&cursor={pages.json()['next_cursor']}")
    assert second.json()["items"][0]["at"] <= pages.json()["items"][0]["at"]
    wrong = await house.get(f"{ACTIONS}?cursor=x")
    assert (wrong.status_code, slug(wrong)) == (422, "invalid-request")


async def test_a_refund_that_was_not_opened_leaves_no_action(
    issue: Issue, operator: Caller, psp: FakePsp
) -> None:
    platform = await issue(Role.PLATFORM)
    deposit = await captured(platform, player_id=a_player())
    path = f"/v1/cashier/captures/{deposit['capture_id']}/refunds"
    body = {"refund_id": uuid.uuid4().hex, "amount": money("1.00")}
    keys = [uuid.uuid4().hex, uuid.uuid4().hex]
    statuses = [(await platform.post(path, body, key=key)).status_code for key in keys]
    assert statuses == [202, 409]
    person = deposit["requested_by"]["person"]
    done = await listed(operator, f"person={person}&limit=200")
    assert len([one for one in done if one["what"].endswith("/refunds")]) == 1


async def test_no_write_can_be_asked_for_without_leaving_an_action(http: httpx.AsyncClient) -> None:
    """Each needs a key, and a key is claimed in two places, with whoever claims it."""
    contract = (await http.get("/openapi.json")).json()
    doors = {"/webhooks/{psp}", "/payments/callback"}
    writes = 0
    for path, calls in contract["paths"].items():
        for method in calls.keys() - {"get"}:
            parameters = calls[method].get("parameters", [])
            keyed = any(one["name"] == "X-Idempotency-Key" for one in parameters)
            assert keyed is (path not in doors), path
            writes += 1
    assert writes > 25
    sources = {path.name: path.read_text() for path in Path(api.__file__).parent.rglob("*.py")}
    made = {name for name, text in sources.items() if re.search(r"\bClaim\(", text)}
    asked = {name for name, text in sources.items() if "requests.order(" in text}
    assert (made, asked) == ({"dependencies.py"}, {"commands.py"})
    assert "action=self.action(parameters)" in sources["dependencies.py"]
    assert "ask.action(parameters" in sources["commands.py"]


async def test_actions_are_never_changed(owner: asyncpg.Pool, pool: asyncpg.Pool) -> None:
    for change in ("UPDATE actions SET person = 'x'", "DELETE FROM actions", "TRUNCATE actions"):
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await owner.execute(change)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(change)

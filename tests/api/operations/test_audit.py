"""An operator of all brands may have the books checked; what comes back names every invariant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest
from fastapi import FastAPI
from temporalio.client import Client

from activities.access.credential import Role
from activities.audit.auditor import Auditor
from activities.audit.scope import Scope
from api.operations.parts import OperationsParts
from tests.api.callers import Caller, captured, slug
from tests.api.conftest import Issue
from tests.workflows.world import FakePsp

AUDIT = "/v1/audit"


@pytest.fixture
async def desk(issue: Issue) -> AsyncIterator[Caller]:
    yield await issue(Role.OPERATOR, brands=("*",))


async def test_every_invariant_is_told_with_what_was_compared(
    desk: Caller, platform: Caller, psp: FakePsp
) -> None:
    await captured(platform)
    answer = await desk.get(AUDIT)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert {each["invariant"] for each in report["findings"]} == {f"I{n}" for n in range(1, 13)}
    assert report["holds"] == all(each["holds"] for each in report["findings"])
    findings = {each["name"]: each for each in report["findings"]}
    assert "EUR" in findings["Every currency sums to zero"]["compared"]
    assert findings["Every chain of balances is without a gap"]["holds"]
    assert findings["Nobody but the owner may write the books, or change what was noted"]["holds"]
    assert not findings["One key moved money once at the PSP"]["checked"]


async def test_what_was_forged_is_named(desk: Caller, owner: asyncpg.Pool) -> None:
    forged = (
        "INSERT INTO inbox_events (psp, event_id, payment_id, event, delivered_at) "
        "VALUES ('audited', 'evt_forged', 'in_nobodys', '{}', now())"
    )
    await owner.execute(forged)
    try:
        report = (await desk.get(AUDIT)).json()
    finally:
        await owner.execute("DELETE FROM inbox_events WHERE psp = 'audited'")
    [found] = [
        each
        for each in report["findings"]
        if each["name"] == "Every delivered event is about a payment there is"
    ]
    assert not report["holds"]
    assert any("audited evt_forged" in violation for violation in found["violations"])


async def test_it_is_for_operators_of_all_brands(
    operator: Caller, platform: Caller, issue: Issue
) -> None:
    approver = await issue(Role.APPROVER, brands=("*",))
    for caller in (operator, platform, approver):
        refused = await caller.get(AUDIT)
        assert (refused.status_code, slug(refused)) == (403, "forbidden")


async def test_one_at_a_time_is_enough(desk: Caller) -> None:
    both = await asyncio.gather(desk.get(AUDIT), desk.get(AUDIT))
    first, second = sorted(both, key=lambda answer: answer.status_code)
    assert (first.status_code, second.status_code) == (200, 503)
    assert slug(second) == "audit-unavailable"
    assert second.headers["Retry-After"] == "5"


async def test_a_psp_that_does_not_show_its_book_is_an_outage(
    desk: Caller, app: FastAPI, temporal_client: Client
) -> None:
    parts: OperationsParts = app.state.operations
    away = Auditor(app.state.ground.pool, temporal_client, "http://127.0.0.1:1", Scope(histories=1))
    app.state.operations = replace(parts, auditor=away)
    try:
        refused = await desk.get(AUDIT)
    finally:
        app.state.operations = parts
    assert (refused.status_code, slug(refused)) == (503, "unavailable")
    assert "the PSP's book" in refused.json()["detail"]

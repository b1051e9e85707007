"""Role by brand by route, over every route there is: each cell is asked, and holds."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from temporalio.client import Client

from activities.access.credential import Role
from activities.settings import Settings
from tests.api.callers import slug
from tests.doors.asking import address, body_of
from tests.doors.callers import ALL, OTHER, Brands, Caller, everybody, strangers
from tests.doors.conftest import Count
from tests.doors.house import Builder, House
from tests.doors.routes import Route, routes_of
from tests.doors.who_may import WHO_MAY, Whose
from tests.workflows.world import FakePsp


@dataclass(frozen=True)
class Stage:
    app: FastAPI
    owner: asyncpg.Pool
    house: House
    callers: list[Caller]
    cells: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def ask(self, caller: Caller, route: Route) -> httpx.Response:
        path, body = address(route, self.house), body_of(route, self.app, self.house)
        return await caller.ask(route.method, path, body)

    def judge(self, caller: Caller, route: Route, answer: httpx.Response, flaw: str) -> None:
        self.cells.append(f"{caller} at {route}")
        status = answer.status_code
        if status >= 500 or "Traceback" in answer.text:
            flaw = flaw or "it broke"
        if not caller.sees and (named := [n for n in self.house.names if n in answer.text]):
            flaw = flaw or f"it names {named}"
        if flaw:
            self.wrong.append(f"{caller} at {route}: {flaw}; {status} {answer.text[:300]}")


@pytest.fixture(scope="module")
async def stage(
    app: FastAPI, owner: asyncpg.Pool, running: FakePsp, settings: Settings, temporal_client: Client
) -> AsyncIterator[Stage]:
    mark = uuid.uuid4().hex[:8]
    brands = Brands(f"walnut-{mark}", f"quince-{mark}")
    callers = await everybody(app, owner, brands)
    house = House(brands, settings.routing.accounts[0].psp, f"vault-{mark}")
    people = {(caller.role, caller.scope): caller for caller in callers}
    await Builder(house, people, running, app, temporal_client, settings).build()
    yield Stage(app, owner, house, callers)


def test_every_route_stands_in_the_table_of_who_may(app: FastAPI) -> None:
    assert {str(route) for route in routes_of(app)} == WHO_MAY.keys()


async def test_who_has_no_token_gets_in_nowhere(stage: Stage, count: Count) -> None:
    for route in routes_of(stage.app):
        whose, _ = WHO_MAY[str(route)]
        for caller in await strangers(stage.app, stage.owner, stage.house.brands):
            answer = await stage.ask(caller, route)
            right = {Whose.PUBLIC: 200, Whose.SIGNED: 404}.get(whose, 401)
            flaw = "" if answer.status_code == right else f"it should be {right}"
            stage.judge(caller, route, answer, flaw)
    assert stage.wrong == []
    count("doors asked by who has no token, a wrong or a revoked one", len(stage.cells))


async def test_each_role_does_its_own_work_for_its_own_brands(stage: Stage, count: Count) -> None:
    stage.cells.clear()
    for route in routes_of(stage.app):
        whose, roles = WHO_MAY[str(route)]
        if whose in (Whose.PUBLIC, Whose.SIGNED):
            continue
        for caller in stage.callers:
            answer = await stage.ask(caller, route)
            right = expected(caller, whose, caller.role in roles)
            stage.judge(caller, route, answer, flaw_of(answer, right))
    assert stage.wrong == []
    count("cells of role, brand and route", len(stage.cells))


async def test_what_is_of_another_brand_is_answered_like_what_is_nowhere(
    stage: Stage, count: Count
) -> None:
    """To the letter: from no word of the answer can be told that it exists."""
    differing, compared = [], 0
    for route in routes_of(stage.app):
        whose, roles = WHO_MAY[str(route)]
        if whose is not Whose.THING or route.path == route.template:
            continue
        for caller in stage.callers:
            if caller.role in roles and not caller.sees:
                body = body_of(route, stage.app, stage.house)
                theirs = await stage.ask(caller, route)
                nowhere = await caller.ask(route.method, route.path, body)
                compared += 1
                if without_trace(theirs) != without_trace(nowhere):
                    differing.append(
                        (str(caller), str(route), without_trace(theirs), without_trace(nowhere))
                    )
    assert differing == []
    count("answers about another brand's things, word for word those about nothing", compared)


async def test_no_answer_to_a_wrong_name_tells_the_names_of_another_brand(stage: Stage) -> None:
    house = stage.house
    [operator] = [c for c in stage.callers if (c.role, c.scope) == (Role.OPERATOR, OTHER)]
    wrong = {"brand_id": house.brands.other, "reason": "x", "psp": house.psp}
    switch = wrong | {"enabled": True, "merchant_account": "misspelt"}
    stop = wrong | {"operation": "captures", "merchant_account": "misspelt"}
    document = {"id": "p-x", "rules": [], "default": {"order": [f"{house.psp}/misspelt"]}}
    policy = {"policy": document, "brand_id": house.brands.other, "reason": "x"}
    for method, path, body in (
        ("PUT", "/v1/routing/switches", switch),
        ("PUT", "/v1/routing/switches", switch | {"psp": "misspelt"}),
        ("POST", "/v1/routing/stops", stop),
        ("POST", "/v1/routing/stops", stop | {"psp": "misspelt"}),
        ("POST", "/v1/routing/policies", policy),
        ("GET", "/v1/routing/rates/misspelt", None),
    ):
        answer = await operator.ask(method, path, body)
        assert (answer.status_code, slug(answer)) == (422, "invalid-request"), (path, answer.text)
        assert [name for name in house.names if name in answer.text] == [], path


DENIED, ABSENT, ALLOWED, QUIET = "403 forbidden", "404 not-found", "let in", "nothing to see"


def expected(caller: Caller, whose: Whose, may: bool) -> str:
    if not may or (whose is Whose.HOUSE and caller.scope != ALL):
        return DENIED
    if caller.sees or whose is Whose.HOUSE:
        return ALLOWED
    return QUIET if whose is Whose.OWN else ABSENT


def flaw_of(answer: httpx.Response, right: str) -> str:
    if right in (DENIED, ABSENT):
        problem = slug(answer) if answer.status_code >= 400 else "let in"
        return "" if f"{answer.status_code} {problem}" == right else f"it should be {right}"
    let_in = answer.status_code not in (401, 403, 404) and answer.status_code < 500
    return "" if let_in else f"it should be {right}"


def without_trace(answer: httpx.Response) -> dict[str, Any]:
    return {"status": answer.status_code, **answer.json(), "trace_id": ""}

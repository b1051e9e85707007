"""The API with its first wall torn down: no handler asks whose things they are, and still no read
that reaches the database gives anything of another brand."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import httpx
import pytest

from activities.access.credential import Credential, Role
from activities.psp.catalog import Catalog
from activities.routing.settings import Account, RoutingSettings
from activities.settings import Settings
from api.app import create_app
from api.http import dependencies
from api.http.auth import Caller
from infra.local.stack.postgres import Database
from infra.postgres import see
from infra.settings import Postgres
from tests.activities.roles.books import ACME, OTHER, Names
from tests.activities.roles.conftest import admin as admin
from tests.activities.roles.conftest import two_brands as two_brands
from tests.api.conftest import speaking_to
from tests.api.returning import ReturningPlugin

OURS, THEIRS = Names(ACME), Names(OTHER)
FROM_MEMORY = {
    "/v1/routing/policies",
    "/v1/routing/policies/{policy_id}",
    "/v1/routing/experiments/{policy_id}/{name}",
}
"""Policies are kept in memory for every brand alike: there the first wall stands alone."""
OF_THE_HOUSE = {"/healthz", "/readyz", "/v1/audit"}
"""Asked by nobody, or by who answers for all brands."""
ASKED_WITH = {"/v1/payments": "?q={player}"}
_THEIRS = re.compile(r"\bother\b|b{32}|of-other|other-reason", re.ASCII)


@pytest.fixture(scope="module")
async def without_first_wall(
    settings: Settings, two_brands: Database
) -> AsyncIterator[httpx.AsyncClient]:
    """Everybody is let in as one who may see all brands; the session is told of one."""
    own = Postgres.model_validate({"url": two_brands.api_url})
    routing = RoutingSettings(accounts=[Account(psp="sandbox", id="primary")])
    made = create_app(
        settings.model_copy(update={"postgres": own, "routing": routing}),
        Catalog({"sandbox": ReturningPlugin("sandbox")}),
    )

    async def anybody() -> Caller:
        see([ACME])
        return Caller(
            Credential(
                prefix="ps_ann",
                name="ann",
                person="ann",
                roles=frozenset(Role),
                brands=frozenset({"*"}),
                routes=("*",),
                at_most={},
                expires_at=None,
                revoked_at=None,
                token_hash="",
            )
        )

    made.dependency_overrides[dependencies._caller] = anybody
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(made.router.lifespan_context(made))
        yield await stack.enter_async_context(speaking_to(made))


async def ids_of(admin: asyncpg.Connection, names: Names) -> dict[str, str]:
    one = admin.fetchval
    return {
        "intent_id": names.deposit,
        "refund_id": names.refund,
        "payout_id": names.payout,
        "payment_id": names.deposit,
        "player_id": names.player,
        "policy_id": names.policy,
        "version": "1",
        "name": "none",
        "psp": "sandbox",
        "change_id": await one("SELECT id FROM routing_changes WHERE brand = $1", names.brand),
        "stop_id": await one("SELECT id FROM routing_stops WHERE brand = $1", names.brand),
        "case_id": await one("SELECT id FROM cases WHERE brand = $1", names.brand),
        "heard_id": await one(
            "SELECT id FROM inbox_events WHERE event_id = $1", f"ev-{names.brand}"
        ),
    }


async def test_no_read_gives_anything_of_another_brand(
    without_first_wall: httpx.AsyncClient, admin: asyncpg.Connection
) -> None:
    http = without_first_wall
    contract = (await http.get("/openapi.json")).json()
    paths = {path for path, methods in contract["paths"].items() if "get" in methods}
    assert paths >= FROM_MEMORY | OF_THE_HOUSE, "an exception that is none any more"
    theirs, ours = await ids_of(admin, THEIRS), await ids_of(admin, OURS)
    shown = set()
    for path in sorted(paths - FROM_MEMORY - OF_THE_HOUSE):
        asked = path + ASKED_WITH.get(path, "")
        answer = await http.get(asked.format(**theirs, player=THEIRS.player))
        assert answer.status_code in (200, 404), (path, answer.text)
        if answer.status_code == 200:
            text = answer.text.replace(THEIRS.player, "") if "{player_id}" in path else answer.text
            assert _THEIRS.search(text) is None, (path, answer.text)
        if "{intent_id}/events" in path:
            continue  # it would go on for as long as the payment does
        own = await http.get(asked.format(**ours, player=OURS.player))
        assert own.status_code in (200, 404), (path, own.text)
        if own.status_code == 200 and re.search(r"acme|a{32}", own.text):
            shown.add(path)
    print(f"{len(paths)} reads, {len(shown)} of which show the brand's own")  # noqa: T201
    # So that the silence above is not that of an empty house.
    assert len(shown) >= 16, sorted(paths - shown)

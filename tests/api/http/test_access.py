"""Who may do what, and whose payments exist for whom."""

from __future__ import annotations

import asyncio
import os
import re
import sys

import asyncpg
import httpx
import pytest

from activities.access.credential import Role
from activities.access.issuer import Issuer
from activities.access.tokens import hash_of
from infra.local.stack.postgres import Database
from tests.api.callers import Caller, captured, intent, payout, slug
from tests.api.conftest import Issue
from tests.workflows.world import FakePsp

INTENTS, PAYOUTS = "/v1/cashier/intents", "/v1/cashier/payouts"


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer nope", "Basic eDp5", "Bearer " + "x" * 300]
)
async def test_nobody_gets_in_without_a_token(http: httpx.AsyncClient, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for refused in (
        await http.get(INTENTS, headers=headers),
        await http.post(INTENTS, json=intent(), headers=headers | {"X-Idempotency-Key": "k"}),
        await http.post("/payments/init", headers=headers),
    ):
        assert (refused.status_code, slug(refused)) == (401, "unauthorized")
        assert refused.headers["WWW-Authenticate"] == "Bearer"


async def test_each_role_does_its_own_work(
    platform: Caller, operator: Caller, approver: Caller, psp: FakePsp
) -> None:
    for allowed, path in ((platform, INTENTS), (operator, "/v1/cases"), (approver, "/v1/cases")):
        assert (await allowed.get(path)).status_code == 200
    known = {"kyc": "verified", "blocked": False, "vip": False, "reason": "seen"}
    anyone = "po_" + "0" * 32
    for refused in (
        await platform.get("/v1/cases"),
        await platform.put("/v1/risk/players/p", known),
        await approver.put("/v1/risk/players/p", known),
        await approver.post(INTENTS, intent()),
        await approver.post(PAYOUTS, payout()),
        await platform.post(f"{PAYOUTS}/{anyone}/approvals", {"decision": "approve"}),
        await operator.post(f"{PAYOUTS}/{anyone}/approvals", {"decision": "approve"}),
    ):
        assert (refused.status_code, slug(refused)) == (403, "forbidden")


async def test_what_belongs_to_another_brand_does_not_exist(
    platform: Caller, issue: Issue, psp: FakePsp
) -> None:
    deposit = await captured(platform, player_id="rich-one")
    paid = await platform.post(PAYOUTS, payout(player_id="rich-one"))
    stranger = await issue(Role.PLATFORM, Role.APPROVER, Role.OPERATOR, brands=("bravo",))
    intent_path = f"{INTENTS}/{deposit['intent_id']}"
    payout_path = f"{PAYOUTS}/{paid.json()['payout_id']}"
    for answer in (
        await stranger.get(intent_path),
        await stranger.get(f"{intent_path}/events"),
        await stranger.post(f"{intent_path}/cancel"),
        await stranger.post(f"/v1/cashier/captures/{deposit['capture_id']}/refunds"),
        await stranger.get(payout_path),
        await stranger.post(f"{payout_path}/cancel"),
        await stranger.post(f"{payout_path}/approvals", {"decision": "approve"}),
        await stranger.post(INTENTS, intent()),
        await stranger.get("/v1/risk/players/p?brand_id=acme"),
    ):
        assert (answer.status_code, slug(answer)) == (404, "not-found")
    assert (await stranger.get(INTENTS)).json()["items"] == []


async def test_the_brand_is_the_credentials_own_unless_it_has_several(
    issue: Issue, psp: FakePsp
) -> None:
    plain = intent(metadata={})
    one = await (await issue(Role.PLATFORM, brands=("solo",))).post(INTENTS, plain)
    every = await (await issue(Role.PLATFORM, brands=("*",))).post(INTENTS, plain)
    several = await (await issue(Role.PLATFORM, brands=("a", "b"))).post(INTENTS, plain)
    assert one.json()["brand_id"] == "solo"
    assert every.json()["brand_id"] == "default"
    assert (several.status_code, slug(several)) == (422, "invalid-request")


async def test_a_revoked_token_ends(http: httpx.AsyncClient, owner: asyncpg.Pool) -> None:
    credentials = Issuer(owner)
    caller = Caller(http, await credentials.issue("leaver", [Role.PLATFORM], ["acme"]))
    assert (await caller.get(INTENTS)).status_code == 200
    assert await credentials.revoke("leaver") == 1
    assert (await caller.get(INTENTS)).status_code == 401


async def test_tokens_are_kept_as_hashes_only(owner: asyncpg.Pool) -> None:
    token = await Issuer(owner).issue("somebody", [Role.PLATFORM], ["acme"])
    rows = await owner.fetch("SELECT * FROM credentials WHERE name = 'somebody'")
    assert rows[0]["token_hash"] == hash_of(token)
    assert token not in repr(rows)


async def test_the_api_cannot_issue_credentials(pool: asyncpg.Pool) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await Issuer(pool).issue("intruder", [Role.OPERATOR], ["*"])


async def run_cli(
    database: Database, *arguments: str, profile: str = "sandbox"
) -> tuple[int, str, str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PAYSAGA_")
    }
    environment |= {
        "PAYSAGA_PROFILE": profile,
        "PAYSAGA_POSTGRES_URL": database.url,
        "PAYSAGA_POSTGRES_MIGRATION_URL": database.migration_url,
        "PAYSAGA_API_RETURN_URL_HOSTS": '["casino.example"]',
        "PAYSAGA_ROUTING_ACCOUNTS": '[{"psp": "sandbox", "id": "primary"}]',
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "api.credentials", *arguments, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, complained = await process.communicate()
    return process.returncode or 0, output.decode(), complained.decode()


async def test_the_command_line_issues_lists_and_revokes(
    http: httpx.AsyncClient, database: Database
) -> None:
    asked = ("--name", "cli", "--role", "operator", "--role", "approver", "--brand", "acme")
    code, output, _ = await run_cli(database, "issue", *asked)
    assert code == 0
    caller = Caller(http, output.strip())
    assert (await caller.get("/v1/cases")).status_code == 200
    _, listed, _ = await run_cli(database, "list")
    line = next(each for each in listed.splitlines() if each.startswith("cli "))
    assert re.fullmatch(r"cli +cli +[0-9a-f]{12} +operator,approver +acme +\* +- .+valid", line)
    assert output.strip() not in listed
    assert (await run_cli(database, "revoke", "--name", "cli"))[0] == 0
    assert (await run_cli(database, "revoke", "--name", "cli"))[0] == 1
    assert (await caller.get("/v1/cases")).status_code == 401


async def test_in_production_no_platform_acts_for_every_brand(database: Database) -> None:
    for roles in (["platform"], ["operator", "platform"]):
        asked = ["issue", "--name", "all", "--brand", "*", "--reason", "go-live"]
        asked += [word for role in roles for word in ("--role", role)]
        code, output, complained = await run_cli(database, *asked, profile="production")
        assert (code, output) == (2, "")
        assert "names its brands" in complained


async def test_in_production_an_operator_may_see_to_the_whole_house(database: Database) -> None:
    asked = ["issue", "--name", "house", "--role", "operator", "--brand", "*"]
    for missing, given in (
        ("says why", ["--reason", "go-live"]),
        ("names its person", ["--person", "https://login.example|ann", "--expires", "never"]),
        ("a credential ends", ["--expires", "90d"]),
    ):
        code, output, complained = await run_cli(database, *asked, profile="production")
        assert (code, output, missing in complained) == (2, "", True), complained
        asked += given
    code, output, _ = await run_cli(database, *asked, profile="production")
    assert (code, bool(output.strip())) == (0, True)

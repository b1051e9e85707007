"""Tokens name a person, are bound, end, rotate, and leave traces."""

from __future__ import annotations

import uuid
from datetime import timedelta

import asyncpg
import httpx
import pytest

from activities.access.credential import NothingToRotate, Role
from activities.access.issuer import Issuer
from activities.access.names import NameRefused
from activities.access.tokens import hash_of, prefix_of
from activities.settings import Settings
from api import credentials as command_line
from infra.local.stack.postgres import Database
from tests.api.callers import Caller, a_player, captured, intent, money, payout, slug
from tests.api.conftest import Issue
from tests.api.http.test_access import run_cli
from tests.api.http.test_outages import an_api
from tests.workflows.world import FakePsp

INTENTS, PAYOUTS = "/v1/cashier/intents", "/v1/cashier/payouts"
PLATFORM = [Role.PLATFORM]


def a_name(stem: str = "name") -> str:
    return f"{stem}-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize("other", ["UPPER", "full width"])
async def test_two_names_that_look_alike_are_refused(owner: asyncpg.Pool, other: str) -> None:
    credentials, name = Issuer(owner), a_name("ann")
    like = name.upper() if other == "UPPER" else name.replace("ann", "\uff41nn")
    await credentials.issue(name, PLATFORM, ["acme"])
    for new, person in ((like, None), (a_name(), like)):
        with pytest.raises(NameRefused, match="looks like"):
            await credentials.issue(new, PLATFORM, ["acme"], person=person)
    await credentials.issue(name, PLATFORM, ["acme"])


async def test_a_name_belongs_to_one_person(owner: asyncpg.Pool) -> None:
    credentials, name = Issuer(owner), a_name()
    await credentials.issue(name, PLATFORM, ["acme"], person=f"{name}|ann")
    with pytest.raises(NameRefused, match="belongs to"):
        await credentials.issue(name, PLATFORM, ["acme"], person=f"{name}|bob")


async def test_a_token_shows_its_prefix_and_is_found_by_it(owner: asyncpg.Pool) -> None:
    token = await Issuer(owner).issue(a_name(), PLATFORM, ["acme"])
    assert token.startswith(f"ps_{prefix_of(token)}_")
    kept = await owner.fetchrow("SELECT * FROM credentials WHERE prefix = $1", prefix_of(token))
    assert kept is not None
    assert kept["token_hash"] == hash_of(token)


async def test_a_token_expires(http: httpx.AsyncClient, owner: asyncpg.Pool, issue: Issue) -> None:
    for lasts, status in ((timedelta(hours=1), 200), (timedelta(seconds=-1), 401)):
        caller = await issue(Role.PLATFORM, lasts=lasts)
        assert (await caller.get(INTENTS)).status_code == status


async def test_two_tokens_are_live_while_one_replaces_the_other(
    http: httpx.AsyncClient, owner: asyncpg.Pool
) -> None:
    credentials, name = Issuer(owner), a_name()
    first = await credentials.issue(
        name,
        PLATFORM,
        ["acme"],
        person=f"{name}|ann",
        at_most={"EUR": "10.00"},
        routes=["* /v1/cashier/*"],
    )
    second = await credentials.rotate(name, timedelta(hours=1))
    for token in (first, second):
        assert (await Caller(http, token).get(INTENTS)).status_code == 200
    with pytest.raises(NothingToRotate, match="2 tokens"):
        await credentials.rotate(name, timedelta(hours=1))
    old, new = [one for one in await credentials.list() if one.name == name]
    assert (new.person, new.at_most, new.routes) == (old.person, old.at_most, old.routes)
    assert old.expires_at is not None
    assert new.expires_at is not None
    assert old.expires_at < new.expires_at
    await owner.execute(
        "UPDATE credentials SET expires_at = now() WHERE prefix = $1", prefix_of(first)
    )
    statuses = [(await Caller(http, token).get(INTENTS)).status_code for token in (first, second)]
    assert statuses == [401, 200]
    with pytest.raises(NothingToRotate, match="issue one"):
        await credentials.rotate(a_name(), timedelta(hours=1))


async def test_the_last_use_is_kept_to_the_minute(
    http: httpx.AsyncClient, owner: asyncpg.Pool
) -> None:
    token = await Issuer(owner).issue(a_name(), PLATFORM, ["acme"])
    query = "SELECT last_used_at FROM credentials WHERE prefix = $1"
    assert await owner.fetchval(query, prefix_of(token)) is None
    wrong = Caller(http, f"ps_{prefix_of(token)}_{'x' * 43}")
    assert (await wrong.get(INTENTS)).status_code == 401
    assert await owner.fetchval(query, prefix_of(token)) is None, "a guess is no use"
    await Caller(http, token).get(INTENTS)
    first = await owner.fetchval(query, prefix_of(token))
    assert first is not None
    await Caller(http, token).get(INTENTS)
    assert await owner.fetchval(query, prefix_of(token)) == first
    await owner.execute(
        "UPDATE credentials SET last_used_at = now() - interval '2 minutes' WHERE prefix = $1",
        prefix_of(token),
    )
    await Caller(http, token).get(INTENTS)
    assert await owner.fetchval(query, prefix_of(token)) >= first


async def test_a_credential_is_for_its_routes_alone(issue: Issue, psp: FakePsp) -> None:
    routes = ["GET /v1/payments", "* /v1/cashier/intents*", "GET /v1/cashier/payouts/{payout_id}"]
    caller = await issue(Role.PLATFORM, routes=routes)
    anyone = f"{PAYOUTS}/po_{'0' * 32}"
    assert (await caller.get("/v1/payments?q=nothing")).status_code == 200
    assert (await caller.post(INTENTS, intent())).status_code == 201
    assert (await caller.get(anyone)).status_code == 404
    for refused in (
        await caller.get(PAYOUTS),
        await caller.post(PAYOUTS, payout()),
        await caller.post(f"{anyone}/cancel"),
        await caller.get("/v1/wallet/accounts?player_id=p"),
    ):
        assert refused.status_code in (403, 404), refused.text
        assert refused.status_code == 404 or "is for GET /v1/payments" in refused.json()["detail"]


async def test_a_credential_moves_so_much_at_once_and_no_more(
    platform: Caller, issue: Issue, psp: FakePsp
) -> None:
    player = a_player()
    deposit = await captured(platform, player_id=player)
    held = (await platform.post(INTENTS, intent(capture_method="manual"))).json()
    await platform.post(f"{INTENTS}/{held['intent_id']}/authorize")
    small = await issue(Role.PLATFORM, at_most={"EUR": "10.00"})
    refunds = f"/v1/cashier/captures/{deposit['capture_id']}/refunds"
    much, enough = {"amount": money("10.01")}, {"amount": money("10.00")}
    for refused in (
        await small.post(INTENTS, intent(**much)),
        await small.post(INTENTS, intent(amount=money("1.00", "USD"))),
        await small.post(PAYOUTS, payout(player_id=player, **much)),
        await small.post(refunds, much),
        await small.post(refunds),
        await small.post(f"{INTENTS}/{held['intent_id']}/capture"),
        await small.post(f"{INTENTS}/{held['intent_id']}/capture", much),
        await small.post(
            "/payments/init",
            {"amount": "10.01", "currency": "EUR", "customerId": player,
             "returnUrl": "https://casino.example/cashier"},
        ),
    ):  # fmt: skip
        assert (refused.status_code, slug(refused)) == (403, "forbidden"), refused.text
    assert (await small.post(PAYOUTS, payout(player_id=player, **enough))).status_code == 202
    assert (await small.post(refunds, enough)).status_code == 202
    assert (await small.post(INTENTS, intent(**enough))).status_code == 201
    assert (await small.post(f"{INTENTS}/{held['intent_id']}/capture", enough)).status_code == 201


async def test_an_approver_decides_on_so_much_and_no_more(
    platform: Caller, issue: Issue, psp: FakePsp
) -> None:
    player = a_player()
    await captured(platform, player_id=player, amount=money("5000"))
    wish = payout(player_id=player, amount=money("2000"))
    made = (await platform.post(PAYOUTS, wish)).json()
    path = f"{PAYOUTS}/{made['payout_id']}/approvals"
    small = await issue(Role.APPROVER, at_most={"EUR": "1999.99"})
    refused = await small.post(path, {"decision": "approve", "reason": "seen"})
    assert (refused.status_code, slug(refused)) == (403, "forbidden")
    large = await issue(Role.APPROVER, at_most={"EUR": "2000.00"})
    assert (await large.post(path, {"decision": "approve"})).status_code in (201, 202)


async def test_refusals_at_the_api_s_own_door_are_counted_and_say_nothing(
    http: httpx.AsyncClient, issue: Issue, owner: asyncpg.Pool, settings: Settings
) -> None:
    name = a_name("curious")
    caller, desk = await issue(Role.PLATFORM, name=name), await issue(Role.OPERATOR, brands=("*",))
    prefix, secret = prefix_of(caller.token), "hush" * 11
    refused = await Caller(http, f"ps_{prefix}_{secret}").post(INTENTS, intent())
    assert refused.status_code == 401
    assert (await caller.get("/v1/cases?kind=in_doubt")).status_code == 403
    for actor, rule, place in (
        (prefix, "unauthorized", "POST /v1/cashier/intents"),
        (name, "forbidden", "GET /v1/cases"),
    ):
        path = f"/v1/security/events?rule={rule}&actor={actor}"
        [event] = (await desk.get(path)).json()["items"]
        assert (event["place"], event["psp"], event["remote"]) == (place, None, "127.0.0.1")
        assert secret not in repr(event)
        assert "in_doubt" not in repr(event)
    few = settings.api.model_copy(update={"wrong_tokens_per_minute": 2})
    async with an_api(settings.model_copy(update={"api": few})) as (_, slow):
        wrong = Caller(slow, f"ps_{prefix}_{secret}")
        statuses = [(await wrong.get(INTENTS)).status_code for _ in range(4)]
        assert statuses == [401, 401, 429, 429]
        assert (await Caller(slow, caller.token).get(INTENTS)).status_code == 200
    # What was counted is written when the API stops.
    rows = await owner.fetch(
        "SELECT status, sum(occurrences) AS times FROM security_events WHERE actor = $1 "
        "GROUP BY status ORDER BY status",
        prefix,
    )
    assert [(row["status"], row["times"]) for row in rows] == [(401, 3), (429, 2)]


async def test_the_command_line_binds_rotates_and_shows(
    http: httpx.AsyncClient, database: Database, owner: asyncpg.Pool
) -> None:
    name = a_name("cli")
    asked = ["issue", "--name", name, "--person", f"https://login.example|{name}"]
    asked += ["--role", "platform", "--brand", "acme", "--route", "* /v1/cashier/*"]
    asked += ["--at-most", "500 EUR", "--expires", "90d", "--reason", "the new cashier"]
    code, printed, complained = await run_cli(database, *asked)
    assert code == 0, complained
    first = Caller(http, printed.strip())
    assert (await first.get(INTENTS)).status_code == 200
    code, printed, _ = await run_cli(
        database, "rotate", "--name", name, "--overlap", "1h", "--reason", "yearly"
    )
    assert (code, (await Caller(http, printed.strip()).get(INTENTS)).status_code) == (0, 200)
    _, listed, _ = await run_cli(database, "list")
    header, *lines = listed.splitlines()
    assert header.split()[:3] == ["NAME", "PERSON", "PREFIX"]
    mine = [line for line in lines if line.startswith(f"{name} ")]
    assert len(mine) == 2
    assert all(f"https://login.example|{name}" in line for line in mine)
    assert all("* /v1/cashier/*" in line and "500.00 EUR" in line for line in mine)
    code, _, complained = await run_cli(database, *[*asked[:2], name.upper(), *asked[3:]])
    assert (code, "looks like" in complained) == (2, True)
    done = await owner.fetch(
        "SELECT actor, remote, what, reason FROM actions WHERE subject = $1 ORDER BY id",
        f"credential:{name}",
    )
    kept_of_it = [(row["what"], row["reason"]) for row in done]
    assert kept_of_it == [
        ("credentials issue", "the new cashier"),
        ("credentials rotate", "yearly"),
    ]
    assert all(row["actor"] and row["remote"] for row in done)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (["--route", "DROP /v1"], "a method"),
        (["--at-most", "lots"], "an amount and a currency"),
        (["--at-most", "5.001 EUR"], "an amount and a currency"),
        (["--expires", "soon"], "hours or days"),
        (["--person", "a b"], "printable"),
    ],
)
def test_a_wrong_bound_is_refused_with_what_is_allowed(
    capsys: pytest.CaptureFixture[str], wrong: list[str], rule: str
) -> None:
    asked = ["issue", "--name", "wrong", "--role", "platform", "--brand", "acme"]
    with pytest.raises(SystemExit) as refused:
        command_line.main([*asked, *wrong])
    assert (refused.value.code, rule in capsys.readouterr().err) == (2, True)

"""Merchant accounts and policies change as two people agree, and count with the next payment."""

from __future__ import annotations

import uuid

import asyncpg
import pytest

from activities.access.credential import Role
from tests.api.callers import Caller, slug
from tests.api.conftest import Issue
from tests.api.routing_desk import (
    ACCOUNTS,
    CHANGES,
    POLICIES,
    RECEIPTS,
    Desk,
    a_brand,
    order,
    paid,
    pointers,
    policy,
    rule,
)
from tests.workflows.world import FakePsp


async def test_an_account_and_a_policy_count_with_the_next_payment(
    desk: Desk, issue: Issue, psp: FakePsp, name: str
) -> None:
    brand = a_brand()
    platform = await issue(Role.PLATFORM, brands=(brand,))
    assert (await paid(platform, brand))["merchant_account"] == "primary"
    added = await desk.account(psp=name, id=f"a-{brand}", brands=[brand])
    assert (added["name"], added["state"], added["version"]) == (
        f"{name}/a-{brand}",
        "approved",
        1,
    )
    assert (await paid(platform, brand))["merchant_account"] == "primary"
    cards = rule("cards", "method", "card", order(f"{name}/a-{brand}", f"{name}/primary"))
    await desk.policy(brand, cards, default={"refuse": "cards_only"})
    deposit = await paid(platform, brand)
    assert (deposit["status"], deposit["merchant_account"]) == ("CAPTURED", f"a-{brand}")
    refused = await paid(platform, brand, method="ewallet")
    assert refused["status"] == "FAILED"
    assert refused["decline"]["reason"] == "no_route"


async def test_who_proposed_a_change_does_not_decide_on_it(issue: Issue, name: str) -> None:
    brand = a_brand()
    ann = f"ann-{brand}"
    first = await issue(Role.OPERATOR, brands=(brand,), person=ann)
    proposed = await first.post(POLICIES, policy(brand, default=order(f"{name}/primary")))
    assert proposed.status_code == 201, proposed.text
    path = f"{CHANGES}/{proposed.json()['id']}/decision"
    assert proposed.json()["proposed_by"] == ann
    second = await issue(Role.APPROVER, brands=(brand,), person=ann)
    own = await second.post(path, {"decision": "approve", "reason": "mine"})
    assert (own.status_code, slug(own)) == (403, "four-eyes"), "two tokens of one person"
    operator = await issue(Role.OPERATOR, brands=(brand,))
    not_theirs = await operator.post(path, {"decision": "approve", "reason": "mine"})
    assert (not_theirs.status_code, slug(not_theirs)) == (403, "forbidden")
    approver = await issue(Role.APPROVER, brands=(brand,))
    yes = await approver.post(path, {"decision": "approve", "reason": "seen"})
    assert (yes.status_code, yes.json()["state"]) == (201, "approved"), yes.text
    late = await approver.post(path, {"decision": "reject", "reason": "no"})
    assert (late.status_code, slug(late), late.json()["state"]) == (
        409,
        "illegal-state",
        "approved",
    )


async def test_a_proposal_is_made_once_per_key(desk: Desk, name: str) -> None:
    brand, key = a_brand(), uuid.uuid4().hex
    body = policy(brand, default=order(f"{name}/primary"))
    first = await desk.ann.post(POLICIES, body, key=key)
    again = await desk.ann.post(POLICIES, body, key=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await desk.ann.post(POLICIES, body | {"reason": "other"}, key=key)
    assert (other.status_code, slug(other)) == (409, "idempotency-key-reused")
    found = (await desk.ann.get(f"{POLICIES}/p-{brand}")).json()
    assert [version["version"] for version in found["versions"]] == [1]


@pytest.mark.parametrize("what", ["account", "policy"])
async def test_whoever_died_before_answering_has_proposed_once(
    desk: Desk, owner: asyncpg.Pool, name: str, what: str
) -> None:
    brand, key = a_brand(), uuid.uuid4().hex
    path, body = POLICIES, policy(brand, default=order(f"{name}/primary"))
    if what == "account":
        account = {"psp": name, "id": f"a-{brand}", "brands": [brand]}
        path, body = ACCOUNTS, {"account": account, "reason": "spring"}
    first = await desk.ann.post(path, body, key=key)
    await owner.execute(
        "UPDATE idempotency_keys SET answer_status = NULL, answer_body = NULL WHERE key = $1", key
    )
    again = await desk.ann.post(path, body, key=key)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    other = await desk.ann.post(path, body)
    assert (other.status_code, other.json()["version"]) == (201, 2)


async def test_a_change_against_what_is_not_active_any_more_is_stale(desk: Desk, name: str) -> None:
    brand = a_brand()
    body = policy(brand, default=order(f"{name}/primary"))
    first, second = [(await desk.ann.post(POLICIES, body)).json() for _ in range(2)]
    assert (await desk.decided(second["id"], "approve")).status_code == 201
    assert (await desk.ann.get(f"{CHANGES}/{first['id']}")).json()["state"] == "stale"
    stale = await desk.decided(first["id"], "approve")
    assert (stale.status_code, slug(stale), stale.json()["state"]) == (
        409,
        "illegal-state",
        "stale",
    )
    edited = await desk.ann.post(POLICIES, body | {"based_on": 0})
    assert (edited.status_code, slug(edited)) == (409, "illegal-state")
    assert (await desk.ann.post(POLICIES, body | {"based_on": 2})).status_code == 201
    assert (await desk.decided(first["id"], "reject")).json()["state"] == "rejected"


async def test_a_policy_is_shown_in_words_and_can_be_sent_back_edited(
    desk: Desk, name: str
) -> None:
    brand = a_brand()
    await desk.policy(
        brand,
        rule("Germans", "card_country", "DE", order(f"{name}/primary")),
        default={"refuse": "germans_only"},
    )
    listed = (await desk.bob.get(POLICIES)).json()["items"]
    [mine] = [item for item in listed if item["brand_id"] == brand]
    assert mine["readable"] == [
        f"Germans: when the country of the card is DE, ask {name}/primary; if none of them is "
        "allowed, refuse.",
        "otherwise refuse with germans_only.",
        "a payment: at most 3 attempts within 60 s.",
    ]
    edited = mine["policy"] | {"default": order(f"{name}/primary")}
    again = {"policy": edited, "brand_id": brand, "reason": "others too", "based_on": 1}
    assert (await desk.ann.post(POLICIES, again)).json()["version"] == 2
    found = (await desk.ann.get(f"{POLICIES}/p-{brand}")).json()
    assert [(one["version"], one["state"]) for one in found["versions"]] == [
        (2, "open"),
        (1, "approved"),
    ]
    assert found["active"]["version"] == 1
    second = (await desk.ann.get(f"{POLICIES}/p-{brand}/versions/2")).json()
    assert (second["reason"], second["document"]["default"]) == ("others too", edited["default"])
    assert (await desk.ann.get(f"{POLICIES}/p-{brand}/versions/3")).status_code == 404


async def test_an_account_is_shown_with_its_version_and_without_credentials(
    desk: Desk, issue: Issue, name: str
) -> None:
    brand, other = a_brand(), a_brand()
    await desk.account(psp=name, id=f"a-{brand}", brands=[brand])
    mine = await issue(Role.OPERATOR, brands=(brand,))
    accounts = {item["name"]: item for item in (await mine.get(ACCOUNTS)).json()["items"]}
    assert accounts[f"{name}/primary"]["version"] == 0
    assert accounts[f"{name}/a-{brand}"]["version"] == 1
    assert set(accounts[f"{name}/a-{brand}"]["account"]) == {
        "psp",
        "id",
        "kinds",
        "brands",
        "regions",
        "methods",
        "currencies",
        "limits",
        "costs",
        "reuses_3ds",
        "holds",
        "status",
    }
    theirs = await issue(Role.OPERATOR, brands=(other,))
    assert f"{name}/a-{brand}" not in (await theirs.get(ACCOUNTS)).text


async def test_a_brand_s_routing_is_its_own(desk: Desk, issue: Issue, name: str) -> None:
    brand, other = a_brand(), a_brand()
    mine, theirs = [await issue(Role.OPERATOR, brands=(one,)) for one in (brand, other)]
    body = policy(brand, default=order(f"{name}/primary"))
    stolen = await theirs.post(POLICIES, body)
    assert (stolen.status_code, slug(stolen)) == (404, "not-found")
    everybody = await theirs.post(POLICIES, policy(None, default=order(f"{name}/primary")))
    assert (everybody.status_code, slug(everybody)) == (403, "forbidden")
    account = {"account": {"psp": name, "id": "theirs"}, "reason": "x"}
    refused = await theirs.post(ACCOUNTS, account)
    assert (refused.status_code, slug(refused)) == (403, "forbidden")
    change = await desk.approved(await mine.post(POLICIES, body))
    assert [one["id"] for one in (await mine.get(CHANGES)).json()["items"]] == [change["id"]]
    assert (await theirs.get(CHANGES)).json()["items"] == []
    approver = await issue(Role.APPROVER, brands=(other,))
    decision = {"decision": "reject", "reason": "x"}
    for hidden in (
        await theirs.get(f"{CHANGES}/{change['id']}"),
        await theirs.get(f"{POLICIES}/p-{brand}"),
        await theirs.get(f"{POLICIES}/p-{brand}/versions/1"),
        await approver.post(f"{CHANGES}/{change['id']}/decision", decision),
    ):
        assert (hidden.status_code, slug(hidden)) == (404, "not-found")
    assert [one["id"] for one in (await mine.get(POLICIES)).json()["items"]] == [f"p-{brand}"]
    assert (await theirs.get(POLICIES)).json()["items"] == []
    moved = await desk.ann.post(POLICIES, body | {"brand_id": other})
    assert list(pointers(moved)) == ["/brand_id"]


async def test_changes_are_listed_newest_first_by_cursor(desk: Desk, name: str) -> None:
    brand = a_brand()
    body = policy(brand, default=order(f"{name}/primary"))
    proposed = [(await desk.ann.post(POLICIES, body)).json()["id"] for _ in range(3)]
    page = (await desk.ann.get(f"{CHANGES}?limit=2&state=open&subject=policy")).json()
    assert [one["id"] for one in page["items"]] == [proposed[2], proposed[1]]
    rest = (await desk.ann.get(f"{CHANGES}?cursor={page['next_cursor']}")).json()
    assert rest["items"][0]["id"] == proposed[0]
    decided = (await desk.ann.get(f"{CHANGES}?state=decided")).json()["items"]
    assert not {one["id"] for one in decided} & set(proposed)
    for bad in ("cursor=x", "state=closed", "subject=switch", "limit=0", "open=true"):
        assert (await desk.ann.get(f"{CHANGES}?{bad}")).status_code == 422, bad


async def test_routing_is_the_operators_and_nobody_guesses_names(
    platform: Caller, desk: Desk, name: str
) -> None:
    body = policy("acme", default=order(f"{name}/primary"))
    for refused in (
        await platform.get(POLICIES),
        await platform.get(ACCOUNTS),
        await platform.get(CHANGES),
        await platform.get(f"{RECEIPTS}/in_{uuid.uuid4().hex}"),
        await platform.post(POLICIES, body),
        await desk.bob.post(POLICIES, body),
    ):
        assert (refused.status_code, slug(refused)) == (403, "forbidden")
    for path in (
        f"{RECEIPTS}/in_{uuid.uuid4().hex}",
        f"{RECEIPTS}/cap_{uuid.uuid4().hex}",
        f"{RECEIPTS}/%00",
        f"{CHANGES}/0",
        f"{CHANGES}/{'9' * 30}",
        f"{CHANGES}/x",
        f"{POLICIES}/nobody",
        f"{POLICIES}/%00",
        f"{POLICIES}/nobody/versions/1",
    ):
        missing = await desk.ann.get(path)
        assert (missing.status_code, slug(missing)) == (404, "not-found"), path

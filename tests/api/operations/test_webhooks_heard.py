"""Operators read what PSPs told, with nothing secret in it, and have it delivered again."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from temporalio.client import Client

from activities.access.credential import Role
from activities.inbox.relay import Relay
from activities.inbox.signals import Signals
from activities.settings import Settings
from tests.api.callers import Caller, intent, slug
from tests.api.conftest import Issue
from tests.api.operations.test_outgoing_events import settled
from tests.sealing import SEALS
from tests.workflows.world import FakePsp
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Authentication, Declined, Operation, Pending

EVENTS = "/v1/webhooks/events"
FIFTY = Money(5000, "EUR")


def an_event(key: str, **changes: Any) -> PspEvent:
    event = PspEvent(
        psp="acmepay",
        event_id=f"evt_{uuid.uuid4().hex}",
        key=key,
        operation=Operation.AUTHORIZE,
        reply=Approved("psp-1", FIFTY),
        amount=FIFTY,
        occurred_at="2031-01-31T12:00:00Z",
        raw_type="authorization.approved",
        account="primary",
    )
    return replace(event, **changes)


@pytest.fixture
async def store(app: FastAPI, owner: asyncpg.Pool) -> Any:
    """Takes events in, in a quiet inbox."""
    await owner.execute(
        "UPDATE inbox_events SET parked = 'left' WHERE delivered_at IS NULL AND parked IS NULL"
    )
    return app.state.webhooks.inbox.store


@pytest.fixture
def relay(pool: asyncpg.Pool, temporal_client: Client, settings: Settings) -> Relay:
    return Relay(pool, Signals(temporal_client, settings.temporal.core_queue, SEALS))


@pytest.fixture
async def everybodys(issue: Issue) -> Caller:
    return await issue(Role.OPERATOR, brands=("*",))


async def listed(caller: Caller, **wanted: Any) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in wanted.items())
    answer = await caller.get(f"{EVENTS}?{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def promised(platform: Caller, psp: FakePsp) -> str:
    """A deposit whose PSP tells later."""
    psp.will_answer(Operation.AUTHORIZE, Pending("psp-1"))
    wish = intent(capture_method="manual")
    opened = (await platform.post("/v1/cashier/intents", wish)).json()
    await platform.post(f"/v1/cashier/intents/{opened['intent_id']}/authorize")
    return str(opened["intent_id"])


async def test_what_a_psp_told_of_a_payment_is_listed_and_says_what_became_of_it(
    platform: Caller, operator: Caller, psp: FakePsp, store: Any, relay: Relay
) -> None:
    intent_id = await promised(platform, psp)
    event = an_event(f"{intent_id}:authorize:1", about=("ch-1", "ba-1"))
    await store([event])
    (waiting,) = await listed(operator, payment_id=intent_id)
    assert (waiting["state"], waiting["delivered_at"], waiting["attempts"]) == ("waiting", None, 0)
    assert waiting["event_id"] == event.event_id
    assert (waiting["operation"], waiting["outcome"]) == ("authorize", "approved")
    assert (waiting["psp_ref"], waiting["about"]) == ("psp-1", ["ch-1", "ba-1"])
    assert waiting["amount"] == {"amount": "50.00", "currency": "EUR"}
    assert (waiting["brand_id"], waiting["type"]) == ("acme", "authorization.approved")
    await relay.sweep()
    (delivered,) = await listed(operator, payment_id=intent_id, state="delivered")
    assert delivered["delivered_at"] is not None
    assert await listed(operator, payment_id=intent_id, state="waiting") == []
    assert [e["id"] for e in await listed(operator, event_id=event.event_id)] == [delivered["id"]]
    assert await listed(operator, psp="another", payment_id=intent_id) == []


async def test_an_event_that_is_delivered_again_changes_nothing_and_says_who_wanted_it(
    platform: Caller, operator: Caller, psp: FakePsp, name: str, store: Any, relay: Relay
) -> None:
    intent_id = await promised(platform, psp)
    await store([an_event(f"{intent_id}:authorize:1", psp=name)])
    await relay.sweep()
    before = await settled(platform, f"/v1/cashier/intents/{intent_id}")
    assert (before["status"], len(before["attempts"])) == ("AUTHORIZED", 1)
    (event,) = await listed(operator, payment_id=intent_id)
    path, key = f"{EVENTS}/{event['id']}/redeliver", uuid.uuid4().hex
    again = await operator.post(path, {"reason": "to see it work"}, key=key)
    assert (again.status_code, again.json()["state"]) == (202, "waiting"), again.text
    assert again.json()["next_attempt_at"] is not None
    await relay.sweep()
    repeated = await operator.post(path, {"reason": "to see it work"}, key=key)
    assert (repeated.status_code, repeated.headers["Idempotent-Replayed"]) == (200, "true")
    now = (await operator.get(f"{EVENTS}/{event['id']}")).json()
    assert now["state"] == "delivered"
    (kept,) = now["redeliveries"]
    assert (kept["reason"], kept["was"]) == ("to see it work", "delivered")
    assert kept["by"].startswith("operator-")
    assert await settled(platform, f"/v1/cashier/intents/{intent_id}") == before


async def test_a_parked_one_is_given_back_and_only_who_sees_all_brands_sees_nobodys(
    operator: Caller, everybodys: Caller, store: Any, relay: Relay
) -> None:
    event = an_event("xx_of_somebody:authorize:1")
    await store([event])
    await relay.sweep()
    (parked,) = await listed(everybodys, event_id=event.event_id)
    assert (parked["state"], parked["parked"]) == ("parked", "not_ours")
    assert parked["brand_id"] is None
    assert parked["id"] in [e["id"] for e in await listed(everybodys, state="parked", limit=200)]
    assert await listed(operator, event_id=event.event_id) == []
    path = f"{EVENTS}/{parked['id']}/redeliver"
    missing = await operator.post(path, {"reason": "mine?"})
    assert (missing.status_code, slug(missing)) == (404, "not-found")
    back = await everybodys.post(path, {"reason": "looked at"})
    assert (back.json()["state"], back.json()["redeliveries"][0]["was"]) == ("waiting", "not_ours")


async def test_what_is_parked_again_is_a_persons_again(
    everybodys: Caller, psp: FakePsp, store: Any, relay: Relay
) -> None:
    event = an_event(f"xx_{uuid.uuid4().hex}:authorize:1")
    await store([event])
    await relay.sweep()
    (parked,) = await listed(everybodys, event_id=event.event_id)
    again = f"{EVENTS}/{parked['id']}/redeliver"

    async def cases_now() -> list[dict[str, Any]]:
        await relay.sweep()
        items = (await everybodys.get("/v1/cases?kind=unknown_reference&limit=200")).json()["items"]
        return [case for case in items if case["facts"].get("event_id") == event.event_id]

    await everybodys.post(again, {"reason": "once more"})
    (case,) = await cases_now()
    done = await everybodys.post(
        f"/v1/cases/{case['id']}/resolutions", {"action": "dismiss", "reason": "nobody's"}
    )
    assert done.json()["state"] == "resolved", done.text
    assert [each["state"] for each in await cases_now()] == ["resolved"]
    await everybodys.post(again, {"reason": "and again"})
    assert [each["state"] for each in await cases_now()] == ["open", "resolved"]


async def test_what_was_done_about_a_webhook_is_kept_for_good(
    everybodys: Caller, store: Any, owner: asyncpg.Pool
) -> None:
    event = an_event("xx_1:authorize:1")
    await store([event])
    (seen,) = await listed(everybodys, event_id=event.event_id)
    await everybodys.post(f"{EVENTS}/{seen['id']}/redeliver", {"reason": "a test"})
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("DELETE FROM inbox_redeliveries WHERE event_id = $1", seen["id"])


async def test_nothing_secret_and_nobodys_data_is_shown(everybodys: Caller, store: Any) -> None:
    proof = Authentication("visa", "05", "AAABBWFlmQAAAABjRWWZEEFgFz+=")
    page = "https://psp.example/page?secret=s3cret"
    events = [
        an_event("xx_2:authorize:1", reply=Approved("4111 1111 1111 1111", FIFTY, proof)),
        an_event("xx_3:authorize:1", reply=Pending("psp-2", page), about=("ann@example.com",)),
        an_event("xx_4:authorize:1", reply=Declined("other", True, "DE89370400440532013000")),
    ]
    await store(events)
    for event in events:
        (seen,) = await listed(everybodys, event_id=event.event_id)
        whole = await everybodys.get(f"{EVENTS}/{seen['id']}")
        for secret in ("4111", "AAABBW", "s3cret", "ann@", "DE89"):
            assert secret not in str(seen), event
            assert secret not in whole.text, event
        assert "(hidden)" in str(seen)


async def test_pages_go_on_where_they_stopped(
    platform: Caller, operator: Caller, psp: FakePsp, store: Any
) -> None:
    intent_id = await promised(platform, psp)
    events = [an_event(f"{intent_id}:authorize:1") for _ in range(3)]
    for event in events:
        await store([event])
    seen, cursor = [], ""
    for _ in events:
        page = (await operator.get(f"{EVENTS}?payment_id={intent_id}&limit=1{cursor}")).json()
        seen += [item["event_id"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [event.event_id for event in events[::-1]]
    assert page["next_cursor"] is None


async def test_it_is_for_the_desk_and_a_redelivery_for_operators(
    platform: Caller, approver: Caller, operator: Caller, issue: Issue, psp: FakePsp, store: Any
) -> None:
    intent_id = await promised(platform, psp)
    await store([an_event(f"{intent_id}:authorize:1")])
    (seen,) = await listed(approver, payment_id=intent_id)
    path = f"{EVENTS}/{seen['id']}"
    for caller, what in ((platform, ""), (approver, "/redeliver")):
        answer = await (caller.post(path + what, {"reason": "x"}) if what else caller.get(path))
        assert (answer.status_code, slug(answer)) == (403, "forbidden")
    stranger = await issue(Role.OPERATOR, brands=("bravo",))
    assert (await stranger.get(path)).status_code == 404
    for body in ({}, {"reason": ""}, {"reason": "a\nb"}):
        refused = await operator.post(path + "/redeliver", body)
        assert (refused.status_code, slug(refused)) == (422, "invalid-request")


@pytest.mark.parametrize(
    "wrong",
    [
        "?state=lost",
        "?cursor=x",
        "?limit=0",
        "?psp=X",
        "?payment_id=7",
        "?event_id=%00",
        "/0",
        "/x",
    ],
)
async def test_a_wrong_question_is_refused(operator: Caller, wrong: str) -> None:
    refused = await operator.get(EVENTS + wrong)
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")

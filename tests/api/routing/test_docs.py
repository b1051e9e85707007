"""What docs/routing.md and the contract tell operators to send is taken, and answered as told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx

from tests.api.routing_desk import (
    ACCOUNTS,
    CHANGES,
    POLICIES,
    RATES,
    STOPS,
    Desk,
    a_brand,
    order,
    policy,
)
from workflows.domain.routing.policy.fields import Field
from workflows.domain.routing.receipt import ExclusionReason

DOCS = (Path(__file__).parents[3] / "docs" / "routing.md").read_text()
[CARDS] = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
CONDITIONS = re.findall(r"^\| `.*\| `(\{.*\})` \|$", DOCS, re.MULTILINE)


async def test_the_policy_of_the_walk_is_refused_mended_and_read_aloud(
    desk: Desk, name: str
) -> None:
    brand = a_brand()
    second = f"b-{brand}"
    await desk.account(psp=name, id=second, brands=[brand])
    body = json.loads(CARDS.replace("secondary", second).replace("sandbox/", f"{name}/"))
    body["brand_id"], body["policy"]["id"] = brand, f"p-{brand}"
    refused = await desk.ann.post(POLICIES, body)
    [error] = refused.json()["errors"]
    assert f'"pointer": "{error["pointer"]}"' in DOCS
    assert f'"detail": "{error["detail"]}"' in DOCS
    del body["policy"]["rules"][3]
    mended = await desk.ann.post(POLICIES, body)
    assert mended.status_code == 201, mended.text
    for sentence in mended.json()["readable"]:
        assert sentence.replace(second, "secondary").replace(f"{name}/", "sandbox/") in DOCS


async def test_every_condition_in_the_table_is_one(desk: Desk, name: str) -> None:
    assert len(CONDITIONS) >= 5
    to = order(f"{name}/primary")
    for condition in CONDITIONS:
        rule = {"name": "from the table", "when": json.loads(condition), "then": to}
        proposed = await desk.ann.post(POLICIES, policy(a_brand(), rule, default=to))
        assert proposed.status_code == 201, (condition, proposed.text)


def test_every_field_and_every_reason_is_told() -> None:
    for word in (*Field, *ExclusionReason):
        assert f"`{word}`" in DOCS, word


async def test_the_examples_of_the_contract_are_requests_that_work(
    desk: Desk, http: httpx.AsyncClient, name: str
) -> None:
    brand, contract = a_brand(), (await http.get("/openapi.json")).json()

    def example(path: str, method: str = "post") -> Any:
        body = contract["paths"][path][method]["requestBody"]["content"]["application/json"]
        text = json.dumps(body["example"]).replace("sandbox", name).replace("acme", brand)
        return json.loads(text.replace('"brands": ["*"]', f'"brands": ["{brand}"]'))

    account = await desk.ann.post(ACCOUNTS, example(ACCOUNTS))
    decision = example(f"{CHANGES}/{{change_id}}/decision")
    decided = await desk.bob.post(f"{CHANGES}/{account.json()['id']}/decision", decision)
    assert decided.status_code == 201, decided.text
    proposed = await desk.ann.post(POLICIES, example(POLICIES))
    assert proposed.status_code == 201, proposed.text
    path = f"{POLICIES}/{proposed.json()['name']}"
    for what in ("estimate", "replay"):
        past = example(f"{POLICIES}/{{policy_id}}/{what}")
        assert (await desk.ann.post(f"{path}/{what}", past)).status_code == 201
    stop = example(STOPS)
    assert (await desk.ann.post(STOPS, stop)).status_code == 200
    stopped = await desk.ann.post(STOPS, stop | {"confirm": True})
    lift = example(f"{STOPS}/{{stop_id}}/lift")
    lifted = await desk.ann.post(f"{STOPS}/{stopped.json()['id']}/lift", lift)
    assert lifted.status_code == 201, lifted.text
    rate = await desk.ann.put(f"{RATES}/{name}", example(f"{RATES}/{{psp}}", "put"))
    assert rate.status_code == 201, rate.text
    await desk.ann.put(f"{RATES}/{name}", {"per_second": None, "reason": "tried"})

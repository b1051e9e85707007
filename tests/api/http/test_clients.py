"""Whoever generates a client from the contract gets one, whole and without a complaint."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.http.outgoing_event_schemas import EVENT_TYPES
from infra.local.stack.processes import run
from tests.api.callers import Caller, a_player, captured, intent, payout
from tests.api.cashier.test_labels import known
from tests.api.operations.test_outgoing_events import last
from tests.house.rooms import ROOT
from tests.workflows.world import FakePsp
from workflows.domain import deposits, payouts, refunds

NODE = ROOT / "var" / "clients" / "node_modules" / ".bin"
HERE = Path(sys.executable).parent


@pytest.fixture(scope="module")
async def written(
    http: httpx.AsyncClient, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    contract: dict[str, Any] = (await http.get("/openapi.json")).json()
    path = tmp_path_factory.mktemp("contract") / "openapi.json"
    path.write_text(json.dumps(contract))
    return path, contract


@pytest.fixture(scope="module")
async def generated(written: tuple[Path, dict[str, Any]]) -> tuple[Path, str]:
    """Where the package `paysaga_client` is, and what its generator said."""
    path = written[0]
    config = path.with_name("config.yml")
    config.write_text("post_hooks: []\n")
    code, output = await run(
        [
            *(str(HERE / "openapi-python-client"), "generate", "--path", str(path)),
            *("--output-path", str(path.with_name("paysaga_client")), "--meta", "none"),
            *("--config", str(config), "--fail-on-warning"),
        ],
        environment=dict(os.environ),
    )
    assert code == 0, output
    return path.parent, output


@pytest.fixture
def models(generated: tuple[Path, str]) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(generated[0])
        yield importlib.import_module("paysaga_client.models")


def test_a_python_client_is_made_without_a_complaint(generated: tuple[Path, str]) -> None:
    output = generated[1]
    for complaint in ("Warning", "Unable", "Skipping", "removal"):
        assert complaint not in output, output


def test_the_client_has_every_shape_of_the_contract(
    models: Any, written: tuple[Path, dict[str, Any]]
) -> None:
    for name in written[1]["components"]["schemas"]:
        assert hasattr(models, name), name


async def test_the_client_reads_what_the_api_answers_and_what_it_sends(
    models: Any, platform: Caller, operator: Caller, psp: FakePsp
) -> None:
    player = a_player()
    deposit = await captured(platform, player_id=player, reference="order-1")
    await known(operator, player)
    paid = (await platform.post("/v1/cashier/payouts", payout(player_id=player))).json()
    refused = (await platform.post("/v1/cashier/intents", intent(amount="x"))).json()
    event = await last(platform, deposit["intent_id"], deposit["version"])
    sent = {name: value for name, value in event.items() if name != "delivery"}
    found = (await platform.get(f"/v1/payments?player_id={player}")).json()
    page = (await platform.get(f"/v1/events?payment_id={deposit['intent_id']}")).json()
    for model, body in (
        (models.IntentView, deposit),
        (models.PayoutView, paid),
        (models.ProblemView, refused),
        (models.DepositEvent, sent),
        (models.FoundPaymentPage, found),
        (models.EventPage, page),
    ):
        assert moments_apart(model.from_dict(body).to_dict()) == moments_apart(body), model
    assert models.IntentView.from_dict(deposit).status is models.IntentStatus.CAPTURED


def moments_apart(body: Any) -> Any:
    """Times are written `Z` by one and `+00:00` by the other."""
    return json.loads(json.dumps(body).replace("+00:00", "Z"))


async def test_a_typescript_client_is_made_without_a_complaint(
    written: tuple[Path, dict[str, Any]],
) -> None:
    if shutil.which("node") is None:
        pytest.skip("there is no node here, which openapi-typescript runs on")
    if not (NODE / "openapi-typescript").exists():
        pytest.skip("openapi-typescript is not installed: `make clients` does it")
    made = written[0].with_name("paysaga.ts")
    environment = dict(os.environ)
    code, output = await run(
        [str(NODE / "openapi-typescript"), str(written[0]), "-o", str(made)],
        environment=environment,
    )
    assert code == 0, output
    assert "warn" not in output.lower(), output
    assert "⚠" not in output, output
    code, output = await run(
        [str(NODE / "tsc"), "--noEmit", "--strict", str(made)], environment=environment
    )
    assert code == 0, output


def test_no_two_components_have_one_title(written: tuple[Path, dict[str, Any]]) -> None:
    schemas = written[1]["components"]["schemas"]
    assert {name: schema["title"] for name, schema in schemas.items()} == {n: n for n in schemas}


def test_every_answer_says_what_it_holds(written: tuple[Path, dict[str, Any]]) -> None:
    for path, calls in written[1]["paths"].items():
        for method, call in calls.items():
            for status, answer in call["responses"].items():
                shapes = [content["schema"] for content in answer.get("content", {}).values()]
                assert shapes or status == "204", (method, path, status)
                assert all(shapes), (method, path, status)


STATES = {"status", "state"}
NUMBERS = {"SecurityView", "ProblemView"}
"""Their status is that of HTTP."""


def test_every_status_and_state_says_what_it_can_be(
    written: tuple[Path, dict[str, Any]],
) -> None:
    schemas, looked_at = written[1]["components"]["schemas"], 0
    for name in schemas.keys() - NUMBERS:
        schema = schemas[name]
        for field in STATES & set(schema.get("properties", {})):
            looked_at += 1
            assert set(values(schema["properties"][field], schemas)), (name, field)
    assert looked_at > 15


def values(schema: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    if "$ref" in schema:
        return values(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "anyOf" in schema:
        return [value for each in schema["anyOf"] for value in values(each, schemas)]
    return [*schema.get("enum", []), *([schema["const"]] if "const" in schema else [])]


async def test_every_event_that_is_sent_is_described(
    written: tuple[Path, dict[str, Any]], platform: Caller, psp: FakePsp
) -> None:
    contract = written[1]
    described: list[str] = []
    for call in contract["webhooks"].values():
        body = call["post"]["requestBody"]["content"]["application/json"]["schema"]
        event = contract["components"]["schemas"][body["$ref"].rpartition("/")[2]]
        described += event["properties"]["type"]["enum"]
    assert sorted(described) == sorted(EVENT_TYPES)
    deposit = await captured(platform, player_id=a_player())
    found = await platform.get(f"/v1/events?payment_id={deposit['intent_id']}")
    sent = {event["type"] for event in found.json()["items"]}
    assert sent
    assert sent <= set(described)


async def test_the_types_of_the_contract_are_those_that_the_database_makes(
    written: tuple[Path, dict[str, Any]], owner: Any
) -> None:
    for kind, statuses in (
        ("deposit", deposits.Status),
        ("payout", payouts.Status),
        ("refund", refunds.Status),
    ):
        for status in statuses:
            made = await owner.fetchval("SELECT outgoing_event_type($1, $2)", kind, str(status))
            assert made in EVENT_TYPES


def test_the_stream_of_an_intent_is_described(written: tuple[Path, dict[str, Any]]) -> None:
    call = written[1]["paths"]["/v1/cashier/intents/{intent_id}/events"]["get"]
    (kind,) = call["responses"]["200"]["content"]
    schema = call["responses"]["200"]["content"][kind]["schema"]
    assert kind == "text/event-stream"
    assert schema["contentSchema"] == {"$ref": "#/components/schemas/IntentEvent"}

"""The published contract, the addresses there are, health and traces."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.api.callers import Caller, intent, slug
from tests.workflows.world import FakePsp


@pytest.fixture
async def contract(http: httpx.AsyncClient) -> dict[str, Any]:
    document: dict[str, Any] = (await http.get("/openapi.json")).json()
    return document


def test_every_call_is_described_with_its_problems(contract: dict[str, Any]) -> None:
    for path, calls in contract["paths"].items():
        for method, call in calls.items():
            assert call["summary"], path
            if path.startswith("/v1"):
                assert call["security"], path
                for status in ("401", "403", "404", "422", "503"):
                    assert "application/problem+json" in call["responses"][status]["content"], path
            if path.startswith(("/v1", "/payments/init")) and method in ("post", "put"):
                body = call["requestBody"]["content"]["application/json"]
                assert "example" in body, path
                keys = [p for p in call["parameters"] if p["name"] == "X-Idempotency-Key"]
                assert [key["required"] for key in keys] == [True], path
                assert "Idempotent-Replayed" in call["responses"]["200"]["headers"], path


def test_every_shape_that_is_named_is_there(contract: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/([^'\"]+)", repr(contract)))
    assert named <= set(contract["components"]["schemas"])


async def test_the_page_of_the_contract_needs_nothing_from_elsewhere(
    http: httpx.AsyncClient,
) -> None:
    page = await http.get("/docs")
    assert page.status_code == 200
    assert "//" not in re.sub(r"<!doctype.*?>|https?://www\.w3\.org", "", page.text)


async def test_an_example_is_a_request_that_works(
    contract: dict[str, Any], issue: Any, psp: FakePsp
) -> None:
    call = contract["paths"]["/v1/cashier/intents"]["post"]
    example = call["requestBody"]["content"]["application/json"]["example"]
    everybody = await issue("platform", brands=("*",))
    assert (await everybody.post("/v1/cashier/intents", example)).status_code == 201


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/cashier/intents/", "/redoc", "/v2/x", "/%00"])
async def test_an_address_that_is_not_there_is_a_problem(platform: Caller, path: str) -> None:
    missing = await platform.get(path)
    assert (missing.status_code, slug(missing)) == (404, "not-found")


async def test_a_wrong_method_is_a_problem(platform: Caller) -> None:
    for method, path in (("DELETE", "/v1/cashier/intents"), ("PUT", "/healthz")):
        wrong = await platform.write(method, path)
        assert (wrong.status_code, slug(wrong)) == (405, "method-not-allowed")
        assert wrong.headers["Allow"]


async def test_it_is_alive_and_ready(http: httpx.AsyncClient) -> None:
    assert (await http.get("/healthz")).json() == {"status": "ok"}
    assert (await http.get("/readyz")).json()["status"] == "ready"


async def test_a_trace_is_taken_or_made_and_always_returned(platform: Caller, psp: FakePsp) -> None:
    given = await platform.post("/v1/cashier/intents", intent(), X_Trace_Id="trace-of-mine.1")
    assert given.headers["X-Trace-Id"] == given.json()["trace_id"] == "trace-of-mine.1"
    made = await platform.get("/v1/cashier/intents")
    assert re.fullmatch("[0-9a-f]{32}", made.headers["X-Trace-Id"])
    refused = await platform.get("/nowhere", X_Trace_Id="trace-2")
    assert refused.headers["X-Trace-Id"] == refused.json()["trace_id"] == "trace-2"


async def test_an_error_of_ours_is_a_problem_that_tells_nothing(
    app: FastAPI, platform: Caller
) -> None:
    async def broken() -> None:
        raise ValueError("with a secret")

    app.add_api_route("/broken", broken)
    failed = await platform.get("/broken")
    app.router.routes.pop()
    assert (failed.status_code, slug(failed)) == (500, "internal-error")
    assert "secret" not in failed.text

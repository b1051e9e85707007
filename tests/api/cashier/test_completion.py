"""A player comes back from a PSP's page: the front end tells, and the payment goes on."""

from __future__ import annotations

import random
import string
from typing import Any

import asyncpg
import pytest
from temporalio.client import Client

from tests.api.callers import Caller, intent, slug
from tests.api.cashier.test_intents import opened
from tests.workflows.world import FakePsp
from workflows.domain.psp import COMPLETE, CompleteInstruction, Operation, Pending

PAGE = "https://psp.example/challenge/1"
TOLD = "X6XtfGC3!Y" + "".join(random.Random(7).choices(string.ascii_letters, k=400))
BACK = {"parameters": {"redirectResult": TOLD}}


async def challenged(platform: Caller, psp: FakePsp, **changes: Any) -> str:
    """The address of an intent whose player is on the PSP's page."""
    psp.will_answer(Operation.AUTHORIZE, Pending("psp-1", PAGE))
    path = await opened(platform, **changes)
    asked = await platform.post(f"{path}/authorize")
    assert (asked.status_code, asked.json()["status"]) == (202, "REQUIRES_ACTION")
    return path


def last_parameters(psp: FakePsp) -> dict[str, str]:
    [*_, last] = [asked for asked in psp.asked if isinstance(asked, CompleteInstruction)]
    return last.parameters


async def test_what_the_player_brings_goes_to_the_psp_and_the_deposit_on(
    platform: Caller, psp: FakePsp
) -> None:
    path = await challenged(platform, psp)
    done = await platform.post(f"{path}/complete", BACK, key="back-1")
    assert (done.status_code, done.json()["status"]) == (201, "CAPTURED")
    assert last_parameters(psp) == BACK["parameters"]
    again = await platform.post(f"{path}/complete", BACK, key="back-1")
    assert (again.status_code, again.content) == (200, done.content)
    other = await platform.post(f"{path}/complete", {"parameters": {}}, key="back-1")
    assert (other.status_code, slug(other)) == (409, "idempotency-key-reused")


async def test_what_the_psp_does_not_need_reaches_no_history(
    platform: Caller, psp: FakePsp
) -> None:
    path = await challenged(platform, psp)
    brought = {**BACK["parameters"], "client_secret": "pi_1_secret_2"}
    assert (await platform.post(f"{path}/complete", {"parameters": brought})).status_code == 201
    assert last_parameters(psp) == BACK["parameters"]


async def test_a_second_challenge_is_shown_like_the_first(platform: Caller, psp: FakePsp) -> None:
    path = await challenged(platform, psp)
    psp.will_answer(COMPLETE, Pending("psp-1", f"{PAGE}/again"))
    moving = await platform.post(f"{path}/complete")
    assert (moving.status_code, moving.json()["status"]) == (202, "REQUIRES_ACTION")
    assert moving.json()["redirect_url"] == f"{PAGE}/again"
    assert last_parameters(psp) == {}
    assert (await platform.post(f"{path}/complete", {})).json()["status"] == "CAPTURED"


async def test_a_psp_that_was_faster_than_the_player_is_no_error(
    platform: Caller, psp: FakePsp
) -> None:
    path = await opened(platform)
    await platform.post(f"{path}/authorize")
    late = await platform.post(f"{path}/complete", BACK, key="late-1")
    assert (late.status_code, late.json()["status"]) == (200, "CAPTURED")
    again = await platform.post(f"{path}/complete", BACK, key="late-1")
    assert (again.status_code, again.content) == (200, late.content)
    other = await platform.post(f"{path}/complete", {}, key="late-1")
    assert (other.status_code, slug(other)) == (409, "idempotency-key-reused")


async def test_an_intent_that_was_never_authorized_refuses_and_says_its_state(
    platform: Caller, psp: FakePsp
) -> None:
    path = await opened(platform)
    early = await platform.post(f"{path}/complete")
    assert (early.status_code, slug(early), early.json()["state"]) == (
        409,
        "illegal-state",
        "INITIATED",
    )


async def test_an_intent_of_another_brand_does_not_exist(
    platform: Caller, psp: FakePsp, issue: Any
) -> None:
    path = await challenged(platform, psp)
    stranger = await issue("platform", brands=("other",))
    missing = await stranger.post(f"{path}/complete", BACK)
    assert (missing.status_code, slug(missing)) == (404, "not-found")
    await platform.post(f"{path}/cancel")


@pytest.mark.parametrize(
    "parameters",
    [
        {f"n{number}": "x" for number in range(21)},
        {"n" * 65: "x"},
        {"": "x"},
        {"n": "x" * 8193},
        {"n": 1},
        {"n": None},
        {"n": ["x"]},
        {"cvc": "123"},
        ["x"],
    ],
    ids=["many", "long name", "no name", "long", "number", "null", "list", "cvc", "no object"],
)
async def test_parameters_are_a_bounded_query(
    platform: Caller, psp: FakePsp, parameters: Any
) -> None:
    path = await opened(platform)
    refused = await platform.post(f"{path}/complete", {"parameters": parameters})
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")
    assert all(e["pointer"].startswith("/parameters") for e in refused.json()["errors"])


async def test_as_many_and_as_long_as_is_allowed_is_taken(platform: Caller, psp: FakePsp) -> None:
    path = await challenged(platform, psp)
    most = {f"{number:064d}": "x" * 3000 for number in range(19)} | {"longest": "x" * 4000}
    done = await platform.post(f"{path}/complete", {"parameters": {"y": "x" * 8192}})
    assert done.status_code == 201, done.text
    other = await challenged(platform, psp)
    assert (await platform.post(f"{other}/complete", {"parameters": most})).status_code == 201


HIDDEN = "DE89370400440532013000"


@pytest.mark.parametrize(
    "value", [HIDDEN, "4111111111111111", "4111 1111 1111 1111", f"{TOLD}-4111111111111111"]
)
async def test_card_data_is_refused_here_too(platform: Caller, psp: FakePsp, value: str) -> None:
    path = await opened(platform)
    refused = await platform.post(f"{path}/complete", {"parameters": {"redirectResult": value}})
    assert (refused.status_code, slug(refused)) == (422, "card-data-refused")
    assert value not in refused.text


async def test_a_long_token_that_looks_like_an_account_by_chance_is_taken(
    platform: Caller, psp: FakePsp
) -> None:
    path = await challenged(platform, psp)
    unlucky = f"{TOLD}-{HIDDEN}-{TOLD}"
    done = await platform.post(f"{path}/complete", {"parameters": {"redirectResult": unlucky}})
    assert done.status_code == 201, done.text
    # Nowhere else: a token of a payment method is not that long.
    refused = await platform.post("/v1/cashier/intents", intent(metadata={"note": unlucky}))
    assert slug(refused) == "card-data-refused"


async def test_what_the_player_brings_is_kept_nowhere_that_people_read(
    platform: Caller,
    psp: FakePsp,
    owner: asyncpg.Pool,
    temporal_client: Client,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = await challenged(platform, psp)
    done = await platform.post(f"{path}/complete", BACK)
    assert TOLD not in done.text
    assert TOLD not in "".join(capfd.readouterr())
    tables = await owner.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    assert len(tables) > 10
    for table in tables:
        kept = f"SELECT count(*) FROM {table['name']} AS t WHERE t::text LIKE $1"
        assert await owner.fetchval(kept, f"%{TOLD[:40]}%") == 0, table["name"]
    intent_id = path.rpartition("/")[2]
    run = await temporal_client.get_workflow_handle(f"deposit-{intent_id}").describe()
    shown = f"{run.raw_description} {run.raw_info}"
    assert intent_id in shown
    assert TOLD[:40] not in shown

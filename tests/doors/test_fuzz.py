"""Whatever is sent, by the contract or against it: no error of ours, and an answer by the contract.

The suite sends hundreds, the same each time; `make doors` thousands, and others each time.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from temporalio.client import Client

from activities.access.credential import Role
from activities.access.issuer import Issuer
from activities.settings import Settings
from tests.doors.callers import Brands, everybody
from tests.doors.conftest import LONG, Count
from tests.doors.fuzzing import CONFORMS, Attempt, attempts
from tests.doors.house import Builder, House
from tests.workflows.world import FakePsp

EACH = 100 if LONG else 2
CHANCE = random.SystemRandom().randrange(2**32) if LONG else 7
AT_ONCE = 8
PATIENCE = 60
LEAK = re.compile(r"Traceback|File \"/|\.py\"|asyncpg|sqlalchemy|pydantic|errors\.pydantic|0x7f")
EVERYBODYS = re.compile(r"GET .*|PUT /v1/routing/rates.*|POST /v1/routing/accounts")
"""Asked for all brands; all else for one, so that nobody else is stopped or switched off."""


@pytest.fixture(scope="module")
async def house(
    app: FastAPI, owner: asyncpg.Pool, running: FakePsp, settings: Settings, temporal_client: Client
) -> House:
    mark = uuid.uuid4().hex[:8]
    brands = Brands(f"fuzzed-{mark}", f"beside-{mark}")
    made = House(brands, settings.routing.accounts[0].psp, f"chest-{mark}")
    callers = await everybody(app, owner, brands)
    people = {(caller.role, caller.scope): caller for caller in callers}
    await Builder(made, people, running, app, temporal_client, settings).build()
    return made


@pytest.fixture(scope="module")
async def tokens(owner: asyncpg.Pool, house: House) -> tuple[str, str]:
    credentials, name = Issuer(owner), f"fuzz-{uuid.uuid4().hex[:8]}"
    one = await credentials.issue(name, list(Role), [house.brands.own])
    return one, await credentials.issue(f"{name}-all", list(Role), ["*"])


@pytest.fixture(scope="module")
async def client(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=PATIENCE) as made:
        yield made


async def test_whatever_is_sent_is_answered_by_the_contract(
    app: FastAPI, house: House, tokens: tuple[str, str], client: httpx.AsyncClient, port: int,
    count: Count,
) -> None:  # fmt: skip
    # Drawing is work for seconds, and the workers beside it must not stand still for so long.
    drawn = await asyncio.to_thread(lambda: list(attempts(app.openapi(), house, EACH, CHANCE)))
    heard: Counter[int] = Counter()
    flaws: list[str] = []
    places = asyncio.Semaphore(AT_ONCE)

    async def one(attempt: Attempt) -> None:
        token = tokens[bool(EVERYBODYS.fullmatch(attempt.call))]
        async with places:
            request = attempt.request(f"http://127.0.0.1:{port}", token)
            try:
                async with asyncio.timeout(PATIENCE):
                    answer = await client.request(**request)
            except TimeoutError:
                flaws.append(f"{attempt.call}: no answer in {PATIENCE} s to {request}")
                return
        heard[answer.status_code] += 1
        if flaw := flaw_of(attempt, answer):
            asked = (answer.request.url, answer.request.content[:300], answer.text[:400])
            flaws.append(f"{attempt.call}: {flaw}\n   {asked}")

    began = time.monotonic()
    await asyncio.gather(*(one(attempt) for attempt in drawn))
    report = f"{len(flaws)} by chance {CHANCE}:\n" + "\n".join(flaws)
    assert not flaws, report
    statuses = ", ".join(f"{n} times {status}" for status, n in sorted(heard.items()))
    seconds = time.monotonic() - began
    count(f"fuzzed requests by chance {CHANCE} in {seconds:.0f} s ({statuses})", len(drawn))


OUTAGES = {"audit-unavailable", "unattended", "too-many-streams"}
"""503, and rightly: one audit at a time, and a case for who lost its run."""

BUSINESS = re.compile(
    r"there is no such (time|day)"
    r"|[A-Z]{3} has [0-9] decimal places|amount is above the maximum|amount must be above zero"
    r"|must be the next_cursor of a list"
    r"|^/?psp: must be one of|^/method: must be one of|^/merchant_account: must be one of"
    r"|^/return_?[uU]rl: an https URL"
    r"|^/(account|policy)\b"
    r"|for this case, as things stand"
    r"|^/from_sequence: the payment's last is"
    r"|^query: name one of|^\w+: goes with(out)? |must be before (created_)?to"
    r"|a NUL character"
    r"|^Last-Event-ID: must be the id of an event of this stream"
)
"""Of the form alone nobody can tell: what depends on another field, on a setting, or on what there
is. A document of routing is judged as a whole, with a pointer for each flaw."""


def flaw_of(attempt: Attempt, answer: httpx.Response) -> str:
    if answer.status_code >= 500 and slug_of(answer) not in OUTAGES:
        return "an error of ours"
    if LEAK.search(answer.text):
        return "it tells of our insides"
    if not answer.headers.get("content-type", "").startswith("text/event-stream"):
        try:
            attempt.case.validate_response(answer, checks=CONFORMS)
        except BaseExceptionGroup as broken:
            return "; ".join(str(flaw)[:300] for flaw in broken.exceptions)
    if attempt.is_allowed and (refusal := refused_form(answer)):
        return f"the contract allows it, and it is refused for its form: {refusal}"
    return ""


def refused_form(answer: httpx.Response) -> str:
    slug = slug_of(answer)
    if answer.status_code in (400, 405, 415) or slug in ("invalid-request", "invalid-json"):
        problems = [
            f"{each['pointer']}: {each['detail']}" for each in answer.json().get("errors", [])
        ]
        whole = f"{slug}: {answer.json()['detail']}"
        return "; ".join(each for each in problems or [whole] if not BUSINESS.search(each))
    return ""


def slug_of(answer: httpx.Response) -> str:
    if answer.headers.get("content-type") != "application/problem+json":
        return ""
    return str(json.loads(answer.text)["type"]).rpartition(":")[2]

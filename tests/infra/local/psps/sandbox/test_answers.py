"""How the sandbox PSP answers, or does not: keys, lost answers, refusals, faults to order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.infra.local.psps.sandbox.client import (
    KEYS,
    SandboxPsp,
    authorization,
    codes,
    fresh,
    sandbox_psp,
    until,
)


@pytest.fixture(scope="module")
async def psp(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxPsp]:
    async with sandbox_psp(tmp_path_factory.mktemp("answers")) as running:
        yield running


async def test_the_same_key_and_body_gets_the_same_answer(psp: SandboxPsp) -> None:
    asked, key = authorization("tok_soft"), fresh("key")
    first = await psp.write("/authorizations", asked, key=key)
    again = await psp.write("/authorizations", dict(reversed(asked.items())), key=key)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(await psp.journal(asked["reference"])) == 1


async def test_the_same_key_with_another_body_is_refused(psp: SandboxPsp) -> None:
    asked, key = authorization(), fresh("key")
    await psp.write("/authorizations", asked, key=key)
    other = await psp.write("/authorizations", {**asked, "amount": 5001}, key=key)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")
    elsewhere = await psp.write("/authorizations", asked, key=key, account="secondary")
    assert elsewhere.status_code == 200


async def test_one_key_at_once_from_many_is_executed_once(psp: SandboxPsp) -> None:
    asked, key = authorization(), fresh("key")
    answers = await asyncio.gather(
        *(psp.write("/authorizations", asked, key=key) for _ in range(30))
    )
    assert len({answer.content for answer in answers}) == 1
    assert len(await psp.journal(asked["reference"])) == 1


async def test_a_lost_authorization_was_executed_and_its_repeat_is_answered(
    psp: SandboxPsp,
) -> None:
    asked, key = authorization("tok_lost_authorize"), fresh("key")
    with pytest.raises(httpx.RemoteProtocolError):
        await psp.write("/authorizations", asked, key=key)
    assert (await psp.look_up(asked["reference"])).json()["status"] == "approved"
    assert (await psp.write("/authorizations", asked, key=key)).json()["status"] == "approved"
    assert len(await psp.journal(asked["reference"])) == 1


async def test_a_lost_capture_was_executed_once(psp: SandboxPsp) -> None:
    held = await psp.authorize("tok_lost_capture")
    path = f"/authorizations/{held['id']}/captures"
    reference = fresh("cap")
    asked = {"reference": reference, "amount": 5000, "currency": "EUR"}
    with pytest.raises(httpx.RemoteProtocolError):
        await psp.write(path, asked, key="lost")
    assert (await psp.write(path, asked, key="lost")).json()["amount"] == 5000
    assert len(await psp.journal(reference)) == 1


async def test_a_500_of_the_card_executed_nothing(psp: SandboxPsp) -> None:
    asked = authorization("tok_500")
    assert (await psp.write("/authorizations", asked)).status_code == 500
    assert await psp.journal(asked["reference"]) == []
    assert (await psp.look_up(asked["reference"])).status_code == 404


async def test_a_slow_card_keeps_only_its_own_caller_waiting(psp: SandboxPsp) -> None:
    asked = authorization("tok_slow")
    async with psp.behaving(slow_seconds=0.6, idempotency="conflict_in_flight"):
        began = time.monotonic()
        slow = asyncio.create_task(psp.write("/authorizations", asked, key="slow"))
        await until(lambda: psp.has_done(asked["reference"]))
        meanwhile = await psp.write("/authorizations", asked, key="slow")
        assert meanwhile.json()["error"]["code"] == "idempotency_in_flight"
        assert not slow.done()
        assert (await slow).json()["status"] == "approved"
        assert time.monotonic() - began >= 0.6


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 0),
        ("amount", -1),
        ("amount", 50.0),
        ("amount", "5000"),
        ("amount", True),
        ("amount", 2**63),
        ("currency", "eur"),
        ("currency", "XXX"),
        ("reference", ""),
        ("reference", "two\nlines"),
        ("return_url", "javascript:alert(1)"),
        ("return_url", "https://"),
        ("return_url", "https://casino.example/a b"),
        ("colour", "red"),
    ],
)
async def test_a_malformed_field_is_named_and_nothing_is_executed(
    psp: SandboxPsp, field: str, value: object
) -> None:
    asked = authorization()
    response = await psp.write("/authorizations", {**asked, field: value})
    assert response.status_code == 422
    assert field in response.json()["error"]["message"]
    assert await psp.journal(asked["reference"]) == []


async def test_what_is_no_json_is_a_400(psp: SandboxPsp) -> None:
    headers = {"Authorization": f"Bearer {KEYS['primary']}", "Idempotency-Key": "k"}
    for content in (b"", b"{", b'{"amount": NaN}', b'{"reference": "\\ud800"}'):
        response = await psp.http.post("/v1/payouts", content=content, headers=headers)
        assert (response.status_code, response.json()["error"]["code"]) == (400, "malformed_json")
    large = await psp.http.post("/v1/payouts", content=b" " * 70_000, headers=headers)
    assert large.status_code == 413


async def test_without_a_known_key_nobody_is_served(psp: SandboxPsp) -> None:
    for authorized in ("", "Bearer sk_guess", f"Basic {KEYS['primary']}", "Bearer é"):
        headers = {b"Authorization": authorized.encode()}
        response = await psp.http.get("/v1/operations?reference=x", headers=headers)
        assert (response.status_code, response.json()["error"]["code"]) == (401, "unauthorized")


async def test_a_write_without_an_idempotency_key_is_refused(psp: SandboxPsp) -> None:
    headers = {"Authorization": f"Bearer {KEYS['primary']}"}
    response = await psp.http.post("/v1/authorizations", json=authorization(), headers=headers)
    assert response.json()["error"]["code"] == "idempotency_key_missing"


@pytest.mark.parametrize(
    ("fault", "answer", "executed"),
    [
        ("lost_before", httpx.RemoteProtocolError, False),
        ("lost_after", httpx.RemoteProtocolError, True),
        ("reset", httpx.ReadError, True),
        ("status_500_before", 500, False),
        ("status_500_after", 500, True),
        ("status_503", 503, False),
        ("status_429", 429, False),
        ("garbage", 200, True),
        ("html_200", 200, False),
    ],
)
async def test_a_fault_meets_one_request_and_the_repeat_is_answered(
    psp: SandboxPsp, fault: str, answer: int | type[Exception], executed: bool
) -> None:
    await psp.control("POST", "faults", {"operation": "authorization", "fault": fault})
    asked, key = authorization(), fresh("key")
    if isinstance(answer, int):
        response = await psp.write("/authorizations", asked, key=key)
        assert response.status_code == answer
        assert ("Retry-After" in response.headers) == (answer in (429, 503))
        with pytest.raises((ValueError, KeyError)):
            assert response.json()["status"]
    else:
        with pytest.raises(answer):
            await psp.write("/authorizations", asked, key=key)
    assert bool(await psp.journal(asked["reference"])) == executed
    assert (await psp.write("/authorizations", asked, key=key)).json()["status"] == "approved"
    assert len(await psp.journal(asked["reference"])) == 1
    assert (await psp.control("GET", "faults"))["faults"] == []


async def test_faults_of_the_status_leave_the_money_alone(psp: SandboxPsp) -> None:
    held = await psp.authorize()
    await psp.control("POST", "faults", {"operation": "status", "fault": "status_503", "times": 2})
    assert codes(await psp.capture(held, 1)) == [None]
    answers = [(await psp.look_up(held["reference"])).status_code for _ in range(3)]
    assert answers == [503, 503, 200]


async def test_a_fault_of_one_merchant_account_leaves_the_other_alone(psp: SandboxPsp) -> None:
    held = await psp.authorize()
    dead = {"operation": "status", "fault": "status_503", "merchant_account": "primary"}
    await psp.control("POST", "faults", {**dead, "times": None})
    answers = [
        (await psp.look_up(held["reference"], account)).status_code
        for account in ("primary", "secondary", "primary")
    ]
    await psp.control("DELETE", "faults")
    assert answers == [503, 404, 503]


async def test_a_500_of_the_status_says_nothing_about_the_operation(psp: SandboxPsp) -> None:
    held = await psp.authorize()
    for fault in ("status_500_before", "status_500_after"):
        for reference in (held["reference"], "nobody"):
            await psp.control("POST", "faults", {"operation": "status", "fault": fault})
            assert (await psp.look_up(reference)).status_code == 500
    assert (await psp.look_up(held["reference"])).json() == held


async def test_a_fault_with_dice_is_the_same_for_the_same_seed(psp: SandboxPsp) -> None:
    dice = {"operation": "*", "fault": "status_429", "times": None, "probability": 0.5, "seed": 7}
    thrown = []
    for _ in range(2):
        await psp.control("POST", "faults", dice)
        thrown.append([(await psp.look_up("nobody")).status_code for _ in range(12)])
        assert await psp.control("DELETE", "faults") == {"faults": []}
    assert thrown[0] == thrown[1]
    assert set(thrown[0]) == {404, 429}


@pytest.mark.parametrize(
    ("idempotency", "statuses", "effects"),
    [
        ("honoured", [500, 200, 200], 1),
        ("only_success", [500, 200, 200], 2),
        ("replays_500", [500, 500, 500], 1),
        ("off", [500, 200, 200], 3),
    ],
)
async def test_a_500_after_the_effect_is_repeated_by_the_regime_of_the_keys(
    psp: SandboxPsp, idempotency: str, statuses: list[int], effects: int
) -> None:
    fault = {"operation": "authorization", "fault": "status_500_after"}
    asked, key = authorization(), fresh("key")
    async with psp.behaving(idempotency=idempotency):
        await psp.control("POST", "faults", fault)
        answers = [await psp.write("/authorizations", asked, key=key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == statuses
    assert len(await psp.journal(asked["reference"])) == effects


async def test_a_500_before_the_effect_may_be_kept_under_the_key(psp: SandboxPsp) -> None:
    fault = {"operation": "authorization", "fault": "status_500_before"}
    asked, key = authorization(), fresh("key")
    async with psp.behaving(idempotency="replays_500"):
        await psp.control("POST", "faults", fault)
        answers = [await psp.write("/authorizations", asked, key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [500, 500]
    assert await psp.journal(asked["reference"]) == []


async def test_keys_may_be_forgotten_or_ignore_the_body(psp: SandboxPsp) -> None:
    asked, key = authorization(), fresh("key")
    other = {**asked, "amount": 1}
    first = await psp.write("/authorizations", asked, key=key)
    async with psp.behaving(idempotency="ignores_body"):
        assert (await psp.write("/authorizations", other, key=key)).content == first.content
    async with psp.behaving(idempotency="forgetful", forget_seconds=0):
        assert (await psp.write("/authorizations", other, key=key)).json()["amount"] == 1
    assert [e["amount"] for e in await psp.journal(asked["reference"])] == [5000, 1]

"""The sandbox PSP's rules of money: what it holds, takes, gives back and pays out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.infra.local.psps.sandbox.client import (
    SandboxPsp,
    authorization,
    codes,
    fresh,
    sandbox_psp,
)


@pytest.fixture(scope="module")
async def psp(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxPsp]:
    async with sandbox_psp(tmp_path_factory.mktemp("money")) as running:
        yield running


@pytest.mark.parametrize(
    ("token", "at_primary", "at_secondary"),
    [
        ("tok_ok", None, None),
        ("tok_soft", "05", "05"),
        ("tok_soft_first", "05", None),
        ("tok_hard", "43", "43"),
        ("tok_slower_than_light", "unknown_token", "unknown_token"),
    ],
)
async def test_a_card_says_the_same_every_time(
    psp: SandboxPsp, token: str, at_primary: str | None, at_secondary: str | None
) -> None:
    primary = await psp.write("/authorizations", authorization(token))
    secondary = await psp.write("/authorizations", authorization(token), account="secondary")
    assert codes(primary.json(), secondary.json()) == [at_primary, at_secondary]
    assert secondary.json()["merchant_account"] == "secondary"


async def test_an_approved_hold_shows_its_card_checks(psp: SandboxPsp) -> None:
    held = await psp.authorize(amount=1250, currency="JPY")
    assert (held["amount"], held["currency"]) == (1250, "JPY")
    assert (held["avs"], held["cvv_result"], held["three_ds"]) == ("Y", "M", None)
    assert (held["redirect_url"], held["capture_id"]) == (None, None)


async def test_what_was_done_is_in_the_journal_with_key_and_trace(psp: SandboxPsp) -> None:
    asked = authorization()
    await psp.write("/authorizations", asked, key="the-key")
    [entry] = await psp.journal(asked["reference"])
    assert (entry["idempotency_key"], entry["trace_id"]) == ("the-key", "trace-of-the-test")
    assert (entry["operation"], entry["outcome"]) == ("authorization", "approved")
    assert (entry["amount"], entry["currency"], entry["player_id"]) == (5000, "EUR", "player-1")


async def test_partial_captures_end_at_the_authorized_amount(psp: SandboxPsp) -> None:
    held = await psp.authorize(amount=5000)
    taken = [await psp.capture(held, amount) for amount in (2000, 3001, 3000, 1)]
    assert codes(*taken) == [None, "not_capturable", None, "not_capturable"]
    assert taken[0]["authorization_id"] == held["id"]


async def test_concurrent_captures_never_take_more_than_is_held(psp: SandboxPsp) -> None:
    held = await psp.authorize(amount=5000)
    taken = await asyncio.gather(*(psp.capture(held, 1000) for _ in range(20)))
    assert codes(*taken).count(None) == 5


async def test_a_void_after_a_partial_capture_releases_the_rest(psp: SandboxPsp) -> None:
    held = await psp.authorize(amount=5000)
    await psp.capture(held, 2000)
    released = await psp.void(held)
    assert (released["status"], released["amount"], released["currency"]) == (
        "approved",
        3000,
        "EUR",
    )
    assert codes(await psp.capture(held, 1)) == ["not_capturable"]
    assert (await psp.void(held))["amount"] == 0


async def test_captures_and_voids_at_once_never_overlap(psp: SandboxPsp) -> None:
    held = await psp.authorize(amount=5000)
    done = await asyncio.gather(
        psp.capture(held, 2000), psp.void(held), psp.void(held), psp.capture(held, 2000)
    )
    assert sum(each["amount"] for each in done if each["status"] == "approved") == 5000


async def test_what_was_captured_fully_cannot_be_voided(psp: SandboxPsp) -> None:
    held = await psp.authorize()
    await psp.capture(held, 5000)
    assert codes(await psp.void(held)) == ["not_voidable"]


async def test_a_declined_authorization_cannot_be_captured(psp: SandboxPsp) -> None:
    assert codes(await psp.capture(await psp.authorize("tok_hard"), 1)) == ["not_capturable"]


async def test_a_capture_in_another_currency_is_declined(psp: SandboxPsp) -> None:
    held = await psp.authorize()
    assert codes(await psp.capture(held, 1, currency="USD")) == ["not_capturable"]


async def test_a_card_may_authorize_and_refuse_the_capture(psp: SandboxPsp) -> None:
    held = await psp.authorize("tok_capture_refused")
    assert codes(held, await psp.capture(held, 5000)) == [None, "capture_refused"]
    assert (await psp.void(held))["amount"] == 5000


async def test_refunds_end_at_the_captured_amount(psp: SandboxPsp) -> None:
    taken = await psp.capture(await psp.authorize(), 3000)
    back = await asyncio.gather(*(psp.refund(taken, 1000) for _ in range(6)))
    assert codes(*back).count(None) == 3
    assert codes(*back).count("not_refundable") == 3
    assert back[0]["capture_id"] == taken["id"]


async def test_a_hold_can_be_voided_by_reference_alone(psp: SandboxPsp) -> None:
    held = await psp.authorize(amount=700)
    released = await psp.do("/voids", authorization_reference=held["reference"])
    assert (released["amount"], released["authorization_id"]) == (700, held["id"])
    assert codes(await psp.capture(held, 700)) == ["not_capturable"]


async def test_an_authorization_that_arrives_after_its_void_is_declined(psp: SandboxPsp) -> None:
    late = authorization()
    released = await psp.do("/voids", authorization_reference=late["reference"])
    assert (released["status"], released["amount"], released["authorization_id"]) == (
        "approved",
        0,
        None,
    )
    assert codes((await psp.write("/authorizations", late)).json()) == ["reference_voided"]
    elsewhere = await psp.write("/authorizations", late, account="secondary")
    assert codes(elsewhere.json()) == [None]


async def test_a_payout_is_settled_by_webhook(psp: SandboxPsp) -> None:
    body = {"amount": 900, "currency": "EUR", "method": "bank", "player_id": "player-1"}
    paid = await psp.do("/payouts", **body, destination="dst_ok", reference=fresh("po"))
    failed = await psp.do("/payouts", **body, destination="dst_fail", reference=fresh("po"))
    assert (paid["status"], failed["status"]) == ("pending", "pending")
    [settled] = await psp.receiver.wait_for(paid["reference"])
    [returned] = await psp.receiver.wait_for(failed["reference"])
    assert (settled.type, returned.type) == ("payout.approved", "payout.declined")
    assert codes(settled.operation, returned.operation) == [None, "AC04"]
    [entry] = await psp.journal(failed["reference"])
    assert (entry["outcome"], entry["code"]) == ("declined", "AC04")


async def test_a_payout_to_nowhere_is_declined_at_once(psp: SandboxPsp) -> None:
    body = {"amount": 900, "currency": "EUR", "method": "bank", "player_id": "player-1"}
    assert codes(await psp.do("/payouts", **body, destination="x")) == ["unknown_destination"]


async def test_a_slow_payout_is_pending_until_its_time(psp: SandboxPsp) -> None:
    body = {"amount": 900, "currency": "EUR", "method": "bank", "player_id": "player-1"}
    async with psp.behaving(slow_seconds=0.5, async_seconds=60):
        asked = await psp.do("/payouts", **body, destination="dst_slow")
    assert (await psp.look_up(asked["reference"])).json()["status"] == "pending"
    assert await psp.journal(asked["reference"]) == []
    await psp.receiver.wait_for(asked["reference"])
    assert (await psp.look_up(asked["reference"])).json()["status"] == "approved"


async def test_a_hold_voided_while_pending_is_never_approved(psp: SandboxPsp) -> None:
    async with psp.behaving(async_seconds=0.5):
        held = await psp.authorize("tok_async")
    assert (await psp.void(held))["amount"] == 0
    [event] = await psp.receiver.wait_for(held["reference"])
    assert codes(event.operation) == ["reference_voided"]
    await asyncio.sleep(0.6)
    assert [each["outcome"] for each in await psp.journal(held["reference"])] == ["declined"]
    assert codes(await psp.capture(held, 1)) == ["not_capturable"]


async def test_the_other_merchant_account_sees_nothing_of_it(psp: SandboxPsp) -> None:
    held = await psp.authorize()
    path, asked = f"/authorizations/{held['id']}/captures", {"amount": 1, "currency": "EUR"}
    response = await psp.write(path, {"reference": fresh("x"), **asked}, account="secondary")
    assert response.status_code == 404
    assert (await psp.look_up(held["reference"], "secondary")).status_code == 404
    assert (await psp.look_up(held["reference"])).json() == held

"""What a platform pins to a payment comes back with it; who asked and why it waits is told."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from activities.access.credential import Role
from tests.api.callers import RETURN_URL, Caller, a_player, captured, intent, money, payout, slug
from tests.api.conftest import Issue
from tests.api.operations.test_outgoing_events import last
from tests.workflows.world import FakePsp
from workflows.domain.psp import Operation, Pending

MINE = {"brand_id": "acme", "region": "eu", "order": "77", "shop": "north"}


async def known(operator: Caller, player: str, **more: Any) -> None:
    facts = {"kyc": "verified", "blocked": False, "vip": False, "reason": "seen"} | more
    done = await operator.put(f"/v1/risk/players/{player}", facts)
    assert done.status_code < 300, done.text


def labels(view: dict[str, Any]) -> tuple[str | None, dict[str, str]]:
    return view["reference"], view["metadata"]


async def test_reference_and_metadata_come_back_on_every_answer_and_every_event(
    platform: Caller, operator: Caller, psp: FakePsp
) -> None:
    player = a_player()
    deposit = await captured(platform, player_id=player, reference="order 77", metadata=MINE)
    await known(operator, player)
    paid = await platform.post(
        "/v1/cashier/payouts", payout(player_id=player, reference="out-77", metadata=MINE)
    )
    why = {"order": "77", "ticket": "T-1"}
    back = await platform.post(
        f"/v1/cashier/captures/{deposit['capture_id']}/refunds",
        {"amount": money("1"), "reference": "back-77", "metadata": why, "reason": "a complaint"},
    )
    assert (paid.status_code, back.status_code) == (202, 202), (paid.text, back.text)
    for path, payment_id, expected in (
        (f"/v1/cashier/intents/{deposit['intent_id']}", deposit["intent_id"], ("order 77", MINE)),
        (
            f"/v1/cashier/payouts/{paid.json()['payout_id']}",
            paid.json()["payout_id"],
            ("out-77", MINE),
        ),
        (f"/v1/cashier/refunds/{back.json()['refund_id']}", back.json()["id"], ("back-77", why)),
    ):
        shown = (await platform.get(path)).json()
        listing = (await platform.get(f"{path.rpartition('/')[0]}?player_id={player}")).json()
        assert labels(shown) == expected
        assert [labels(item) for item in listing["items"]] == [expected]
        for version in range(1, shown["version"] + 1):
            assert labels((await last(platform, payment_id, version))["data"]) == expected
    assert labels(deposit) == ("order 77", MINE)
    assert (labels(paid.json()), labels(back.json())) == (("out-77", MINE), ("back-77", why))


async def test_the_stream_and_the_one_shot_call_give_them_back_too(
    platform: Caller, psp: FakePsp
) -> None:
    psp.will_answer(Operation.AUTHORIZE, Pending("psp-page", "https://psp.example/page"))
    wish = {
        "amount": "50.00",
        "currency": "EUR",
        "customerId": a_player(),
        "returnUrl": RETURN_URL,
        "reference": "shot-1",
        "metadata": {"shop": "north"},
    }
    shot = (await platform.post("/payments/init", wish)).json()
    assert labels(shot) == ("shot-1", {"shop": "north"})
    await platform.post(f"/v1/cashier/intents/{shot['intent_id']}/cancel")
    stream = await platform.get(f"/v1/cashier/intents/{shot['intent_id']}/events")
    assert stream.text.count('"reference":"shot-1"') == stream.text.count("event: version") > 1


async def test_a_refund_shows_who_asked_for_it_and_why(
    platform: Caller, operator: Caller, psp: FakePsp
) -> None:
    deposit = await captured(platform, player_id=a_player())
    made = await operator.post(
        f"/v1/cashier/captures/{deposit['capture_id']}/refunds",
        {"amount": money("1"), "reason": "paid by mistake"},
    )
    seen = (await platform.get(f"/v1/cashier/refunds/{made.json()['refund_id']}")).json()
    assert seen["reason"] == made.json()["reason"] == "paid by mistake"
    assert seen["requested_by"] == made.json()["requested_by"]
    assert seen["requested_by"]["person"].startswith("operator-")
    assert deposit["requested_by"]["credential"].startswith("platform-")


@pytest.mark.parametrize(
    "reference", ["", " x", "x ", "x" * 65, "é", "a\nb", 7, "4111111111111111"]
)
@pytest.mark.parametrize("what", ["intents", "payouts"])
async def test_a_reference_that_cannot_be_one_is_refused(
    platform: Caller, what: str, reference: Any
) -> None:
    wish = intent(reference=reference) if what == "intents" else payout(reference=reference)
    refused = await platform.post(f"/v1/cashier/{what}", wish)
    assert refused.status_code == 422
    assert slug(refused) in ("invalid-request", "card-data-refused")


@pytest.mark.parametrize("last_four", ["424", "42424", "４２４２", "424x", 4242])
async def test_four_digits_are_four_digits(platform: Caller, last_four: Any) -> None:
    refused = await platform.post("/v1/cashier/intents", intent(last_four=last_four))
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")


async def test_another_reference_under_the_same_key_is_another_request(platform: Caller) -> None:
    key = uuid.uuid4().hex
    first = await platform.post("/v1/cashier/intents", intent(reference="a"), key=key)
    other = await platform.post("/v1/cashier/intents", intent(reference="b"), key=key)
    assert (first.status_code, slug(other)) == (201, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("vip", "amount", "why"),
    [
        (True, "10.00", ["vip"]),
        (False, "1500.00", ["large_amount"]),
        (True, "1500.00", ["vip", "large_amount"]),
    ],
)
async def test_a_payout_that_needs_a_second_person_says_why(
    issue: Issue, psp: FakePsp, vip: bool, amount: str, why: list[str]
) -> None:
    platform, operator = await issue(Role.PLATFORM), await issue(Role.OPERATOR)
    player = a_player()
    await captured(platform, player_id=player, amount=money("2000.00"))
    await known(operator, player, vip=vip)
    made = await platform.post(
        "/v1/cashier/payouts", payout(player_id=player, amount=money(amount))
    )
    assert made.json()["status"] == "PAYOUT_AWAITING_APPROVAL", made.text
    waits = made.json()["waits_for"]
    assert (waits["on"], waits["reasons"]) == ("approval", why)
    event = await last(platform, made.json()["payout_id"], made.json()["version"])
    assert event["data"]["waits_for"] == waits


async def test_a_payout_that_the_psp_works_on_says_whose_word_is_awaited(
    platform: Caller, operator: Caller, psp: FakePsp, name: str
) -> None:
    player = a_player()
    await captured(platform, player_id=player)
    await known(operator, player)
    psp.will_answer(Operation.PAYOUT, Pending("psp-payout-1"))
    made = (await platform.post("/v1/cashier/payouts", payout(player_id=player))).json()
    async for seen in looks(platform, f"/v1/cashier/payouts/{made['payout_id']}"):
        if seen["status"] == "PAYOUT_PROCESSING":
            break
    waits = seen["waits_for"]
    assert (waits["on"], waits["psp"], waits["psp_ref"]) == ("psp", name, "psp-payout-1")


async def looks(caller: Caller, path: str) -> Any:
    """What is shown, again and again for ten seconds."""
    async with asyncio.timeout(60):
        while True:
            yield (await caller.get(path)).json()
            await asyncio.sleep(0.05)

"""Deposits through the API."""

from __future__ import annotations

from tests.api.callers import Caller, a_player, intent, money, slug
from tests.workflows.world import FakePsp
from workflows.domain.psp import Declined, Operation, Pending

INTENTS = "/v1/cashier/intents"


async def opened(platform: Caller, **changes: object) -> str:
    response = await platform.post(INTENTS, intent(**changes))
    assert response.status_code == 201, response.text
    return f"{INTENTS}/{response.json()['intent_id']}"


async def test_an_intent_is_opened_and_can_be_looked_at(platform: Caller, psp: FakePsp) -> None:
    response = await platform.post(INTENTS, intent())
    deposit = response.json()
    assert response.status_code == 201
    assert deposit["status"] == "INITIATED"
    assert deposit["amount"] == money("50.00")
    seen = (await platform.get(f"{INTENTS}/{deposit['intent_id']}")).json()
    assert {name: seen[name] for name in deposit} == deposit


async def test_authorize_goes_on_to_capture_and_credit(platform: Caller, psp: FakePsp) -> None:
    response = await platform.post(f"{await opened(platform)}/authorize")
    deposit = response.json()
    assert response.status_code == 201
    assert deposit["status"] == "CAPTURED"
    assert deposit["psp_ref"]
    assert deposit["capture_id"].startswith("cap_")
    assert deposit["captured"] == money("50.00")


async def test_a_part_is_captured_by_hand_and_the_rest_released(
    platform: Caller, psp: FakePsp
) -> None:
    path = await opened(platform, capture_method="manual")
    held = await platform.post(f"{path}/authorize")
    assert (held.status_code, held.json()["status"]) == (201, "AUTHORIZED")
    taken = await platform.post(f"{path}/capture", {"amount": money("20.00")})
    assert (taken.status_code, taken.json()["status"]) == (201, "CAPTURED")
    assert taken.json()["captured"] == money("20.00")


async def test_more_than_is_held_cannot_be_captured(platform: Caller, psp: FakePsp) -> None:
    path = await opened(platform, capture_method="manual")
    await platform.post(f"{path}/authorize")
    refused = await platform.post(f"{path}/capture", {"amount": money("50.01")})
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")
    assert refused.json()["errors"] == [
        {"pointer": "/amount", "detail": "capture an amount above zero and up to 50.00 EUR"}
    ]


async def test_a_hold_is_voided(platform: Caller, psp: FakePsp) -> None:
    path = await opened(platform, capture_method="manual")
    await platform.post(f"{path}/authorize")
    voided = await platform.post(f"{path}/void")
    assert (voided.status_code, voided.json()["status"]) == (201, "VOIDED")


async def test_an_intent_that_nobody_needs_is_cancelled(platform: Caller, psp: FakePsp) -> None:
    cancelled = await platform.post(f"{await opened(platform)}/cancel", {})
    assert (cancelled.status_code, cancelled.json()["status"]) == (201, "CANCELLED")


async def test_a_closed_intent_takes_no_command_and_says_its_state(
    platform: Caller, psp: FakePsp
) -> None:
    path = await opened(platform)
    await platform.post(f"{path}/cancel")
    for command in ("authorize", "capture", "void", "cancel"):
        refused = await platform.post(f"{path}/{command}")
        assert (refused.status_code, slug(refused)) == (409, "illegal-state")
        assert refused.json()["state"] == "CANCELLED"


async def test_a_challenge_is_still_moving(platform: Caller, psp: FakePsp) -> None:
    psp.will_answer(Operation.AUTHORIZE, Pending("psp-1", "https://psp.example/challenge"))
    path = await opened(platform)
    asked = await platform.post(f"{path}/authorize")
    assert asked.status_code == 202
    assert asked.json()["status"] == "REQUIRES_ACTION"
    assert asked.json()["redirect_url"] == "https://psp.example/challenge"
    assert (await platform.post(f"{path}/cancel")).json()["status"] == "CANCELLED"


async def test_a_decline_is_told_in_our_words_beside_the_psps_code(
    platform: Caller, psp: FakePsp
) -> None:
    psp.will_answer(Operation.AUTHORIZE, Declined("stolen_card", soft=False, code="43"))
    declined = await platform.post(f"{await opened(platform)}/authorize")
    assert (declined.status_code, declined.json()["status"]) == (201, "FAILED")
    why = declined.json()["decline"]
    assert {name: value for name, value in why.items() if value is not None} == {
        "reason": "stolen_card",
        "code": "43",
        "soft": False,
        "ended": "fraud",
    }


async def test_intents_are_listed_newest_first_page_by_page(platform: Caller, psp: FakePsp) -> None:
    player = a_player()
    made = [(await opened(platform, player_id=player)).rpartition("/")[2] for _ in range(3)]
    first = (await platform.get(f"{INTENTS}?player_id={player}&limit=2")).json()
    rest = (
        await platform.get(f"{INTENTS}?player_id={player}&cursor={first['next_cursor']}")
    ).json()
    listed = [item["intent_id"] for item in first["items"] + rest["items"]]
    assert listed == made[::-1]
    assert rest["next_cursor"] is None


async def test_lists_are_filtered_by_status_and_time(platform: Caller, psp: FakePsp) -> None:
    player = a_player()
    await platform.post(f"{await opened(platform, player_id=player)}/cancel")
    await opened(platform, player_id=player)
    for filtered, count in (
        ("status=CANCELLED", 1),
        ("created_from=2099-01-01T00:00:00Z", 0),
        ("created_from=2020-01-01T00:00:00%2B02:00&created_to=2099-01-01T00:00:00Z", 2),
    ):
        page = (await platform.get(f"{INTENTS}?player_id={player}&{filtered}")).json()
        assert len(page["items"]) == count, filtered

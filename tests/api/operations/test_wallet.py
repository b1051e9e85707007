"""A player's wallet: what is there, what is held, and every movement behind it."""

from __future__ import annotations

from activities.access.credential import Role
from tests.api.callers import Caller, a_player, captured, money, payout, slug
from tests.api.conftest import Issue
from tests.workflows.world import FakePsp

VIP = {"brand_id": "acme", "player_segment": "vip"}


def wallet_of(player: str, query: str = "") -> str:
    return f"/v1/wallet/players/{player}{query}"


async def test_a_wallet_shows_what_is_available_and_what_is_held(
    platform: Caller, psp: FakePsp
) -> None:
    player = a_player()
    await captured(platform, player_id=player, amount=money("50.00"))
    await captured(platform, player_id=player, amount=money("700", "JPY"))
    waiting = await platform.post(
        "/v1/cashier/payouts", payout(player_id=player, amount=money("20.00"), metadata=VIP)
    )
    assert waiting.status_code == 202
    seen = (await platform.get(wallet_of(player))).json()
    assert seen["balances"] == [
        {
            "brand_id": "acme",
            "currency": "EUR",
            "available": money("30.00"),
            "held": money("20.00"),
        },
        {"brand_id": "acme", "currency": "JPY", "available": money("700", "JPY")}
        | {"held": money("0", "JPY")},
    ]


async def test_entries_come_newest_first_by_cursor_and_none_twice(
    platform: Caller, psp: FakePsp
) -> None:
    player = a_player()
    deposits = [await captured(platform, player_id=player) for _ in range(5)]
    seen, query = [], "?limit=2"
    while query:
        page = (await platform.get(wallet_of(player, query))).json()
        seen += page["entries"]
        cursor = page["next_cursor"]
        query = f"?limit=2&cursor={cursor}" if cursor else ""
    assert [entry["payment_id"] for entry in seen] == [d["intent_id"] for d in reversed(deposits)]
    assert [entry["balance_after"]["amount"] for entry in seen] == [
        f"{n}.00" for n in (250, 200, 150, 100, 50)
    ]
    first = seen[-1]
    assert (first["kind"], first["account"], first["direction"]) == ("credit", "available", "in")


async def test_a_wallet_nobody_knows_is_empty(platform: Caller) -> None:
    seen = (await platform.get(wallet_of(a_player()))).json()
    assert (seen["balances"], seen["entries"], seen["next_cursor"]) == ([], [], None)


async def test_another_brands_wallet_is_not_seen(
    platform: Caller, issue: Issue, psp: FakePsp
) -> None:
    player = a_player()
    await captured(platform, player_id=player)
    other = await issue(Role.PLATFORM, brands=("bravo",))
    assert (await other.get(wallet_of(player))).json()["balances"] == []
    asked = await other.get(wallet_of(player, "?brand_id=acme"))
    assert (asked.status_code, slug(asked)) == (404, "not-found")


async def test_a_cursor_that_no_list_gave_is_refused(platform: Caller) -> None:
    for cursor in ("x", "-1", "1" * 19, "1.5"):
        refused = await platform.get(wallet_of("player-1", f"?cursor={cursor}"))
        assert (refused.status_code, slug(refused)) == (422, "invalid-request")

"""What compliance knows, and what people have to decide."""

from __future__ import annotations

import asyncpg

from tests.api.callers import Caller, a_player, slug


async def test_what_is_known_of_a_player_is_kept_and_shown(
    operator: Caller, approver: Caller
) -> None:
    path = f"/v1/risk/players/{a_player()}"
    stranger = (await operator.get(path)).json()
    assert (stranger["kyc"], stranger["blocked"], stranger["vip"]) == ("unknown", False, False)
    known = {"kyc": "verified", "blocked": False, "vip": True, "country": "MT", "reason": "seen"}
    first = await operator.put(path, known, key=path)
    again = await operator.put(path, known, key=path)
    assert (first.status_code, again.status_code, again.content) == (201, 200, first.content)
    assert (await approver.get(path)).json() == first.json()


async def test_half_of_what_is_known_is_refused(operator: Caller) -> None:
    path = f"/v1/risk/players/{a_player()}"
    for wrong in (
        {"kyc": "verified"},
        {"kyc": "verified", "blocked": False, "vip": False},
        {"kyc": "yes", "blocked": False, "vip": False, "reason": "seen"},
        {"kyc": "verified", "blocked": 0, "vip": False, "reason": "seen"},
        {"kyc": "verified", "blocked": False, "vip": False, "country": "mt", "reason": "seen"},
    ):
        refused = await operator.put(path, wrong)
        assert (refused.status_code, slug(refused)) == (422, "invalid-request")


async def test_cases_are_listed_for_their_brand_only(operator: Caller, owner: asyncpg.Pool) -> None:
    payment = "in_" + "ab" * 16
    for brand in ("acme", "bravo"):
        await owner.execute(
            "INSERT INTO cases (key, payment_id, brand, kind, summary, money_at_risk_minor, "
            "currency, facts) VALUES ($1, $2, $3, 'in_doubt', 'look', 5000, 'EUR', $4)",
            f"{payment}:{brand}",
            payment,
            brand,
            {"seen": "nothing"},
        )
    items = (await operator.get(f"/v1/cases?payment_id={payment}")).json()["items"]
    assert [(item["key"], item["money_at_risk"]) for item in items] == [
        (f"{payment}:acme", {"amount": "50.00", "currency": "EUR"})
    ]
    assert (await operator.get("/v1/cases?payment_id=%00")).status_code == 422

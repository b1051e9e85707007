"""Wrong tokens are slowed before the database is asked, and right ones are not."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from activities.access.credential import Credential
from activities.access.credentials import Credentials
from activities.access.tokens import hash_of, prefix_of
from api.http.auth import Door
from api.http.errors import Problem
from api.http.guesses import Guesses, neighbourhood

HERE, THERE = "192.0.2.7", "198.51.100.9"


def a_token() -> str:
    return f"ps_{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"


class Diary(Credentials):
    """Knows a few tokens, and how often it was asked."""

    def __init__(self, *tokens: str, expires_at: datetime | None = None) -> None:
        self.tokens = {prefix_of(token) or "": token for token in tokens}
        self.expires_at = expires_at
        self.asked: list[str] = []

    async def find(self, prefix: str, token: str) -> Credential | None:
        self.asked.append("find")
        known = self.tokens.get(prefix)
        if known is None:
            return None
        return Credential(
            prefix=prefix,
            name="ann",
            person="ann",
            roles=frozenset(),
            brands=frozenset(),
            routes=["*"],
            at_most={},
            expires_at=self.expires_at,
            revoked_at=None,
            token_hash=hash_of(known),
        )

    async def live(self, prefixes: Collection[str] | None = None) -> frozenset[str]:
        self.asked.append("live")
        return frozenset(self.tokens)


async def answer(door: Door, token: str, source: str = HERE) -> str:
    try:
        return (await door.caller(f"Bearer {token}", source)).name
    except Problem as problem:
        if problem.status == 429:
            assert 1 <= int(problem.headers["Retry-After"]) <= 60
        return problem.slug


async def test_who_guesses_prefixes_is_slowed_and_asks_the_database_no_more() -> None:
    good = a_token()
    known = Diary(good)
    door = Door(known, remember_seconds=60, wrong_per_minute=5)
    answers = [await answer(door, a_token()) for _ in range(1000)]
    assert answers == ["unauthorized"] * 5 + ["too-many-wrong-tokens"] * 995
    assert known.asked == ["find"] * 5 + ["live"], "a thousand guesses are six questions"
    assert await answer(door, good) == "ann", "a right one is let in from the same address"
    assert await answer(door, a_token(), THERE) == "unauthorized", "and others are not slowed"


async def test_who_guesses_secrets_of_a_prefix_is_slowed_from_everywhere() -> None:
    good = a_token()
    known = Diary(good)
    door = Door(known, remember_seconds=60, wrong_per_minute=5)
    wrong = [f"ps_{prefix_of(good)}_{secrets.token_urlsafe(32)}" for _ in range(100)]
    answers = [await answer(door, token, f"192.0.2.{n}") for n, token in enumerate(wrong)]
    assert answers == ["unauthorized"] * 5 + ["too-many-wrong-tokens"] * 95
    assert known.asked == ["find"]
    assert await answer(door, good) == "ann", "nobody locks out whose token it is"


async def test_what_is_no_token_of_ours_is_a_guess_that_asks_nobody() -> None:
    known = Diary()
    door = Door(known, remember_seconds=60, wrong_per_minute=5)
    answers = [await answer(door, "nope") for _ in range(7)]
    assert answers == ["unauthorized"] * 5 + ["too-many-wrong-tokens"] * 2
    assert known.asked == []


async def test_an_expired_token_ends_while_it_is_remembered() -> None:
    good = a_token()
    soon = datetime.now(UTC) + timedelta(seconds=0.2)
    door = Door(Diary(good, expires_at=soon), remember_seconds=600, wrong_per_minute=5)
    assert await answer(door, good) == "ann"
    while datetime.now(UTC) < soon:
        pass
    assert await answer(door, good) == "unauthorized"


def test_guesses_come_back_with_time_and_take_bounded_memory() -> None:
    now = [0.0]
    guesses = Guesses(6, clock=lambda: now[0])
    assert [guesses.spend("a") for _ in range(6)] == [0] * 6
    assert guesses.spend("a") == 10
    now[0] = 10.0
    assert (guesses.wait("a"), guesses.spend("a"), guesses.spend("a")) == (0, 0, 10)
    for number in range(50_000):
        guesses.spend(str(number))
    assert len(guesses) == 10_000


@pytest.mark.parametrize(
    ("source", "whose"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        (None, "nowhere"),
    ],
)
def test_an_address_of_a_network_is_all_of_it(source: str | None, whose: str) -> None:
    assert neighbourhood(source) == whose


async def test_the_diary_is_of_the_credentials_kind(pool: asyncpg.Pool) -> None:
    assert await Credentials(pool).find("0" * 12, a_token()) is None

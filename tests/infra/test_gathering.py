"""Whoever comes together shares a commit: each is answered after it, and pays for nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest

from infra.gathering import Bounds, Gathering


class Diary:
    """Commits when it may, and keeps what was committed together."""

    def __init__(self) -> None:
        self.commits: list[list[str]] = []
        self.tried = 0
        self.may = asyncio.Event()
        self.may.set()
        self.is_down = False

    async def commit(self, items: Sequence[str]) -> Sequence[str]:
        self.tried += 1
        await self.may.wait()
        if self.is_down:
            raise asyncpg.ConnectionDoesNotExistError("gone")
        if "poison" in items:
            raise asyncpg.DataError("no")
        self.commits.append(list(items))
        return [f"{item} is done" for item in items]


async def begun(gathering: Gathering[str, str], *items: str) -> list[asyncio.Task[str]]:
    tasks = [asyncio.create_task(gathering.add(item)) for item in items]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_who_comes_while_a_commit_is_under_way_shares_the_next_one() -> None:
    diary = Diary()
    diary.may.clear()
    gathering = Gathering(diary.commit)
    tasks = [
        *await begun(gathering, "a"),
        *await begun(gathering, "b", "c"),
        *await begun(gathering, "d"),
    ]
    assert not any(task.done() for task in tasks)
    diary.may.set()
    assert await asyncio.gather(*tasks) == [f"{item} is done" for item in "abcd"]
    assert diary.commits == [["a"], ["b", "c", "d"]]


async def test_who_is_ready_in_the_same_moment_shares_the_first() -> None:
    diary = Diary()
    gathering = Gathering(diary.commit)
    await asyncio.gather(*(gathering.add(item) for item in "abc"))
    assert diary.commits == [["a", "b", "c"]]


async def test_who_comes_after_all_is_done_is_done_too() -> None:
    diary = Diary()
    gathering = Gathering(diary.commit)
    for item in "abc":
        assert await gathering.add(item) == f"{item} is done"
    assert diary.commits == [["a"], ["b"], ["c"]]


async def test_so_many_at_once_and_so_much_together_and_no_more() -> None:
    diary = Diary()
    diary.may.clear()
    gathering = Gathering(diary.commit, Bounds(items=3, weight=10, at_once=2), len)
    tasks = await begun(gathering, "a", "b", "c", "d", "eeeeee", "ffffff", "g" * 50, "h")
    assert diary.tried == 2
    diary.may.set()
    await asyncio.gather(*tasks)
    assert sorted(diary.commits) == [
        ["a", "b", "c"],
        ["d", "eeeeee"],
        ["ffffff"],
        ["g" * 50],
        ["h"],
    ]


async def test_what_the_database_refuses_is_refused_alone() -> None:
    diary = Diary()
    gathering = Gathering(diary.commit)
    ended = await asyncio.gather(
        *(gathering.add(item) for item in ("a", "poison", "b")), return_exceptions=True
    )
    assert [ended[0], ended[2]] == ["a is done", "b is done"]
    assert isinstance(ended[1], asyncpg.DataError)
    assert diary.commits == [["a"], ["b"]]


async def test_an_outage_is_everybodys_and_tried_once() -> None:
    diary = Diary()
    diary.is_down = True
    gathering = Gathering(diary.commit)
    ended = await asyncio.gather(*(gathering.add(item) for item in "abc"), return_exceptions=True)
    assert {type(each) for each in ended} == {asyncpg.ConnectionDoesNotExistError}
    assert diary.tried == 1
    diary.is_down = False
    assert await gathering.add("d") == "d is done"


async def test_whoever_stops_waiting_stops_nobody_else() -> None:
    diary = Diary()
    diary.may.clear()
    gathering = Gathering(diary.commit)
    under_way = await begun(gathering, "a", "b")
    waiting = await begun(gathering, "c", "d")
    for left in (under_way[0], waiting[0]):
        left.cancel()
    await asyncio.wait([under_way[0], waiting[0]])
    diary.may.set()
    assert [await under_way[1], await waiting[1]] == ["b is done", "d is done"]
    assert diary.commits == [["a", "b"], ["d"]]


async def test_whoever_closes_waits_for_what_was_begun() -> None:
    diary = Diary()
    diary.may.clear()
    gathering = Gathering(diary.commit)
    (begun_before,) = await begun(gathering, "a")
    closing = asyncio.create_task(gathering.aclose())
    await asyncio.sleep(0)
    assert not closing.done()
    diary.may.set()
    await closing
    assert await begun_before == "a is done"


@pytest.mark.parametrize("error", [ValueError("odd"), asyncpg.DeadlockDetectedError("again")])
async def test_what_one_of_them_may_have_caused_is_tried_one_by_one(error: Exception) -> None:
    class Once(Diary):
        async def commit(self, items: Sequence[str]) -> Sequence[str]:
            if len(items) > 1:
                raise error
            return await super().commit(items)

    diary = Once()
    gathering = Gathering(diary.commit)
    assert len(await asyncio.gather(*(gathering.add(item) for item in "ab"))) == 2
    assert diary.commits == [["a"], ["b"]]

"""`make demo` itself, once, as a newcomer runs it."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
import time
from pathlib import Path

from rich.console import Console

from infra.local.demo.cashier import Cashier
from infra.local.demo.expecting import NotWith, expect
from infra.local.demo.play import Scene, tell
from infra.local.demo.screen import Screen
from infra.local.demo.stories import STORIES, Story, Told
from infra.local.psps.base import profile


async def demo(temporary: Path, *words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infra.local", "demo", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "TMPDIR": str(temporary)},
    )


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_the_demo_tells_ten_stories_proves_the_books_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    since = time.monotonic()
    process = await demo(tmp_path)
    output, _ = await process.communicate()
    printed = output.decode()
    assert process.returncode == 0, printed
    assert all(story.title in printed for story in STORIES)
    assert printed.count("/namespaces/default/workflows/") == len(STORIES)
    assert "✓ The ledger sums to zero" in printed
    assert "✗" not in printed
    assert left_in(tmp_path) == []
    assert time.monotonic() - since < 60


async def test_the_demo_is_played_with_a_lookalike_when_one_is_named(tmp_path: Path) -> None:
    psp = profile.names()[0]
    process = await demo(tmp_path, "--psp", psp)
    output, _ = await process.communicate()
    printed = output.decode()
    assert process.returncode == 0, printed
    assert f"Lookalike of {psp} is up" in printed
    played = printed.count("/namespaces/default/workflows/")
    assert played + printed.count(f"not with {psp}: ") // 2 == len(STORIES)
    assert "✗" not in printed
    assert left_in(tmp_path) == []


async def test_the_demo_interrupted_while_it_starts_ends_in_order(tmp_path: Path) -> None:
    process = await demo(tmp_path)
    assert process.stdout is not None
    assert b"Postgres is up" in await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    output, _ = await process.communicate()
    assert process.returncode == 130
    assert b"stopped" in output
    assert b"Traceback" not in output
    assert left_in(tmp_path) == []


async def test_a_story_that_ends_otherwise_is_a_red_line_that_says_both(at: Scene) -> None:
    async def otherwise(cashier: Cashier) -> Told:
        seen = await cashier.deposit("alva", "71.10 EUR")
        expect("the final state", seen["status"], "FAILED")
        return Told(seen["status"], "", "", "")

    written = io.StringIO()
    came_as_told = await tell([Story(1, "A deposit", otherwise)], at, Screen(Console(file=written)))
    assert not came_as_told
    assert "Story 1: the final state: expected FAILED, came CAPTURED" in written.getvalue()


async def test_a_story_that_the_psp_cannot_play_is_a_sentence_and_no_failure(at: Scene) -> None:
    async def absent(_: Cashier) -> Told:
        raise NotWith("it pays no players")

    written = io.StringIO()
    assert await tell([Story(1, "A payout", absent)], at, Screen(Console(file=written)))
    assert written.getvalue().count("not with sandbox: it pays no players") == 2
    assert "not as told" not in written.getvalue()


async def test_a_psp_that_cannot_be_started_is_one_sentence_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    process = await demo(tmp_path, "--psp", "acme")
    output, _ = await process.communicate()
    assert process.returncode == 1
    assert b"there is no PSP acme to start here; there are: sandbox, " in output
    assert b"Traceback" not in output
    assert left_in(tmp_path) == []

"""Our processes run on the quick loop, and their memory settles."""

from __future__ import annotations

import asyncio
import gc
import sys

import pytest

from infra.running import run, settle_memory


async def _loop() -> str:
    return type(asyncio.get_running_loop()).__module__


@pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop for it")
def test_a_process_of_ours_runs_on_the_quick_loop() -> None:
    assert run(_loop()) == "uvloop"


def test_what_is_there_at_the_start_is_not_collected_again_and_again() -> None:
    before = gc.get_threshold()
    try:
        settle_memory()
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold()[0] > before[0]
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)

"""The lines of the README do what they say when somebody pastes them."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

from infra.local.demo.play import Scene
from infra.local.stack.addresses import Stack
from tests.house.rooms import ROOT
from tests.journeys.drills import books_come_to_hold


async def test_the_lines_of_the_readme_move_money_as_pasted_and_no_more_when_pasted_again(
    stack: Stack, at: Scene, tmp_path: Path
) -> None:
    """Verbatim, in two shells; only `make` has its work done already, by the stack at hand."""
    (tmp_path / "var").symlink_to(stack.folder)
    stub = tmp_path / "bin" / "make"
    stub.parent.mkdir()
    stub.write_text("#!/bin/sh\n")
    stub.chmod(0o755)
    intent, authorized, refund, payout, wallet = await pasted("sh", tmp_path)
    assert intent["status"] == "INITIATED"
    assert authorized["status"] == "CAPTURED"
    assert refund["capture_id"] == authorized["capture_id"]
    assert payout["payout_id"]
    assert "EUR" in json.dumps(wallet)
    again = await pasted("bash", tmp_path)
    assert [again[0]["intent_id"], again[3]["payout_id"]] == [
        intent["intent_id"],
        payout["payout_id"],
    ]
    assert again[1]["capture_id"] == authorized["capture_id"]
    await books_come_to_hold(at)


async def pasted(shell: str, folder: Path) -> list[dict[str, Any]]:
    readme = (ROOT / "README.md").read_text()
    [block] = re.findall(r"## The API in five lines\n\n```sh\n(.*?)```", readme, re.DOTALL)
    process = await asyncio.create_subprocess_exec(
        *(shell, "-eu", "-c", block),
        cwd=folder,
        env={"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    written, _ = await process.communicate()
    lines = [line for line in written.decode().splitlines() if line]
    assert process.returncode == 0, lines
    return [json.loads(line) for line in lines]

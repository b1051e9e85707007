"""Whoever adds a PSP names it nowhere: the one suite finds it and certifies it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from activities.psp.catalog import found
from tests.house.rooms import ROOT

SUITE = "tests/activities/psp"
STRANGER = """
from activities.psp.catalog import discovery

class Stranger:
    name = "stranger"
    def connect(self): return LIKE.connect()
    def certification(self): return LIKE.certification()

LIKE = discovery.plugin("{like}", discovery.places()["{like}"])
PLUGIN = Stranger()
"""


def certified(*packages: Path) -> Counter[str]:
    """How many tests the suite has for each plugin that it finds (and for other words)."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, packages))}
    asked = [sys.executable, "-m", "pytest", "--collect-only", "-q", SUITE]
    process = subprocess.run(asked, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert process.returncode == 0, process.stdout
    cases = re.findall(r"test_certif\w*\.py::\w+\[(.+)\]", process.stdout)
    return Counter(word for case in cases for word in case.split("-"))


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """A package that was installed beside us, with a plugin like one of ours."""
    (tmp_path / "stranger_psp.py").write_text(STRANGER.format(like=next(iter(found()))))
    info = tmp_path / "stranger_psp-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger-psp\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[paysaga.psp]\nstranger = stranger_psp:PLUGIN\n")
    return tmp_path


def test_every_plugin_that_is_found_is_certified(stranger: Path) -> None:
    counts = certified(stranger)
    assert all(counts[name] > 10 for name in found())
    assert counts["stranger"] == counts[next(iter(found()))]


def test_nobody_but_a_plugin_s_own_folder_and_the_sandbox_names_it() -> None:
    named = re.compile(r"plugins[./](\w+)")
    for room in ("workflows", "workers", "api", "infra"):
        for path in (ROOT / room).rglob("*.py"):
            assert not set(named.findall(path.read_text())) & set(found()), path

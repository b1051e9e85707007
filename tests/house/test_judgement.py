"""A plugin gets a certificate for what it kept to, and for nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.house.rooms import ROOT

SUITE = """
import pytest

@pytest.mark.parametrize("body", [b"[]", b"null"])
@pytest.mark.parametrize("plugin", ["acme", "other"])
def test_it_is_strict(plugin, body):
    assert plugin == "other" or body == b"null"

@pytest.mark.parametrize("plugin", ["acme", "other"])
def test_it_is_kind(plugin):
    pass
"""
NOBODYS = """
def test_the_ground_holds():
    assert False
"""
JUDGE = """
import json, pathlib, sys, pytest
from tests.activities.psp.certificate import Judgement

judgement = Judgement(["acme", "other"], [pathlib.Path(sys.argv[1])])
pytest.main(["-q", "-p", "no:cacheprovider", sys.argv[1]], plugins=[judgement])
judgement.table()
rules = {name: judgement.rules_of(name) for name in judgement.plugins}
print(json.dumps({"objection": judgement.objection, **rules}))
"""


def judged(folder: Path, suite: str, **settings: str) -> Any:
    """The rules of both plugins, and why the run says nothing, if so."""
    path = folder / "test_certified_here.py"
    path.write_text(suite)
    asked = [sys.executable, "-c", JUDGE, str(path)]
    environment = os.environ | settings
    process = subprocess.run(asked, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout.splitlines()[-1])


def test_a_failure_counts_whatever_stands_in_its_name(tmp_path: Path) -> None:
    verdict = judged(tmp_path, SUITE)
    assert verdict == {
        "objection": None,
        "acme": None,
        "other": {"it is strict": 2, "it is kind": 1},
    }


def test_a_failure_of_nobody_leaves_all_without_a_certificate(tmp_path: Path) -> None:
    assert "test_the_ground_holds" in judged(tmp_path, SUITE + NOBODYS)["objection"]


@pytest.mark.parametrize("options", ["-k other", "-k kind", "-x", "--collect-only"])
def test_a_part_of_the_suite_certifies_nothing(tmp_path: Path, options: str) -> None:
    verdict = judged(tmp_path, SUITE, PYTEST_ADDOPTS=options)
    assert "only a part of the suite ran" in verdict["objection"]


def test_a_file_without_a_test_is_a_part_too(tmp_path: Path) -> None:
    assert "only a part of the suite ran" in judged(tmp_path, "")["objection"]


def test_whom_nobody_tried_has_kept_to_nothing(tmp_path: Path) -> None:
    verdict = judged(tmp_path, SUITE, PYTEST_ADDOPTS="-k other")
    assert verdict["acme"] is None

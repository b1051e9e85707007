"""A new PSP's folder is finished but for what only its author can know."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from activities.psp.catalog import found
from activities.psp.discovery import NAME
from activities.psp.scaffold.__main__ import UNFINISHED, ScaffoldError, write
from api.http.fields import PspName
from tests.activities.psp.certificate import SUITE
from tests.house.rooms import ROOT

_FAILED = re.compile(r"^FAILED \S+::test_(\w+)\[", re.MULTILINE)


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """Written where other packages are installed, so that it is found like any plugin."""
    write("acme", tmp_path)
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[paysaga.psp]\nacme = acme:PLUGIN\n")
    return tmp_path


def run(*command: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    asked = [sys.executable, "-m", *command]
    return subprocess.run(asked, capture_output=True, text=True, cwd=ROOT, env=environment)


def test_it_fails_certification_only_where_it_is_unfinished(acme: Path) -> None:
    suite = [f"tests/activities/psp/{name}" for name in SUITE]
    process = run("pytest", "-q", "-k", "acme", "--tb=no", *suite, path=acme)
    failed = {rule.replace("_", " ") for rule in _FAILED.findall(process.stdout)}
    assert failed == set(UNFINISHED), process.stdout
    assert re.search(r"[1-9][0-9] passed", process.stdout)


def test_it_is_formatted_and_without_fault(acme: Path) -> None:
    for check in (("check",), ("format", "--check")):
        process = run("ruff", *check, "--config", str(ROOT / "pyproject.toml"), str(acme / "acme"))
        assert process.returncode == 0, process.stdout
    typed = run("mypy", "--config-file", str(ROOT / "pyproject.toml"), str(acme / "acme"))
    assert typed.returncode == 0, typed.stdout + typed.stderr


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    write("acme", tmp_path)
    with pytest.raises(ScaffoldError, match="is there already"):
        write("acme", tmp_path)
    taken = next(iter(found()))
    process = run("activities.psp.scaffold", taken)
    assert (process.returncode, "is there already" in process.stderr) == (1, True)


@pytest.mark.parametrize("name", ["a", "acme_2", "a" * 32])
def test_every_name_of_the_rule_can_be_one(tmp_path: Path, name: str) -> None:
    assert write(name, tmp_path)


def test_the_page_and_the_api_have_the_same_rule_of_names() -> None:
    page = " ".join((ROOT / "docs/adding-a-psp.md").read_text().split())
    assert f"It matches `{NAME.pattern}`" in page
    assert TypeAdapter(PspName).json_schema()["pattern"] == f"^{NAME.pattern}$"


@pytest.mark.parametrize("name", ["", "Acme", "9pay", "a-b", "../x", "a" * 40])
def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScaffoldError, match="lower-case letters"):
        write(name, tmp_path)
    assert list(tmp_path.iterdir()) == []

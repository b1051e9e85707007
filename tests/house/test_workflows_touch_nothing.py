"""A process decides and touches nothing: it says the same on every replay."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest
from temporalio.common import SearchAttributeKey

from tests.house.rooms import ROOT, files, shown
from workflows import visibility
from workflows.visibility import SEARCH_ATTRIBUTES

NEVER_SAID = ("unsafe", "datetime.now", "random.", "os.environ", "import time\n", "uuid4")
NEVER_SEEN = ("sqlmodel", "sqlalchemy", "asyncpg", "httpx", "fastapi", "infra", "activities")
BAD = {
    "from datetime import datetime\nmoment = datetime.now(None)\n": "datetime.datetime.now",
    "import datetime\nmoment = datetime.datetime.utcnow()\n": "datetime.datetime.utcnow",
    "import time\n": "time",
    "from time import monotonic\n": "time",
    "import random\n": "random",
    "import secrets\n": "secrets",
    "from uuid import uuid4\n": "uuid.uuid4",
    "import os\nhome = os.environ\n": "os.environ",
    "import os\nhome = os.getenv('HOME')\n": "os.getenv",
}


def ruff(code: str, at: str) -> str:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--select",
        "TID251",
        "--output-format",
        "concise",
    ]
    asked = [*command, "--stdin-filename", at, "-"]
    return subprocess.run(asked, input=code, capture_output=True, text=True, cwd=ROOT).stdout


@pytest.mark.parametrize("code", BAD)
def test_clocks_dice_and_environment_are_refused_in_workflows_alone(code: str) -> None:
    for at in ("workflows/bad.py", "workflows/domain/bad.py"):
        assert f"`{BAD[code]}` is banned" in ruff(code, at)
    assert "banned" not in ruff(code, "activities/good.py")


def test_what_the_rules_of_the_whole_house_forbid_is_forbidden_in_workflows() -> None:
    asked = [sys.executable, "-m", "ruff", "check", "--stdin-filename", "workflows/bad.py", "-"]
    output = subprocess.run(
        asked, input="print('x')\n", capture_output=True, text=True, cwd=ROOT
    ).stdout
    assert "T201" in output


@pytest.mark.parametrize("word", NEVER_SAID)
def test_no_process_says(word: str) -> None:
    assert [shown(path) for path in files("workflows") if word in path.read_text()] == []


def test_no_library_that_touches_the_world_is_in_sight_of_a_process() -> None:
    modules = [shown(path)[:-3].replace("/", ".") for path in files("workflows")]
    code = f"import sys, importlib\nfor m in {modules}: importlib.import_module(m)\n"
    code += "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    seen = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout.split()
    assert "workflows" in seen
    assert sorted(set(NEVER_SEEN) & set(seen)) == []


def test_the_contract_of_the_processes_knows_every_file() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (processes,) = (c for c in contracts["contracts"] if c["id"] == "processes")
    named = {word for layer in processes["layers"] for word in layer.replace("|", ":").split(":")}
    there = {path.stem for path in (ROOT / "workflows").glob("*.py")} - {"__init__"}
    assert processes["exhaustive"] is True
    assert {word.strip() for word in named} == there | {"domain", "steps"}


def test_the_columns_that_a_namespace_has_are_those_that_the_processes_fill() -> None:
    filled = [key for key in vars(visibility).values() if isinstance(key, SearchAttributeKey)]
    assert len(filled) >= 6
    there = {(key.name, key.indexed_value_type) for key in SEARCH_ATTRIBUTES}
    assert there == {(key.name, key.indexed_value_type) for key in filled}

"""Every rule of the certification refuses a plugin that breaks it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from activities.psp.scaffold.__main__ import UNFINISHED, write
from tests.activities.psp.certificate import SUITE
from tests.house.rooms import ROOT

_FAILED = re.compile(r"^FAILED \S+::test_(\w+)\[(?:.+-)?mutant_([a-z]+)(?:-.+)?\]", re.MULTILINE)
_KEY = '{"Idempotency-Key": instruction.key}'

MUTANTS = {
    "asked": (
        "an approval is of the amount that the psp tells",
        "adapter.py",
        "        return _reply(answer.read(OperationMessage), instruction)",
        "        operation = answer.read(OperationMessage)\n"
        "        operation = operation.model_copy(update={'amount': amount.minor_units})\n"
        "        return _reply(operation, instruction)",
    ),
    "currency": (
        "an answer in another currency is not believed",
        "adapter.py",
        '        _same("currency", operation.currency, question.amount.currency)\n',
        "        pass\n",
    ),
    "looking": (
        "a lookup finds what was done",
        "adapter.py",
        "    if question.amount is not None:\n",
        "    if not isinstance(question, Lookup):\n",
    ),
    "busy": (
        "a psp that is too busy has decided nothing",
        "adapter.py",
        "if answer.status in (400, 404, 422):",
        "if answer.status in (400, 404, 422, 429):",
    ),
    "random": (
        "every write is done once under the key of its instruction",
        "adapter.py",
        _KEY,
        '{"Idempotency-Key": instruction.trace_id}',
    ),
    "keyless": (
        "every write is done once under the key of its instruction",
        "adapter.py",
        f" | {_KEY}",
        "",
    ),
    "nameless": (
        "what is begun carries our reference",
        "adapter.py",
        '"reference": instruction.key,',
        '"reference": instruction.payment_id,',
    ),
    "cents": (
        "currencies are written in the units of the psp",
        "adapter.py",
        '"amount": amount.minor_units,',
        '"amount": amount.minor_units * (100 if amount.currency == "ISK" else 1),',
    ),
    "text": (
        "currencies are written in the units of the psp",
        "adapter.py",
        '"amount": amount.minor_units,',
        '"amount": str(amount.minor_units),',
    ),
}
"""What its author got wrong: the rule that it breaks, the file, what stood there, what stands."""


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """By mutant of the scaffold, the rules that it does not keep."""
    place = tmp_path_factory.mktemp("mutants")
    points = "[paysaga.psp]\n"
    for name, (_, file, stood, stands) in MUTANTS.items():
        write(f"mutant_{name}", place)
        path = place / f"mutant_{name}" / file
        assert path.read_text().count(stood) == 1, name
        path.write_text(path.read_text().replace(stood, stands))
        points += f"mutant_{name} = mutant_{name}:PLUGIN\n"
    busy = place / "mutant_busy/adapter.py"
    busy.write_text(busy.read_text().replace("NOTHING_DONE = (401, 403, 429)", "NOTHING_DONE = ()"))
    info = place / "mutants-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mutants\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)
    suite = [f"tests/activities/psp/{name}" for name in SUITE[:2]]
    asked = [sys.executable, "-m", "pytest", "-q", "-k", "mutant", "--tb=no", *suite]
    environment = os.environ | {"PYTHONPATH": str(place)}
    said = subprocess.run(asked, capture_output=True, text=True, cwd=ROOT, env=environment)
    told: dict[str, set[str]] = {name: set() for name in MUTANTS}
    for rule, name in _FAILED.findall(said.stdout):
        told[name].add(rule.replace("_", " "))
    return told


@pytest.mark.parametrize("name", MUTANTS)
def test_what_breaks_a_rule_is_not_certified(failed: dict[str, set[str]], name: str) -> None:
    assert MUTANTS[name][0] in failed[name] - set(UNFINISHED), failed[name]

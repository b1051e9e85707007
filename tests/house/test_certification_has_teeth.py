"""Every rule of the certification refuses a plugin that breaks it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from activities.psp.catalog import found
from activities.psp.certification import Certification
from activities.psp.contract import Adapter, Delivery, WebhookRequest
from activities.psp.scaffold.__main__ import UNFINISHED, write
from tests.activities.psp.certificate import SUITE
from tests.activities.psp.certifying import certification_of
from tests.activities.psp.test_certified_webhooks import (
    test_what_the_signature_does_not_cover_decides_nothing as judged,
)
from tests.house.rooms import ROOT
from workflows.domain.events import PspEvent
from workflows.domain.psp import Declined

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
    "table": (
        "what its method table does not know is refused before anything is sent",
        "adapter.py",
        "        return METHODS\n",
        "        knows_all = {'get': lambda self, name, default=None: METHODS['card']}\n"
        "        return type('Table', (dict,), knows_all)(METHODS)\n",
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
    process = subprocess.run(asked, capture_output=True, text=True, cwd=ROOT, env=environment)
    broken: dict[str, set[str]] = {name: set() for name in MUTANTS}
    for rule, name in _FAILED.findall(process.stdout):
        broken[name].add(rule.replace("_", " "))
    return broken


@pytest.mark.parametrize("name", MUTANTS)
def test_what_breaks_a_rule_is_not_certified(failed: dict[str, set[str]], name: str) -> None:
    assert MUTANTS[name][0] in failed[name] - set(UNFINISHED), failed[name]


@dataclass
class Careless:
    """A plugin that makes something of what its PSP does not sign."""

    name: str
    make: Callable[[PspEvent], PspEvent]

    def connect(self) -> Adapter:
        return found()[self.name].connect()

    def certification(self) -> Certification:
        sound = certification_of(found()[self.name])
        connect, make = sound.connect, self.make

        def carelessly(base_url: str) -> Adapter:
            adapter: Any = connect(base_url)
            hear = adapter.hear

            async def heard(request: WebhookRequest) -> Delivery:
                delivery: Delivery = await hear(request)
                return replace(delivery, events=[make(event) for event in delivery.events])

            adapter.hear = heard
            return cast(Adapter, adapter)

        sound.connect = carelessly  # type: ignore[method-assign]
        return sound


def _soft_by_its_word(event: PspEvent) -> PspEvent:
    reply = event.reply
    soft = isinstance(reply, Declined) and reply.reason == "insufficient_funds"
    return replace(event, reply=replace(reply, soft=True)) if soft else event  # type: ignore[arg-type]


CARELESS = {
    "a date names it": ("adyen", lambda e: replace(e, event_id=e.event_id + e.occurred_at)),
    "a reason lets the next PSP be asked": ("adyen", _soft_by_its_word),
    "a checksum is believed": ("paypal", lambda e: replace(e, hearsay=False)),
}


@pytest.mark.parametrize("wrong", CARELESS)
async def test_what_makes_something_of_the_unsigned_is_not_certified(wrong: str) -> None:
    with pytest.raises(AssertionError):
        await judged(Careless(*CARELESS[wrong]))

"""`make certify`: judge every plugin that is found, and write and print its certificate."""

from __future__ import annotations

import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from activities.psp.certificates import FILE, Certificate, digest_of, place_of, source_of
from activities.psp.contract import Plugin
from tests.house.rooms import ROOT

HERE = Path(__file__).parent
SUITE = ("test_certification.py", "test_certified_examples.py", "test_certified_webhooks.py")
PAGE = ROOT / "docs" / "certificates.md"

_RULE = re.compile(r"::test_(\w+)\[([^\]]+)\]$")
_HEAD = """# Certificates

What each plugin was found to keep to by the certification suite (`make certify`, which writes this
page and a `certificate.json` beside the plugin's code; [how a plugin is judged](adding-a-psp.md)).
The number says how often a rule was tried; of what a PSP cannot do its plugin is not judged (—).
In production a PSP is connected only with the certificate of exactly the code that is there.
"""


class Judgement:
    """Listens to the suite: a rule holds for a plugin when it held every time it was tried."""

    def __init__(self, plugins: Iterable[str]) -> None:
        self.plugins = list(plugins)
        self.held: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found = _RULE.search(report.nodeid)
        if found is None or (report.when != "call" and report.passed):
            return
        rule, parameters = found.group(1).replace("_", " "), found.group(2).split("-")
        for plugin in self.plugins:
            if plugin in parameters:
                self.held[rule][plugin].append(report.passed)

    def rules_of(self, plugin: str) -> Mapping[str, int] | None:
        """How often each rule was tried; None when one did not hold, or nothing was tried."""
        tried = {rule: tries[plugin] for rule, tries in self.held.items() if plugin in tries}
        passed = tried and all(all(tries) for tries in tried.values())
        return {rule: len(tries) for rule, tries in tried.items()} if passed else None

    def table(self) -> Table:
        table = Table(title="Certificates")
        table.add_column("Rule")
        for plugin in self.plugins:
            table.add_column(plugin, justify="right")
        for rule, by_plugin in self.held.items():
            table.add_row(rule, *(_told(by_plugin[plugin]) for plugin in self.plugins))
        return table


def _told(tries: list[bool]) -> str:
    """Of what it cannot do a plugin is not judged."""
    if not tries:
        return "—"
    return f"✓ {len(tries)}" if all(tries) else f"✗ {tries.count(False)} of {len(tries)}"


def suite_digest() -> str:
    return digest_of(*(HERE / name for name in (*SUITE, "certifying.py", "orders.py", "peer.py")))


def page_of(certificates: Iterable[Certificate]) -> str:
    """The table of the docs, made of the certificates alone."""
    listed = sorted(certificates, key=lambda certificate: certificate.plugin)
    rules = list(dict.fromkeys(rule for each in listed for rule in each.rules))
    lines = [
        "| Rule | " + " | ".join(each.plugin for each in listed) + " |",
        "|---|" + "---:|" * len(listed),
    ]
    for rule in rules:
        tries = (f"✓ {each.rules[rule]}" if rule in each.rules else "—" for each in listed)
        lines.append(f"| {rule} | " + " | ".join(tries) + " |")
    lines.append("| *certified on* | " + " | ".join(each.issued for each in listed) + " |")
    return _HEAD + "\n" + "\n".join(lines) + "\n"


def certify(judgement: Judgement, plugins: Mapping[str, Plugin]) -> list[Certificate]:
    """Write the certificates of those that passed, and take away those of the others."""
    issued = []
    for name, plugin in plugins.items():
        path, rules = place_of(plugin).with_name(FILE), judgement.rules_of(name)
        if rules is None:
            path.unlink(missing_ok=True)
            continue
        certificate = Certificate(
            plugin=name,
            source=source_of(plugin),
            suite=suite_digest(),
            issued=datetime.now(UTC).date().isoformat(),
            rules=rules,
        )
        path.write_text(certificate.model_dump_json(indent=2) + "\n")
        issued.append(certificate)
    return issued


def main() -> int:
    from activities.psp.catalog import found

    plugins = found()
    judgement = Judgement(sorted(plugins))
    suite = [str(HERE / name) for name in SUITE]
    code = pytest.main(["-q", "--no-header", "--tb=short", *suite], plugins=[judgement])
    Console(width=120).print(judgement.table())
    certificates = certify(judgement, plugins)
    ours = {name for name, plugin in plugins.items() if ROOT in place_of(plugin).parents}
    PAGE.write_text(page_of(each for each in certificates if each.plugin in ours))
    return int(code)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(code)

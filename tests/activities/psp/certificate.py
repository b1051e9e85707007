"""`make certify`: judge every plugin that is found, and write and print its certificate."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from activities.psp.certificates import FILE, Certificate
from activities.psp.contract import Plugin
from activities.psp.digests import digest_of, ground_digest, place_of, source_of
from tests.house.rooms import ROOT

HERE = Path(__file__).parent
SUITE = (
    "test_certification.py",
    "test_certified_requests.py",
    "test_certified_examples.py",
    "test_certified_webhooks.py",
)
PAGE = ROOT / "docs" / "certificates.md"

_RULE = re.compile(r"::test_(\w+)\[(.+)\]$")
_HEAD = """# Certificates

What each plugin was found to keep to by the certification suite (`make certify`, which writes this
page and a `certificate.json` beside the plugin's code; [how a plugin is judged](adding-a-psp.md)).
The number says how often a rule was tried; of what a PSP cannot do its plugin is not judged (—).
In production a PSP is connected only with the certificate of exactly the code that is there: the
plugin's own, and what every plugin stands on (the wire, the calls, signatures and schemes).
"""


class Judgement:
    """Listens to the suite: a rule holds for a plugin when it held every time it was tried."""

    def __init__(self, plugins: Iterable[str], suite: Iterable[Path]) -> None:
        self.plugins = list(plugins)
        self.held: dict[str, dict[str, list[bool]]] = {}
        self.nobodys: list[str] = []
        """What failed and says of no plugin that it was that one."""
        self._suite, self._deselected = set(suite), 0
        self._awaited: set[str] = set()

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self._deselected += len(items)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.nobodys.append(report.nodeid)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._awaited = {item.nodeid for item in session.items}
        self._suite -= {item.path for item in session.items}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            self._awaited.discard(report.nodeid)
        if report.when != "call" and report.passed:
            return
        found = _RULE.search(report.nodeid)
        rule, parameters = found.groups() if found else (report.nodeid, "")
        judged = set(parameters.split("-")).intersection(self.plugins)
        if not judged and report.failed:
            self.nobodys.append(report.nodeid)
        for plugin in judged:
            tries = self.held.setdefault(rule.replace("_", " "), {})
            tries.setdefault(plugin, []).append(report.passed)

    @property
    def objection(self) -> str | None:
        """Why this run says nothing certain of any plugin; None when it does."""
        if self._deselected or self._suite or self._awaited:
            return "only a part of the suite ran (see PYTEST_ADDOPTS)"
        if self.nobodys:
            return f"nobody knows which plugin failed in {', '.join(self.nobodys)}"
        return None

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
            table.add_row(rule, *(_told(by_plugin.get(plugin, [])) for plugin in self.plugins))
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
            ground=ground_digest(),
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
    suite = [HERE / name for name in SUITE]
    judgement = Judgement(sorted(plugins), suite)
    arguments = ["-q", "--no-header", "--tb=short", *map(str, suite)]
    code = int(pytest.main(arguments, plugins=[judgement]))
    Console(width=120).print(judgement.table())
    if judgement.objection:
        print(f"No certificate is written or taken away: {judgement.objection}.")  # noqa: T201
        return code or 1
    certificates = certify(judgement, plugins)
    ours = {name for name, plugin in plugins.items() if ROOT in place_of(plugin).parents}
    PAGE.write_text(page_of(each for each in certificates if each.plugin in ours))
    return code


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(code)

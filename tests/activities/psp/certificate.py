"""`make certify`: judge every plugin that is found, and print its certificate."""

from __future__ import annotations

import os
import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
SUITE = ("test_certification.py", "test_certified_examples.py", "test_certified_webhooks.py")

_RULE = re.compile(r"::test_(\w+)\[([^\]]+)\]$")


class Certificate:
    """Listens to the suite: a rule holds for a plugin when it held every time it was tried."""

    def __init__(self, plugins: list[str]) -> None:
        self._plugins = plugins
        self._held: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found = _RULE.search(report.nodeid)
        if found is None or (report.when != "call" and report.passed):
            return
        rule, parameters = found.group(1).replace("_", " "), found.group(2).split("-")
        for plugin in self._plugins:
            if plugin in parameters:
                self._held[rule][plugin].append(report.passed)

    def table(self) -> Table:
        table = Table(title="Certificates")
        table.add_column("Rule")
        for plugin in self._plugins:
            table.add_column(plugin, justify="right")
        for rule, by_plugin in self._held.items():
            table.add_row(rule, *(_told(by_plugin[plugin]) for plugin in self._plugins))
        return table


def _told(tries: list[bool]) -> str:
    """Of what it cannot do a plugin is not judged."""
    if not tries:
        return "—"
    return f"✓ {len(tries)}" if all(tries) else f"✗ {tries.count(False)} of {len(tries)}"


def main() -> int:
    from activities.psp.catalog import found

    certificate = Certificate(sorted(found()))
    suite = [str(HERE / name) for name in SUITE]
    code = pytest.main(["-q", "--no-header", "--tb=short", *suite], plugins=[certificate])
    Console(width=100).print(certificate.table())
    return int(code)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(code)

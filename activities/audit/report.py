"""What an audit found: per check what was compared, and what does not hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

NAMED_AT_MOST = 5
"""Violations that are named; all are counted."""


@dataclass(frozen=True)
class Finding:
    """One check of one invariant (`I1` … `I12`)."""

    invariant: str
    name: str
    compared: str
    """What was looked at, in counts and in sums per currency; and what is under way."""
    violations: list[str] = field(default_factory=list)
    """The first ones, each naming its row; never a card number."""
    count: int = 0
    """Of all violations."""
    checked: bool = True
    """False when there was nothing to compare with, such as no book of the PSP's own."""

    @property
    def holds(self) -> bool:
        return self.count == 0


def finding(invariant: str, name: str, compared: str, violations: Iterable[str]) -> Finding:
    found = list(violations)
    return Finding(invariant, name, compared, found[:NAMED_AT_MOST], len(found))


def unchecked(invariant: str, name: str, why: str) -> Finding:
    return Finding(invariant, name, why, checked=False)


@dataclass(frozen=True)
class Report:
    findings: list[Finding]

    @property
    def holds(self) -> bool:
        return all(finding.holds for finding in self.findings)

    @property
    def broken(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.holds]

    def lines(self) -> list[str]:
        """A table for a terminal; the violations stand below their check."""
        width = max((len(finding.name) for finding in self.findings), default=0)
        lines = []
        for each in self.findings:
            verdict = "ok" if each.holds else f"VIOLATED {each.count}x"
            verdict = verdict if each.checked else "not checked"
            lines.append(f"{each.invariant:<4} {each.name:<{width}}  {verdict:<14} {each.compared}")
            lines += [f"     - {violation}" for violation in each.violations]
            if each.count > len(each.violations):
                lines.append(f"     … and {each.count - len(each.violations)} more")
        return lines

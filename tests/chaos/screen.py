"""What the person at the keyboard sees: the blows, the books, and what to do about a violation."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.chaos.drill import Blow
from tests.chaos.platform import Diary
from tests.chaos.verdict import Verdict

_WIDE = 150
_NAMED_AT_MOST = 20


def show(
    console: Console, blows: Sequence[Blow], verdict: Verdict, diary: Diary, replay: str
) -> None:
    if not console.is_terminal:
        console.width = _WIDE
    console.print(_blows(blows))
    retries = ", ".join(f"{count} {why}" for why, count in diary.retries.most_common())
    console.print(
        f"\n{verdict.payments} payments; {diary.retries.total()} questions were repeated under "
        f"their key ({retries or 'none'}); {verdict.heard}",
        soft_wrap=True,
    )
    given_up = ", ".join(f"{count} {why}" for why, count in diary.given_up.most_common())
    both = ", ".join(f"{len(those)} {what}" for what, those in verdict.both.items())
    console.print(
        f"{diary.given_up.total()} commands were given up ({given_up or 'none'}); {both}",
        soft_wrap=True,
    )
    console.print("\nThe books", style="bold")
    for line in verdict.report.lines():
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for proof in verdict.proofs:
        mark, style = ("ok", "green") if proof.holds else ("no", "yellow")
        console.print(Text.assemble((f"{mark}  {proof.claim}: ", style), proof.numbers))
    _cases(console, verdict)
    _violations(console, verdict, replay)


def _blows(blows: Sequence[Blow]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("", "Fault", "Lasted", "Payments under way", "Asked again", "Recovered after"):
        table.add_column(name, justify="left" if name == "Fault" else "right", no_wrap=True)
    for number, blow in enumerate(blows, 1):
        lasted = f"{blow.fault.seconds:.1f} s" if blow.fault.seconds else "a moment"
        recovered = blow.recovered_seconds
        table.add_row(
            str(number),
            blow.fault.name,
            lasted,
            str(blow.under_way),
            str(blow.repeated),
            Text("never", "bold red") if recovered is None else f"{recovered:.1f} s",
        )
    return table


def _cases(console: Console, verdict: Verdict) -> None:
    if verdict.cases:
        console.print(f"\n{len(verdict.cases)} cases for a person", style="bold")
    for case in verdict.cases[:_NAMED_AT_MOST]:
        console.print(case, markup=False, highlight=False, soft_wrap=True)


def _violations(console: Console, verdict: Verdict, replay: str) -> None:
    found = verdict.violations
    console.print(f"\nViolations: {len(found)}", style="bold red" if found else "bold green")
    for violation in found[:_NAMED_AT_MOST]:
        console.print(violation, style="red", markup=False, soft_wrap=True)
    if found:
        console.print(f"\nAgain: {replay}", markup=False, soft_wrap=True)

"""What the person at the keyboard sees: the stories as they are played, then table and proof."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from infra.local.demo.books import Proof
from infra.local.demo.stories import Story, Told

_WIDE = 200
"""From here on the links fit into the table."""


@dataclass
class Outcome:
    """What became of a story: told as expected, or the deviation, or why it is not played."""

    story: Story
    played: Told | None
    deviation: str = ""
    absent: str = ""

    @property
    def ending(self) -> str:
        """In one line."""
        if self.played is not None:
            return self.played.state
        return self.absent or f"FAILED: {self.deviation}"


class Screen:
    def __init__(self, console: Console) -> None:
        if not console.is_terminal:
            # A file or a pipe has no width; what is read there is searched by line.
            console.width = _WIDE
        self._console = console
        self._since = time.monotonic()
        self._outcomes: dict[int, Outcome] = {}
        self._playing: tuple[Story, str] | None = None
        self._live: Live | None = None

    def say(self, text: str) -> None:
        line = f"{time.monotonic() - self._since:5.1f} s  {text}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def playing(self, stories: Sequence[Story]) -> Iterator[None]:
        """Live on a terminal, line by line elsewhere."""

        def progress() -> Table:
            return self._progress(stories)

        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, get_renderable=progress, transient=True) as self._live:
            yield
        self._live = None

    def begin(self, story: Story) -> None:
        self._playing = (story, "")

    def watch(self, status: str) -> None:
        if self._playing is not None:
            self._playing = (self._playing[0], status)

    def end(self, outcome: Outcome) -> None:
        self._outcomes[outcome.story.number] = outcome
        self._playing = None
        if self._live is None:
            self.say(f"{outcome.story.number:2}  {outcome.story.title}: {outcome.ending}")

    def table(self, ui_url: str) -> None:
        """Story, final state, wallet, link; links below it where a line is too short."""
        wide = self._console.width >= _WIDE
        links = [_link(ui_url, outcome) for outcome in self._outcomes.values()]
        self._console.print()
        table = _columns("Run in the Web UI") if wide else _columns()
        for outcome, link in zip(self._outcomes.values(), links, strict=True):
            table.add_row(*_row(outcome), *([link] if wide else []))
        self._console.print(table)
        if not wide:
            self._console.print()
            for outcome, link in zip(self._outcomes.values(), links, strict=True):
                if link:
                    number = f"{outcome.story.number:2}  "
                    self._console.print(number + link, soft_wrap=True, highlight=False)
        for outcome in self._outcomes.values():
            if outcome.deviation:
                line = f"Story {outcome.story.number}: {outcome.deviation}"
                self._console.print(Text(line, style="bold red"), soft_wrap=True)

    def proofs(self, proofs: Sequence[Proof]) -> None:
        self._console.print("\nThe books", style="bold")
        for proof in proofs:
            mark, style = ("✓", "green") if proof.holds else ("✗", "bold red")
            line = Text.assemble((f"{mark} {proof.claim}: ", style), proof.numbers)
            self._console.print(line, soft_wrap=True)

    def farewell(self, psp: str) -> None:
        """`psp` is empty for the one that needs no mention."""
        self._console.print(
            "\nThe links last as long as the stack, which stops now. To look around:"
        )
        named = f"PSP={psp} " if psp else ""
        self._console.print(f"  make demo {named}KEEP=1", highlight=False)

    def _progress(self, stories: Sequence[Story]) -> Table:
        table = _columns()
        for story in stories:
            outcome = self._outcomes.get(story.number)
            if outcome is not None:
                table.add_row(*_row(outcome))
            elif self._playing is not None and self._playing[0] is story:
                now = Spinner("dots", text=Text(self._playing[1] or "begins"))
                table.add_row(str(story.number), story.title, now, "")
            else:
                table.add_row(str(story.number), story.title, "", "", style="dim")
        return table


def _columns(*more: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("Story")
    table.add_column("Final state", no_wrap=True, min_width=16)
    table.add_column("Wallet", no_wrap=True, min_width=25)
    for name in more:
        table.add_column(name, no_wrap=True)
    return table


def _row(outcome: Outcome) -> tuple[str, str, Text, str]:
    number, title = str(outcome.story.number), outcome.story.title
    if outcome.absent:
        return number, title, Text("—", style="dim"), outcome.absent
    if outcome.played is None:
        return number, title, Text("not as told", style="bold red"), ""
    played = outcome.played
    return number, title, Text(played.state, style="green"), f"{played.before} → {played.after}"


def _link(ui_url: str, outcome: Outcome) -> str:
    if outcome.played is None:
        return ""
    return f"{ui_url}/namespaces/default/workflows/{outcome.played.run}"

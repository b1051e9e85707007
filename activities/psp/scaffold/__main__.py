"""Write the folder of a new PSP, and say what is left to do there."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from string import Template

from activities.psp import plugins
from activities.psp.discovery import NAME

FILES = Path(__file__).with_name("files")

UNFINISHED = (
    "a decline is certain and keeps its code",
    "examples cover every operation in every kind of currency",
    "every webhook is heard as declared",
    "an event and the answer about the same thing carry the same id of the psp",
    "a webhook rightly signed is heard",
    "a forged webhook is refused",
    "an altered webhook is refused",
    "a webhook without one of its headers is refused",
    "a stale webhook and one from the future are refused",
    "clocks may disagree by minutes",
    "what nobody signed is refused whatever it is",
    "what the signature does not cover decides nothing",
)
"""Rules of the certification that a new folder does not keep yet: they wait for its decline table,
its examples and its webhooks. It keeps all the others."""


class ScaffoldError(Exception):
    """Nothing was written; the message says why."""


def write(name: str, folder: Path) -> list[Path]:
    """The plugin `name` in `folder/name`. Raises ScaffoldError."""
    if not NAME.fullmatch(name):
        raise ScaffoldError(
            "NAME must be 1 to 32 lower-case letters, digits and _, such as acme or acme_pay"
        )
    place = folder / name
    if place.exists():
        raise ScaffoldError(f"{place} is there already")
    words = {"name": name, "Name": "".join(part.capitalize() for part in name.split("_"))}
    words["NAME"] = name.upper()
    (place / "examples").mkdir(parents=True)
    written = []
    for source in sorted(FILES.rglob("*.txt")):
        target = place / source.relative_to(FILES).with_suffix("")
        target.parent.mkdir(exist_ok=True)
        target.write_text(Template(source.read_text()).substitute(words))
        written.append(target)
    return written


def main() -> int:
    """The exit code: 1 and a sentence when nothing was written."""
    parser = argparse.ArgumentParser(prog="make new-psp NAME=…")
    parser.add_argument("name")
    parser.add_argument("--into", type=Path, default=Path(plugins.__path__[0]))
    asked = parser.parse_args()
    try:
        written = write(asked.name, asked.into)
    except ScaffoldError as refused:
        print(refused, file=sys.stderr)  # noqa: T201
        return 1
    for path in written:
        print(path)  # noqa: T201
    left = "\n".join(f"  - {rule}" for rule in UNFINISHED)
    print(f"\nIt fails `make certify` only in:\n{left}\n\nGo on with docs/adding-a-psp.md.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Digests of a plugin's own code, and of what every plugin stands on."""

from __future__ import annotations

import hashlib
import inspect
from pathlib import Path

from activities.psp.contract import Plugin
from workflows.domain import money as domain_money
from workflows.domain import psp as domain_psp

GROUND = (
    "accounts.py",
    "calls.py",
    "contract.py",
    "oauth.py",
    "schemes.py",
    "schemes.toml",
    "signatures.py",
    "wire.py",
)
"""What every plugin stands on: a rule may have held by the grace of these."""
WORDS = (domain_psp, domain_money)
"""And whose words it speaks."""
JUDGED_BY = "certification"
"""The folder of what a plugin is judged by: who writes another example un-certifies nothing."""


def place_of(plugin: Plugin) -> Path:
    """Where its code begins: the file of its class."""
    return Path(inspect.getfile(type(plugin)))


def digest_of(*files: Path) -> str:
    """Of names and contents, in whatever order they are given."""
    made = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.as_posix()):
        content = path.read_bytes()
        made.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return made.hexdigest()


def source_of(plugin: Plugin) -> str:
    """Of its own code: the whole package without what it is judged by, or a module that stands
    alone."""
    place = place_of(plugin)
    if place.name != "__init__.py":
        return digest_of(place)
    package = place.parent
    return digest_of(
        *(path for path in package.rglob("*.py") if path.relative_to(package).parts[0] != JUDGED_BY)
    )


def ground_digest() -> str:
    """SHA-256 of GROUND and WORDS as they are here: the same for every plugin."""
    words = (Path(inspect.getfile(module)) for module in WORDS)
    return digest_of(*(Path(__file__).with_name(name) for name in GROUND), *words)

"""A plugin's certificate: which code passed which rules of the certification suite, and when.

`make certify` writes `certificate.json` beside the plugin's code. In production a PSP is not
connected without the certificate of exactly the code that is there.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from activities.psp.contract import Plugin

FILE = "certificate.json"


class Certificate(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    plugin: str
    source: str
    """SHA-256 of the plugin's code."""
    suite: str
    """SHA-256 of the suite that judged it."""
    issued: str
    """A day in UTC."""
    rules: Mapping[str, int]
    """Every rule that held, with how often it was tried."""


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
    """Of the whole package, or of a module that stands alone."""
    place = place_of(plugin)
    package = place.name == "__init__.py"
    return digest_of(*(place.parent.rglob("*.py") if package else [place]))


def certificate_of(plugin: Plugin) -> Certificate | None:
    """What lies beside the plugin's code, whether it is of this code or not."""
    try:
        return Certificate.model_validate_json(place_of(plugin).with_name(FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def objection_to(plugin: Plugin) -> str | None:
    """Why this plugin may not be used in production; None when it may."""
    certificate = certificate_of(plugin)
    if certificate is None or certificate.plugin != plugin.name:
        return f"{plugin.name} has no certificate: `make certify` judges it and writes one"
    if certificate.source != source_of(plugin):
        return f"{plugin.name} has changed since it was certified: run `make certify` again"
    return None

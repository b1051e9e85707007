"""A plugin's certificate: which code passed which rules of the certification suite, and when.

`make certify` writes `certificate.json` beside the plugin's code. In production a PSP is not
connected without the certificate of exactly the code that is there, its own and the common one.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from activities.psp.contract import Plugin

FILE = "certificate.json"
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


class Certificate(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    plugin: str
    source: str
    """SHA-256 of the plugin's own code."""
    ground: str
    """SHA-256 of what every plugin stands on."""
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
    """Of its own code: the whole package, or a module that stands alone."""
    place = place_of(plugin)
    package = place.name == "__init__.py"
    return digest_of(*(place.parent.rglob("*.py") if package else [place]))


def ground_digest() -> str:
    return digest_of(*(Path(__file__).with_name(name) for name in GROUND))


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
    if certificate.ground != ground_digest():
        return f"what {plugin.name} stands on has changed since: run `make certify` again"
    return None

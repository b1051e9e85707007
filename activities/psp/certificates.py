"""A plugin's certificate: which code passed which rules of the certification suite, and when.

`make certify` writes `certificate.json` beside the plugin's code. In production a PSP is not
connected without the certificate of exactly the code that is there, its own and the common one.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError

from activities.psp.contract import Plugin
from activities.psp.digests import ground_digest, place_of, source_of

FILE = "certificate.json"
_KEEPS_KEYS = {
    "every instruction carries its key and trace",
    "every write is done once under the key of its instruction",
}


class Certificate(BaseModel):
    """As `certificate.json` has it."""

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


def certificate_of(plugin: Plugin) -> Certificate | None:
    """What lies beside the plugin's code, whether it is of this code or not."""
    try:
        return Certificate.model_validate_json(place_of(plugin).with_name(FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def keeps_keys(plugin: Plugin) -> bool:
    """Whether it was certified that its PSP honours keys, of this code or an earlier one."""
    certificate = certificate_of(plugin)
    return certificate is not None and certificate.rules.keys() >= _KEEPS_KEYS


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

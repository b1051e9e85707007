"""What the demo and the tests know of a lookalike without starting it. Plain data, light to load.

Credentials are random, made once, and told to both sides: to the lookalike's process, and to our
worker and API in the shape that the plugin's settings have.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

PREFIX = "PAYSAGA_LOOKALIKE_"
ACCOUNTS = ("primary", "secondary")
"""Our names of the merchant accounts; they differ by nothing but their credentials."""

Credentials = dict[str, dict[str, str]]
"""By our name of the merchant account what the PSP gave for it, by the PSP's words."""


@dataclass(frozen=True)
class Tokens:
    """Payment tokens of the PSP's own kind, by the part they play."""

    ok: str
    challenge: str
    """Asks for 3-D Secure on the hosted page."""
    soft: str
    """Softly declined at primary, approved at secondary."""
    hard: str
    capture_refused: str
    """Approved, but no capture of it is."""
    again: str | None = None
    """Declined, and the player may choose another way to pay on the same page."""


@dataclass(frozen=True)
class Destinations:
    """Of payouts, as the PSP names them."""

    ok: str
    fails: str
    returned: str | None = None
    """Nobody claims it, and after a moment it comes back; None: not with this PSP."""


@dataclass(frozen=True)
class Profile:
    psp: str
    make_credentials: Callable[[], Credentials]
    plugin_environment: Callable[[Credentials, str], dict[str, str]]
    """For our worker: the credentials, and the lookalike's own base URL."""
    tokens: Tokens
    destinations: Destinations | None
    """None: this PSP pays no players."""
    method: str = "card"
    """The payment method of the demo's deposits."""
    three_decimals: bool = True
    """Whether it takes currencies that have three decimals."""
    for_calls: Collection[str] = ()
    """Of the credentials those that only calls need: the API is not told them."""
    page_field: str | None = None
    """Where the payer chooses on the hosted page: the field in which `tokens` are said there, and
    every authorization goes by that page. None: the payment token says it."""

    @property
    def accounts(self) -> list[dict[str, str]]:
        """For PAYSAGA_ROUTING_ACCOUNTS."""
        return [{"psp": self.psp, "id": account} for account in ACCOUNTS]

    @property
    def webhook_path(self) -> str:
        """At our API."""
        return f"/webhooks/{self.psp}"

    def credentials(self, folder: Path) -> Credentials:
        """Made once for this folder and kept there, readable by their owner only."""
        path = folder / f"{self.psp}_lookalike.json"
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as written:
                written.write(json.dumps(self.make_credentials(), indent=2))
        kept: Credentials = json.loads(path.read_text())
        return kept

    def hearing_environment(self, credentials: Credentials, url: str) -> dict[str, str]:
        """For our API: what verifies webhooks."""
        heard = {
            account: {name: text for name, text in given.items() if name not in self.for_calls}
            for account, given in credentials.items()
        }
        return self.plugin_environment(heard, url)

    def server_environment(
        self, credentials: Mapping[str, Mapping[str, str]], port: int, webhook_url: str
    ) -> dict[str, str]:
        """For the lookalike's process, which is told nothing else of ours."""
        return {
            f"{PREFIX}PORT": str(port),
            f"{PREFIX}WEBHOOK_URL": webhook_url,
            f"{PREFIX}CREDENTIALS": json.dumps(credentials),
        }


def names() -> list[str]:
    """The PSPs that have a lookalike: the folders beside this one that have a profile."""
    base = Path(__file__).parent
    found = {each.name for each in pkgutil.iter_modules([str(base.parent)]) if each.ispkg}
    has_profile = (name for name in found if (base.parent / name / "profile.py").exists())
    return sorted(name for name in has_profile if name != base.name)


def find(name: str) -> Profile:
    """Raises LookupError."""
    if name not in names():
        raise LookupError(f"there is no lookalike of {name}; there are: {', '.join(names())}")
    profile: Profile = importlib.import_module(f"infra.local.psps.{name}.profile").PROFILE
    return profile

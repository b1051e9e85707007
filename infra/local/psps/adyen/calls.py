"""What was asked, and how its members are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.local.psps.adyen.errors import AdyenError, missing


@dataclass(frozen=True)
class Call:
    account: str
    """By our name."""
    key: str
    """The Idempotency-Key; empty without one."""
    id: str
    """From the path."""
    body: dict[str, Any]

    def text(self, name: str, *, code: str = "130", message: str = "") -> str:
        """Raises AdyenError where it is not there."""
        value = self.body.get(name)
        if isinstance(value, str) and value:
            return value
        raise AdyenError(422, code, message, kept=True) if message else missing(name, code)

    def optional(self, name: str) -> str:
        value = self.body.get(name)
        return value if isinstance(value, str) else ""

    def inner(self, name: str) -> dict[str, Any]:
        """An object in the body; empty where there is none."""
        value = self.body.get(name)
        return value if isinstance(value, dict) else {}

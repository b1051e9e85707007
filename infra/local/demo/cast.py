"""What the stories need to know of the PSP they are played with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from infra.local.psps.base import profile
from infra.local.psps.base.profile import Destinations, Tokens
from infra.local.stack.chosen_psp import SANDBOX


class Cast(Protocol):
    """A lookalike's `profile.Profile` is one."""

    @property
    def psp(self) -> str: ...
    @property
    def tokens(self) -> Tokens: ...
    @property
    def destinations(self) -> Destinations | None: ...
    @property
    def method(self) -> str: ...
    @property
    def three_decimals(self) -> bool: ...
    @property
    def page_field(self) -> str | None: ...


@dataclass(frozen=True)
class Sandbox:
    tokens: Tokens
    destinations: Destinations | None
    psp: str = SANDBOX
    method: str = "card"
    three_decimals: bool = True
    page_field: str | None = None


SANDBOX_CAST = Sandbox(
    tokens=Tokens(
        ok="tok_ok",
        challenge="tok_3ds",
        soft="tok_soft_first",
        hard="tok_hard",
        capture_refused="tok_capture_refused",
    ),
    destinations=Destinations(ok="dst_ok", fails="dst_fail"),
)


def cast_of(psp: str) -> Cast:
    """Raises LookupError."""
    return SANDBOX_CAST if psp == SANDBOX else profile.find(psp)

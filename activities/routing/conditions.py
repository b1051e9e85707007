"""What routing asks about the health of PSPs, read together with everything else that it needs."""

from __future__ import annotations

from typing import Any, Protocol

from workflows.domain.identity import Kind
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.health import WELL, Health


class Conditions(Protocol):
    """Breakers that are not closed, and stops by hand. Switches are not among them."""

    @property
    def reads(self) -> str:
        """An SQL expression without parameters that gives one jsonb: a column of the statement by
        which a route reads all that it needs, so that health costs no round trip of its own."""

    def health(self, given: Any, kind: Kind) -> Health:
        """Of what the expression gave. `probe` is true where this payment may try to be one."""

    async def claim(self, account: MerchantAccount, method: str) -> bool:
        """Take the place of a probe of a half-open breaker; False if others were quicker."""


class AlwaysWell:
    """Nothing is known of the health of PSPs."""

    reads = "NULL::jsonb"

    def health(self, given: Any, kind: Kind) -> Health:
        return WELL

    async def claim(self, account: MerchantAccount, method: str) -> bool:
        return True

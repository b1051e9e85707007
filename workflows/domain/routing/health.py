"""What is broken or stopped at the moment, as routing is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from workflows.domain.psp import MerchantAccount

from .accounts import ANY
from .breaker import State
from .facts import RoutingFacts


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A breaker that is not closed. `*` stands for every account or method of the PSP."""

    psp: str
    account: str = ANY
    method: str = ANY
    state: State
    probe: bool = False
    """Half open, and this payment may be the probe. Whoever asks grants it, and claims it only if
    the decision puts the account first; if the claim fails, it decides again without."""

    def is_about(self, account: MerchantAccount, method: str) -> bool:
        return self.account in (ANY, account.id) and self.method in (ANY, method)

    @property
    def blocks(self) -> bool:
        return self.state is State.OPEN or (self.state is State.HALF_OPEN and not self.probe)


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Stopped by hand. `*` stands for all."""

    psp: str
    account: str = ANY
    method: str = ANY
    brand: str = ANY
    region: str = ANY

    def is_about(self, account: MerchantAccount, facts: RoutingFacts) -> bool:
        return (
            self.account in (ANY, account.id)
            and self.method in (ANY, facts.method)
            and self.brand in (ANY, facts.brand)
            and self.region in (ANY, facts.region)
        )


@dataclass(frozen=True)
class Health:
    """Only what is not well; what is not named is."""

    standings: tuple[Standing, ...] = ()
    stops: tuple[Stop, ...] = ()

    @cached_property
    def troubled(self) -> Mapping[str, tuple[tuple[Standing, ...], tuple[Stop, ...]]]:
        """By PSP."""
        psps = {s.psp for s in self.standings} | {s.psp for s in self.stops}
        return {
            psp: (
                tuple(s for s in self.standings if s.psp == psp and s.state is not State.CLOSED),
                tuple(s for s in self.stops if s.psp == psp),
            )
            for psp in psps
        }


WELL = Health()

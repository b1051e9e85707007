"""What is broken or stopped, as routing asks for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from activities.routing.health.breakers import Breakers
from workflows.domain.identity import Kind
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.accounts import ANY
from workflows.domain.routing.breaker import Breaker, Settings, State, may_probe
from workflows.domain.routing.health import WELL, Health, Standing, Stop
from workflows.domain.routing.stop_scope import STOPPED_BY

_READS = """
SELECT nullif(jsonb_strip_nulls(jsonb_build_object(
    'breakers', (
        SELECT jsonb_agg(jsonb_build_object(
            'psp', b.psp, 'account', b.account, 'method', b.method, 'state', b.state,
            'probes', (SELECT count(*) FROM unnest(b.probes) AS p WHERE p > clock_timestamp())
        )) FROM routing_breakers b WHERE b.state <> 'closed'
    ),
    'stops', (
        SELECT jsonb_agg(jsonb_build_object(
            'psp', s.psp, 'account', s.account, 'brand', s.brand, 'region', s.region,
            'operation', s.operation
        )) FROM routing_stops s WHERE s.lifted_at IS NULL
    )
)), '{}')
"""


class SharedConditions:
    """`psps`: those that there are, for stops that stand for every PSP."""

    reads = _READS

    def __init__(
        self, breakers: Breakers, psps: Collection[str], settings: Settings | None = None
    ) -> None:
        self._breakers = breakers
        self._psps = psps
        self._settings = settings or Settings()

    def health(self, given: Any, kind: Kind) -> Health:
        """A deposit that could not be captured is not begun. A payout goes elsewhere, or waits."""
        if given is None:
            return WELL
        return Health(
            standings=tuple(self._standing(each) for each in given.get("breakers", ())),
            stops=tuple(
                stop
                for each in given.get("stops", ())
                if each["operation"] == STOPPED_BY.get(kind)
                for stop in self._stops(each)
            ),
        )

    async def claim(self, account: MerchantAccount, method: str) -> bool:
        return await self._breakers.claim(account, method)

    def _standing(self, breaker: Mapping[str, Any]) -> Standing:
        state = State(breaker["state"])
        return Standing(
            psp=breaker["psp"],
            account=breaker["account"],
            method=breaker["method"],
            state=state,
            probe=may_probe(Breaker(state=state), breaker["probes"], self._settings),
        )

    def _stops(self, stop: Mapping[str, str]) -> Iterable[Stop]:
        for psp in self._psps if stop["psp"] == ANY else (stop["psp"],):
            yield Stop(psp=psp, account=stop["account"], brand=stop["brand"], region=stop["region"])

"""What routing is looked at and changed with, and who may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import asyncpg
from fastapi import Depends, Request

from activities.access.credential import Role
from activities.registry.reads import RegistryReads
from activities.routing.changes.changes import Changes
from activities.routing.health.overview import BreakerReads
from activities.routing.health.rates import Rates
from activities.routing.learning.estimates import Estimates
from activities.routing.snapshots import Snapshots
from activities.routing.stopping.stops import Stops
from activities.routing.switches import Switches
from activities.settings import Settings
from api.http import dependencies
from api.http.dependencies import reading, writing
from api.http.ground import Ground
from api.http.shares import Seats


@dataclass(frozen=True, kw_only=True)
class RoutingParts:
    """Made once at start; endpoints find it in `ask.parts`."""

    settings: Settings
    pool: asyncpg.Pool
    registry: RegistryReads
    snapshots: Snapshots
    switches: Switches
    changes: Changes
    estimates: Estimates
    judging: Seats
    """Of what judges the past, by brand."""
    stops: Stops
    breakers: BreakerReads
    rates: Rates

    @classmethod
    def of(cls, ground: Ground) -> RoutingParts:
        """Policies and counts are the house's; what is listed is the caller's."""
        settings, pool, house = ground.settings, ground.pool, ground.house
        snapshots = Snapshots(house, settings.routing.accounts, ground.catalog.pays_players)
        return cls(
            settings=settings,
            pool=pool,
            registry=RegistryReads(ground.engine),
            snapshots=snapshots,
            switches=Switches(pool),
            changes=Changes(pool, snapshots, settings.psps),
            estimates=Estimates(pool, snapshots, counting=house),
            judging=Seats("estimates", each=1, most=settings.api.estimates, retry_after=10),
            stops=Stops(pool),
            breakers=BreakerReads(pool),
            rates=Rates(pool, ground.temporal),
        )


def parts_of(request: Request) -> RoutingParts:
    """For `reading` and `writing`, which hand it on as `ask.parts`."""
    parts: RoutingParts = request.app.state.routing
    return parts


Read = dependencies.Read[RoutingParts]
Write = dependencies.Write[RoutingParts]

DeskRead = Annotated[Read, Depends(reading(parts_of, Role.OPERATOR, Role.APPROVER))]
DeskWrite = Annotated[Write, Depends(writing(parts_of, Role.OPERATOR, Role.APPROVER))]
OperatorWrite = Annotated[Write, Depends(writing(parts_of, Role.OPERATOR))]
ApproverWrite = Annotated[Write, Depends(writing(parts_of, Role.APPROVER))]

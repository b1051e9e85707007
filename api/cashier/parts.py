"""What the cashier works with, and who may ask it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from activities.access.credential import Role
from activities.psp.catalog import Catalog
from activities.registry.approvals import Approvals
from activities.registry.reads import RegistryReads
from activities.settings import Settings
from api.http import dependencies
from api.http.auth import CASHIERS, READERS
from api.http.dependencies import reading, writing
from api.http.ground import Ground
from api.http.runs import Runs
from api.http.streams import Streams


@dataclass(frozen=True, kw_only=True)
class CashierParts:
    """Made once at start; endpoints find it in `ask.parts`."""

    settings: Settings
    catalog: Catalog
    runs: Runs
    streams: Streams
    registry: RegistryReads
    approvals: Approvals

    @classmethod
    def of(cls, ground: Ground) -> CashierParts:
        """What it reads is of the caller's brands alone."""
        return cls(
            settings=ground.settings,
            catalog=ground.catalog,
            runs=ground.runs,
            streams=ground.access.streams,
            registry=RegistryReads(ground.engine),
            approvals=Approvals(ground.engine),
        )


def parts_of(request: Request) -> CashierParts:
    """For `reading` and `writing`, which hand it on as `ask.parts`."""
    parts: CashierParts = request.app.state.cashier
    return parts


Read = dependencies.Read[CashierParts]
Write = dependencies.Write[CashierParts]

AnyRead = Annotated[Read, Depends(reading(parts_of, *READERS))]
CashierWrite = Annotated[Write, Depends(writing(parts_of, *CASHIERS))]
ApproverWrite = Annotated[Write, Depends(writing(parts_of, Role.APPROVER))]

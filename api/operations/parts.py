"""What people look at and decide with, and who may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from activities.access.actions import Actions
from activities.access.credential import Role
from activities.audit.auditor import Auditor
from activities.cases.assignment import CaseDesk
from activities.cases.reads import CaseReads
from activities.inbox.desk import InboxDesk
from activities.inbox.type_counts import TypeCounts
from activities.outgoing_events.feed import Feed
from activities.outgoing_events.replays import Replays
from activities.registry.declines import DeclineReads
from activities.registry.reads import RegistryReads
from activities.registry.search import Search
from activities.risk.players import RiskPlayers
from activities.security.reads import SecurityReads
from activities.wallet.reads import WalletReads
from api.http import dependencies
from api.http.auth import CASHIERS, READERS
from api.http.dependencies import reading, writing
from api.http.ground import Ground
from api.http.runs import Runs


@dataclass(frozen=True, kw_only=True)
class OperationsParts:
    """Made once at start; endpoints find it in `ask.parts`."""

    runs: Runs
    actions: Actions
    security: SecurityReads
    registry: RegistryReads
    search: Search
    declines: DeclineReads
    wallet: WalletReads
    players: RiskPlayers
    cases: CaseReads
    case_desk: CaseDesk
    inbox_desk: InboxDesk
    type_counts: TypeCounts
    feed: Feed
    replays: Replays
    auditor: Auditor

    @classmethod
    def of(cls, ground: Ground) -> OperationsParts:
        """The audit sees every brand; what is listed is of the caller's alone."""
        pool, engine = ground.pool, ground.engine
        return cls(
            runs=ground.runs,
            actions=Actions(pool),
            security=SecurityReads(engine),
            registry=RegistryReads(engine),
            search=Search(engine),
            declines=DeclineReads(engine),
            wallet=WalletReads(engine),
            players=RiskPlayers(pool),
            cases=CaseReads(engine),
            case_desk=CaseDesk(pool),
            inbox_desk=InboxDesk(pool),
            type_counts=TypeCounts(engine),
            feed=Feed(pool),
            replays=Replays(pool),
            auditor=Auditor.of(
                ground.settings.profile, ground.settings.inbox, ground.house, ground.temporal
            ),
        )


def parts_of(request: Request) -> OperationsParts:
    """For `reading` and `writing`, which hand it on as `ask.parts`."""
    parts: OperationsParts = request.app.state.operations
    return parts


Read = dependencies.Read[OperationsParts]
Write = dependencies.Write[OperationsParts]

AnyRead = Annotated[Read, Depends(reading(parts_of, *READERS))]
OperatorRead = Annotated[Read, Depends(reading(parts_of, Role.OPERATOR))]
DeskRead = Annotated[Read, Depends(reading(parts_of, Role.OPERATOR, Role.APPROVER))]
CashierWrite = Annotated[Write, Depends(writing(parts_of, *CASHIERS))]
OperatorWrite = Annotated[Write, Depends(writing(parts_of, Role.OPERATOR))]
ApproverWrite = Annotated[Write, Depends(writing(parts_of, Role.APPROVER))]

"""What callers see of a case, and whether they may."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, cast

from fastapi import Path
from pydantic import BaseModel, Field

from activities.cases.tables import CaseRow
from activities.registry.tables import PaymentRow
from api.http.amounts import AmountOut
from api.http.errors import illegal_state, not_found
from api.http.named import KindOfCase
from api.operations.parts import Read, Write
from workflows.domain.cases import OPEN_AGAIN, Action, PaymentStanding, allowed, remedy_key_of
from workflows.domain.escalations import CaseKind

CaseId = Annotated[str, Path(description="case_…")]


class CaseView(BaseModel):
    id: str
    key: str
    payment_id: str
    brand_id: str
    kind: KindOfCase
    state: Literal["open", "resolved"]
    summary: str
    money_at_risk: AmountOut | None
    facts: dict[str, str]
    opened_at: datetime
    age_seconds: int = Field(description="since it was opened, until it was resolved")
    owner: str | None
    proposal: dict[str, str] | None = Field(
        description="what waits for a second person, or is done"
    )
    resolution: dict[str, str] | None
    resolved_at: datetime | None


class CaseEventView(BaseModel):
    what: str
    by: str
    facts: dict[str, str]
    at: datetime


class CaseWithHistory(CaseView):
    allowed_actions: list[Action]
    history: list[CaseEventView]


async def the_case(ask: Read | Write, case_id: str) -> CaseRow:
    """The case, if the caller may see it. Raises Problem `not-found`."""
    row = None
    if case_id.isascii() and case_id.isprintable() and len(case_id) <= 64:
        row = await ask.parts.cases.one(case_id, ask.caller.brands)
    if row is None:
        raise not_found("case")
    return row


async def actions(ask: Read | Write, row: CaseRow) -> list[Action]:
    """What can be ordered for a case as things stand."""
    if row.state != "open":
        return []
    payment = await ask.parts.registry.payment(row.payment_id, [row.brand])
    standing = _standing(payment, row.id) if payment else None
    return list(allowed(CaseKind(row.kind), row.facts, standing))


def require_open(row: CaseRow) -> None:
    """Raises Problem `illegal-state`."""
    if row.state != "open":
        raise illegal_state("the case is resolved", row.state)


def view(row: CaseRow) -> CaseView:
    """Its age stops when it is resolved; money at risk is null where none is known."""
    at_risk = row.money_at_risk_minor
    money = (
        AmountOut.of_minor(at_risk, row.currency) if at_risk is not None and row.currency else None
    )
    age = (row.resolved_at or datetime.now(UTC)) - row.opened_at
    return CaseView(
        id=row.id,
        key=row.key,
        payment_id=row.payment_id,
        brand_id=row.brand,
        kind=row.kind,
        state=cast("Literal['open', 'resolved']", row.state),
        summary=row.summary,
        money_at_risk=money,
        facts=row.facts,
        opened_at=row.opened_at,
        age_seconds=max(0, int(age.total_seconds())),
        owner=row.owner,
        proposal=row.proposal,
        resolution=row.resolution,
        resolved_at=row.resolved_at,
    )


def _standing(payment: PaymentRow, case_id: str) -> PaymentStanding:
    key = remedy_key_of(payment.id)
    attempts = payment.facts.get("attempts") or []
    claims = [a for a in attempts if a["key"] == key and a["outcome"] != OPEN_AGAIN]
    return PaymentStanding(
        status=payment.status,
        final=payment.final,
        captured=payment.facts.get("captured") is not None,
        remedied=any(claim["reason"] != case_id for claim in claims),
    )

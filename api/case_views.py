"""What callers see of a case, and whether they may."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from activities.cases.tables import CaseRow
from activities.registry.tables import PaymentRow
from api.amounts import AmountOut
from api.dependencies import Read, Write
from api.errors import illegal_state, not_found
from workflows.domain.cases import Action, Standing, allowed, remedy_key_of
from workflows.domain.payments import CaseKind

CaseId = Annotated[str, Path(description="case_…")]


class CaseView(BaseModel):
    id: str
    key: str
    payment_id: str
    brand_id: str
    kind: str
    state: str
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
    return list(allowed(CaseKind(row.kind), row.facts, _standing(payment) if payment else None))


def require_open(row: CaseRow) -> None:
    """Raises Problem `illegal-state`."""
    if row.state != "open":
        raise illegal_state("the case is resolved", row.state)


def view(row: CaseRow) -> CaseView:
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
        state=row.state,
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


def _standing(payment: PaymentRow) -> Standing:
    key = remedy_key_of(payment.id)
    attempts = payment.facts.get("attempts") or []
    return Standing(
        status=payment.status,
        final=payment.final,
        captured=payment.facts.get("captured") is not None,
        remedied=any(a["key"] == key and a["outcome"] in ("credit", "refund") for a in attempts),
    )

"""The books on demand: every invariant, checked now."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from activities.access.credential import ALL_BRANDS
from activities.audit.auditor import AuditTooLong, AuditUnderWay
from activities.audit.psp_book import NoJournal
from api.http.errors import Problem, forbidden, unavailable
from api.http.listing import shown
from api.http.openapi import reads
from api.operations.parts import OperatorRead

router = APIRouter(prefix="/v1/audit", tags=["Operations"])


class FindingView(BaseModel):
    invariant: str = Field(examples=["I4"])
    name: str
    compared: str = Field(description="counts, sums of minor units per currency, what is under way")
    checked: bool = Field(description="false when there was nothing to compare with")
    holds: bool
    violations: list[str] = Field(description="the first ones, each naming its row")
    count: int = Field(description="of all violations")


class AuditView(BaseModel):
    holds: bool
    findings: list[FindingView]


@router.get(
    "",
    summary="Check every invariant of the books now, reading the newest rows for card numbers",
    responses=reads(AuditView),
)
async def audited(ask: OperatorRead) -> Response:
    if ALL_BRANDS not in ask.caller.brands:
        raise forbidden("the books are everybody's: this needs a credential for all brands")
    try:
        report = await ask.parts.auditor.report()
    except AuditUnderWay:
        raise _later("another audit is under way", 5) from None
    except AuditTooLong:
        raise _later("the books are too large to wait for: run `make audit`", 60) from None
    except NoJournal:
        raise unavailable("the PSP's book") from None
    return shown(AuditView.model_validate(report, from_attributes=True))


def _later(detail: str, seconds: int) -> Problem:
    return Problem(
        503, "audit-unavailable", "No audit now", detail, headers={"Retry-After": str(seconds)}
    )

"""What PSPs said to a payment: checks of the card, declines, every question and its answer."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from workflows.domain.declines import Retry
from workflows.domain.psp import payment_of
from workflows.domain.routing.limits import Ended


class ThreeDSecure(BaseModel):
    scheme: str | None = None
    version: str | None = None
    ds_trans_id: str | None = None
    liability_shift: bool | None = None
    cavv_present: bool | None = Field(
        None, description="the issuer gave a CAVV, whether or not the PSP shows it"
    )
    avs: str | None = None
    cvv: str | None = None


class _Verdict(BaseModel):
    reason: str | None
    code: str | None = Field(None, description="the PSP's own, as it came")
    soft: bool | None = Field(None, description="another merchant account might have said yes")
    retry: str | None = Field(
        None,
        description="what the PSP or the card scheme lets us do with the same card: "
        + ", ".join(Retry),
    )
    retry_after_seconds: int | None = None
    scheme: str | None = None
    scheme_code: str | None = Field(None, description="the issuer's own response code")
    advice_code: str | None = Field(None, description="of the scheme or the PSP, as it came")


class Decline(_Verdict):
    """Why not, in our normalised words, beside the PSP's own code."""

    reason: str = Field(examples=["insufficient_funds"])
    ended: str | None = Field(
        None,
        description="why no other merchant account was asked: " + ", ".join(Ended),
    )


class RouteView(BaseModel):
    """Who said where the payment was to go. The routing receipt tells why."""

    policy: str
    version: int
    rule: str | None = Field(description="null: the policy's default decided")
    refusal: str | None = Field(description="why no merchant account was asked")


class AttemptView(_Verdict):
    """One question to one PSP and how it ended."""

    psp: str
    merchant_account: str
    step: str = Field(examples=["authorize:1"])
    outcome: str = Field(examples=["approved", "declined", "not_sent"])
    reason: str | None = None


def checks_of(facts: dict[str, Any]) -> ThreeDSecure | None:
    checks = facts.get("authentication")
    if not checks:
        return None
    told = _only(ThreeDSecure, checks)
    if checks.get("cavv"):
        told["cavv_present"] = True
    return ThreeDSecure(**told)


def decline_of(facts: dict[str, Any]) -> Decline | None:
    problem = facts.get("problem")
    return Decline(**_verdict(problem), ended=problem.get("ended")) if problem else None


def route_of(facts: dict[str, Any]) -> RouteView | None:
    route = facts.get("route")
    return RouteView(**route) if route else None


def attempts_of(facts: dict[str, Any]) -> list[AttemptView]:
    """In the order in which they ended."""
    return [
        AttemptView(
            psp=attempt["account"]["psp"],
            merchant_account=attempt["account"]["id"],
            step=attempt["key"].removeprefix(f"{payment_of(attempt['key'])}:"),
            outcome=attempt["outcome"],
            **_verdict(attempt),
        )
        for attempt in facts.get("attempts") or ()
    ]


def _verdict(told: dict[str, Any]) -> dict[str, Any]:
    advice = told.get("advice") or {}
    return {name: told.get(name) for name in ("reason", "code", "soft")} | {
        "retry": advice.get("retry"),
        "retry_after_seconds": advice.get("after_seconds"),
        "scheme": advice.get("scheme"),
        "scheme_code": advice.get("scheme_code"),
        "advice_code": advice.get("advice_code"),
    }


def _only(model: type[BaseModel], values: dict[str, Any]) -> dict[str, Any]:
    return {name: values.get(name) for name in model.model_fields}

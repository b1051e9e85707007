"""What is told of a payment, field by field: to a platform by an event, to a caller by an answer.

Both are made here from what the registry keeps of one version, and say the same but for what
DIFFERENCES names. null means not (yet) true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .identity import Kind, payment_of
from .money import exponent
from .waiting import waiting_of

Fields = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class PaymentVersion:
    """A payment at one of its versions, as the registry keeps it."""

    payment_id: str
    kind: str
    brand: str
    region: str
    player_id: str
    currency: str
    amount_minor: int
    method: str
    intent_id: str | None
    refund_id: str | None
    trace_id: str
    requester: str | None
    credential: str | None
    details: Mapping[str, Any]
    number: int
    status: str
    final: bool
    facts: Mapping[str, Any]
    opened_at: datetime | None
    """None before the registry has said so."""
    at: datetime | None
    """When it became this version."""


AS_OPENED = (
    "kind",
    "brand",
    "region",
    "player_id",
    "currency",
    "amount_minor",
    "method",
    "intent_id",
    "refund_id",
    "trace_id",
    "requester",
    "credential",
    "details",
)
"""What no later version changes, called here as in the registry."""


def event_of(version: PaymentVersion) -> Fields:
    """As events tell it. Raises KeyError or TypeError when a version is not what we write."""
    return _NOUNS[Kind(version.kind)](version) | seen(version)


def answer_of(version: PaymentVersion) -> Fields:
    """As answers show it."""
    fields = event_of(version)
    for differ in DIFFERENCES:
        differ(version, fields)
    return fields


def seen(version: PaymentVersion) -> Fields:
    """What all payments tell."""
    facts = version.facts
    account = facts.get("account") or {}
    return {
        "status": version.status,
        "final": version.final,
        "version": version.number,
        "amount": _amount(version.amount_minor, version.currency),
        "player_id": version.player_id,
        "brand_id": version.brand,
        "method": version.method,
        "psp": account.get("psp"),
        "merchant_account": account.get("id"),
        "psp_ref": facts.get("psp_ref"),
        "decline": decline_of(facts),
        "attempts": [_attempt(attempt) for attempt in facts.get("attempts") or ()],
        "route": _only(facts.get("route"), "policy", "version", "rule", "refusal"),
        "stop_id": facts.get("stop_id"),
        "requested_by": _who(version.requester, version.credential),
        **labels_of(version.details),
        "trace_id": version.trace_id,
        "created_at": _moment(version.opened_at),
        "updated_at": _moment(version.at),
    }


def labels_of(details: Mapping[str, Any]) -> Fields:
    """What the platform pinned to it."""
    return {"reference": details.get("reference"), "metadata": details.get("metadata", {})}


def decline_of(facts: Mapping[str, Any]) -> Fields | None:
    problem = facts.get("problem")
    return _verdict(problem) | {"ended": problem.get("ended")} if problem else None


def money_of(kept: Mapping[str, Any] | None) -> dict[str, str] | None:
    return _amount(kept["minor_units"], kept["currency"]) if kept else None


# --- where an answer differs from an event ----------------------------------------------------


def _no_times_before_it_is_kept(version: PaymentVersion, fields: Fields) -> None:
    """The opening is answered before the registry has said when it was."""
    if version.opened_at is None:
        del fields["created_at"], fields["updated_at"]


def _a_refund_always_names_an_intent(version: PaymentVersion, fields: Fields) -> None:
    """An event says null where an answer says nothing in a string."""
    if version.kind == Kind.REFUND:
        fields["intent_id"] = fields["intent_id"] or ""


DIFFERENCES: tuple[Callable[[PaymentVersion, Fields], None], ...] = (
    _no_times_before_it_is_kept,
    _a_refund_always_names_an_intent,
)
"""All there are. And a version's time is the registry's, but in the answer that its run gave: the
run tells its own."""


# --- the nouns --------------------------------------------------------------------------------


def _deposit(version: PaymentVersion) -> Fields:
    facts, details = version.facts, version.details
    checks = facts.get("authentication") or {}
    secure = ("scheme", "version", "ds_trans_id", "liability_shift", "cavv_present", "avs", "cvv")
    shown = checks | {"cavv_present": True} if checks.get("cavv") else checks
    return {
        "intent_id": version.payment_id,
        "region": version.region,
        "capture_method": details["capture_method"],
        "return_url": details["return_url"],
        "last_four": details.get("last_four"),
        "eci": checks.get("eci"),
        "cavv": checks.get("cavv"),
        "three_ds": _only(shown, *secure),
        "redirect_url": facts.get("redirect_url"),
        "captured": money_of(facts.get("captured")),
        "capture_id": facts.get("capture_id"),
        "reversals": [
            each | {"amount": money_of(each["amount"])} for each in facts.get("reversals") or ()
        ],
    }


def _payout(version: PaymentVersion) -> Fields:
    facts, details = version.facts, version.details
    return {
        "payout_id": version.payment_id,
        "region": version.region,
        "destination": details["destination"],
        "intent_id": details.get("intent_id"),
        "decided_by": _who(facts.get("approver"), facts.get("approver_credential")),
        "decision_reason": facts.get("decision_reason"),
        "postponed_until": facts.get("postponed_until"),
        "waits_for": waiting_of(version.status, facts),
    }


def _refund(version: PaymentVersion) -> Fields:
    return {
        "refund_id": version.refund_id or version.payment_id,
        "id": version.payment_id,
        "intent_id": version.intent_id,
        "capture_id": version.details["capture_id"],
        "reason": version.details.get("reason"),
    }


_NOUNS = {Kind.DEPOSIT: _deposit, Kind.PAYOUT: _payout, Kind.REFUND: _refund}


# --- what they are made of --------------------------------------------------------------------


def _attempt(attempt: Mapping[str, Any]) -> Fields:
    return {
        "psp": attempt["account"]["psp"],
        "merchant_account": attempt["account"]["id"],
        "step": attempt["key"].removeprefix(f"{payment_of(attempt['key'])}:"),
        "outcome": attempt["outcome"],
        **_verdict(attempt),
    }


def _verdict(answer: Mapping[str, Any]) -> Fields:
    advice = answer.get("advice") or {}
    return {name: answer.get(name) for name in ("reason", "code", "soft")} | {
        "retry": advice.get("retry"),
        "retry_after_seconds": advice.get("after_seconds"),
        "scheme": advice.get("scheme"),
        "scheme_code": advice.get("scheme_code"),
        "advice_code": advice.get("advice_code"),
    }


def _who(person: str | None, credential: str | None) -> Fields | None:
    return {"person": person, "credential": credential or None} if person is not None else None


def _amount(minor_units: int, currency: str) -> dict[str, str]:
    text = f"{Decimal(minor_units).scaleb(-exponent(currency)):f}"
    return {"amount": text, "currency": currency}


def _only(values: Mapping[str, Any] | None, *names: str) -> Fields | None:
    return {name: values.get(name) for name in names} if values else None


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None

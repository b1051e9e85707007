"""What a notice says: an event with a fixed id, holding the payment as the API shows it.

It is written from the registry's own rows (the payment, and its history at that version), so a
second telling says what the first did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from workflows.domain.money import exponent
from workflows.domain.payments import Kind
from workflows.domain.psp import payment_of

COLUMNS = """
n.payment_id, n.sequence, n.brand, n.type, n.created_at, p.kind, p.region, p.player_id,
p.currency, p.amount_minor, p.method, p.intent_id, p.refund_id, p.trace_id, p.requester,
p.details, p.created_at AS opened_at, e.status, e.final, e.facts, e.recorded_at
"""
JOINED = """
JOIN payments p ON p.id = n.payment_id
JOIN payment_events e ON e.payment_id = n.payment_id AND e.version = n.sequence
"""
"""Of `notices n`."""

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Event:
    """As it is sent, field for field."""

    id: str
    """`evt_<payment id>_<sequence>`: the same however often it is told."""
    type: str
    created_at: str
    payment_id: str
    sequence: int
    data: dict[str, Any]


def event_of(row: Row) -> Event:
    """`row` has COLUMNS. Raises KeyError or TypeError when a row is not what we write."""
    return Event(
        id=f"evt_{row['payment_id']}_{row['sequence']}",
        type=row["type"],
        created_at=_moment(row["created_at"]),
        payment_id=row["payment_id"],
        sequence=row["sequence"],
        data=_NOUNS[Kind(row["kind"])](row) | _seen(row),
    )


def _seen(row: Row) -> dict[str, Any]:
    facts: dict[str, Any] = row["facts"]
    account = facts.get("account") or {}
    return {
        "status": row["status"],
        "final": row["final"],
        "version": row["sequence"],
        "amount": _amount(row["amount_minor"], row["currency"]),
        "player_id": row["player_id"],
        "brand_id": row["brand"],
        "method": row["method"],
        "psp": account.get("psp"),
        "merchant_account": account.get("id"),
        "psp_ref": facts.get("psp_ref"),
        "decline": _decline(facts.get("problem")),
        "attempts": [_attempt(attempt) for attempt in facts.get("attempts") or ()],
        "route": _only(facts.get("route"), "policy", "version", "rule", "refusal"),
        "stop_id": facts.get("stop_id"),
        "trace_id": row["trace_id"],
        "created_at": _moment(row["opened_at"]),
        "updated_at": _moment(row["recorded_at"]),
    }


def _deposit(row: Row) -> dict[str, Any]:
    facts, details = row["facts"], row["details"]
    checks = facts.get("authentication") or {}
    secure = ("scheme", "version", "ds_trans_id", "liability_shift", "cavv_present", "avs", "cvv")
    shown = checks | {"cavv_present": True} if checks.get("cavv") else checks
    return {
        "intent_id": row["payment_id"],
        "region": row["region"],
        "capture_method": details["capture_method"],
        "return_url": details["return_url"],
        "metadata": details["metadata"],
        "eci": checks.get("eci"),
        "cavv": checks.get("cavv"),
        "three_ds": _only(shown, *secure),
        "redirect_url": facts.get("redirect_url"),
        "captured": _money(facts.get("captured")),
        "capture_id": facts.get("capture_id"),
    }


def _payout(row: Row) -> dict[str, Any]:
    facts, details = row["facts"], row["details"]
    return {
        "payout_id": row["payment_id"],
        "region": row["region"],
        "destination": details["destination"],
        "metadata": details["metadata"],
        "requester": row["requester"],
        "approver": facts.get("approver"),
        "decision_reason": facts.get("decision_reason"),
        "postponed_until": facts.get("postponed_until"),
    }


def _refund(row: Row) -> dict[str, Any]:
    return {
        "refund_id": row["refund_id"] or row["payment_id"],
        "id": row["payment_id"],
        "intent_id": row["intent_id"],
        "capture_id": row["details"]["capture_id"],
    }


_NOUNS = {Kind.DEPOSIT: _deposit, Kind.PAYOUT: _payout, Kind.REFUND: _refund}


def _decline(told: dict[str, Any] | None) -> dict[str, Any] | None:
    return _verdict(told) | {"ended": told.get("ended")} if told else None


def _verdict(told: dict[str, Any]) -> dict[str, Any]:
    advice = told.get("advice") or {}
    return {name: told.get(name) for name in ("reason", "code", "soft")} | {
        "retry": advice.get("retry"),
        "retry_after_seconds": advice.get("after_seconds"),
        "scheme": advice.get("scheme"),
        "scheme_code": advice.get("scheme_code"),
        "advice_code": advice.get("advice_code"),
    }


def _attempt(attempt: dict[str, Any]) -> dict[str, Any]:
    return {
        "psp": attempt["account"]["psp"],
        "merchant_account": attempt["account"]["id"],
        "step": attempt["key"].removeprefix(f"{payment_of(attempt['key'])}:"),
        "outcome": attempt["outcome"],
        **_verdict(attempt),
    }


def _money(value: dict[str, Any] | None) -> dict[str, str] | None:
    return _amount(value["minor_units"], value["currency"]) if value else None


def _amount(minor_units: int, currency: str) -> dict[str, str]:
    text = f"{Decimal(minor_units).scaleb(-exponent(currency)):f}"
    return {"amount": text, "currency": currency}


def _only(values: dict[str, Any] | None, *names: str) -> dict[str, Any] | None:
    return {name: values.get(name) for name in names} if values else None


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")

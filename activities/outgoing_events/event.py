"""What an event says: it has a fixed id, and holds the payment as the API shows it.

It is written from the registry's own rows (the payment, and its history at that version), so a
second telling says what the first did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from workflows.domain import published

COLUMNS = """
n.payment_id, n.sequence, n.brand, n.type, n.created_at, p.kind, p.region, p.player_id,
p.currency, p.amount_minor, p.method, p.intent_id, p.refund_id, p.trace_id, p.requester,
p.credential, p.details, p.created_at AS opened_at, e.status, e.final, e.facts, e.recorded_at
"""
JOINED = """
JOIN payments p ON p.id = n.payment_id
JOIN payment_events e ON e.payment_id = n.payment_id AND e.version = n.sequence
"""
"""Of `outgoing_events n`."""

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
        created_at=row["created_at"].astimezone(UTC).isoformat().replace("+00:00", "Z"),
        payment_id=row["payment_id"],
        sequence=row["sequence"],
        data=published.event_of(_version(row)),
    )


def _version(row: Row) -> published.PaymentVersion:
    """The payment, and its history at that version."""
    return published.PaymentVersion(
        **{name: row[name] for name in published.AS_OPENED},
        payment_id=row["payment_id"],
        number=row["sequence"],
        status=row["status"],
        final=row["final"],
        facts=row["facts"],
        opened_at=row["opened_at"],
        at=row["recorded_at"],
    )

"""Where a page of payments ends and the next one begins."""

from __future__ import annotations

import base64
from datetime import datetime

from activities.registry.tables import PaymentRow


class BadCursor(ValueError):
    """The cursor is not one that a list gave."""


def cursor_after(last: PaymentRow) -> str:
    return base64.urlsafe_b64encode(f"{last.created_at.isoformat()} {last.id}".encode()).decode()


def place_of(cursor: str) -> tuple[datetime, str]:
    try:
        at, _, payment_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        return datetime.fromisoformat(at), payment_id
    except ValueError as wrong:
        raise BadCursor("cursor must be the next_cursor of a list") from wrong

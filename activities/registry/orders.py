"""Orders as the registry keeps them, read back: one reader for each kind of payment."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from workflows.domain.identity import Kind
from workflows.domain.orders import KINDS, PaymentOrder

_READERS: dict[Kind, TypeAdapter[PaymentOrder]] = {
    kind: TypeAdapter(each.order) for kind, each in KINDS.items()
}


def read_order(kind: str, stored: Any) -> PaymentOrder:
    """Raises ValueError for one that this code cannot read."""
    return _READERS[Kind(kind)].validate_python(stored)

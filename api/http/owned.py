"""A payment that an address names."""

from __future__ import annotations

from typing import Protocol

from activities.registry.reads import RegistryReads
from activities.registry.tables import PaymentRow
from api.http.dependencies import Read, Write
from api.http.errors import not_found
from api.http.fields import is_of
from workflows.domain.identity import Kind


class Registered(Protocol):
    """The parts of a folder that looks at payments."""

    @property
    def registry(self) -> RegistryReads: ...


async def owned(
    ask: Read[Registered] | Write[Registered], payment_id: str, kind: Kind, what: str
) -> PaymentRow:
    """The payment, if the caller may see it. Raises Problem `not-found`."""
    row = None
    if is_of(payment_id, kind):
        row = await ask.parts.registry.payment(payment_id, ask.caller.brands)
    if row is None:
        raise not_found(what)
    return row

"""What a PSP does by which method: asked before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping

from activities.psp.contract import Adapter, ListsMethods, Method
from workflows.domain.declines import DeclineReason
from workflows.domain.psp import AuthorizeInstruction, Declined, PayoutInstruction


def refused_by_its_methods(
    adapter: Adapter, instruction: AuthorizeInstruction | PayoutInstruction
) -> Declined | None:
    """Why this PSP certainly does not do it, so that another may be asked; None: it may."""
    if not isinstance(adapter, ListsMethods):
        return None
    reason = _objection(adapter.methods, instruction)
    return Declined(reason, soft=True, code=reason) if reason is not None else None


def _objection(
    methods: Mapping[str, Method], instruction: AuthorizeInstruction | PayoutInstruction
) -> DeclineReason | None:
    method, amount = methods.get(instruction.method), instruction.amount
    if method is None:
        return DeclineReason.METHOD_NOT_SUPPORTED
    if method.currencies is not None and amount.currency not in method.currencies:
        return DeclineReason.CURRENCY_NOT_SUPPORTED
    if isinstance(instruction, PayoutInstruction):
        return None if method.pays_out else DeclineReason.METHOD_NOT_SUPPORTED
    if method.takes is None:
        return DeclineReason.METHOD_NOT_SUPPORTED
    country = instruction.country
    if method.countries is not None and country is not None and country not in method.countries:
        return DeclineReason.COUNTRY_NOT_SUPPORTED
    if amount.minor_units < method.minimum.get(amount.currency, 0):
        return DeclineReason.AMOUNT_TOO_SMALL
    return None

"""What an instruction is about, as it is written down."""

from __future__ import annotations

from typing import Any

from workflows.domain.identity import is_of_a_sale
from workflows.domain.payments import Stoppable
from workflows.domain.psp import (
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Instruction,
    PayoutInstruction,
    RefundInstruction,
    SellInstruction,
    VoidInstruction,
)


def player_of(instruction: Instruction) -> str | None:
    """Whose money it moves, where it names them."""
    match instruction:
        case AuthorizeInstruction(player_id=player) | PayoutInstruction(player_id=player):
            return player
        case _:
            return None


def terms_of(instruction: Instruction) -> dict[str, Any]:
    """What it asks for that stands in the payment's order."""
    match instruction:
        case AuthorizeInstruction(method=method, return_url=return_url):
            return {"method": method, "return_url": return_url}
        case PayoutInstruction(method=method, destination=destination):
            return {"method": method, "destination": destination}
        case RefundInstruction(psp_ref=ref, account=account):
            return {"capture_ref": ref, "account": {"psp": account.psp, "id": account.id}}
        case _:
            return {}


def movement_of(instruction: Instruction) -> str | None:
    """As what it can be stopped by hand just before it is asked for."""
    match instruction:
        case CaptureInstruction() | SellInstruction():
            return Stoppable.CAPTURES
        case CompleteInstruction(authorize_key=key) if is_of_a_sale(key):
            # At some PSPs it is this call that takes the money.
            return Stoppable.CAPTURES
        case PayoutInstruction():
            return Stoppable.PAYOUTS
        case _:
            return None


def acts_on(instruction: Instruction) -> str | None:
    """The key of the authorization that it is about."""
    match instruction:
        case CompleteInstruction(authorize_key=key) | CaptureInstruction(authorize_key=key):
            return key
        case VoidInstruction(authorize_key=key):
            return key
        case _:
            return None


def acts_on_ref(instruction: Instruction) -> str | None:
    match instruction:
        case CaptureInstruction(psp_ref=ref) | VoidInstruction(psp_ref=ref):
            return ref or None
        case RefundInstruction(psp_ref=ref):
            return ref
        case AuthorizeInstruction() | PayoutInstruction() | CompleteInstruction() | _:
            return None

"""Why a payout waits: for a person, for the end of a stop, for the PSP's word."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from .payouts import Status


class WaitingOn(StrEnum):
    APPROVAL = "approval"
    """A second person is to decide."""
    POSTPONEMENT = "postponement"
    """A person has put it off."""
    STOP = "stop"
    """Payouts are stopped by hand."""
    CASE = "case"
    """A person looks at a case about the player."""
    PSP = "psp"
    """The PSP has it, and tells later how it ended."""
    CLARITY = "clarity"
    """An answer was lost: we keep asking the PSP."""


_ON = {
    Status.AWAITING_APPROVAL: WaitingOn.APPROVAL,
    Status.POSTPONED: WaitingOn.POSTPONEMENT,
    Status.PARKED: WaitingOn.STOP,
    Status.PROCESSING: WaitingOn.PSP,
    Status.CLARIFYING: WaitingOn.CLARITY,
}
_PEOPLE = {WaitingOn.APPROVAL, WaitingOn.POSTPONEMENT}
_PSPS = {WaitingOn.PSP, WaitingOn.CLARITY}


def waiting_of(status: str, facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of a payout's status and facts, as the registry keeps them; None when it does not wait."""
    on = next((on for of, on in _ON.items() if of == status), None)
    if on is None:
        return None
    if on is WaitingOn.STOP and facts.get("case_id"):
        on = WaitingOn.CASE
    account = facts.get("account") or {}
    return {
        "on": on,
        "reasons": list(facts.get("approval_reasons") or ()) if on in _PEOPLE else [],
        "stop_id": facts.get("stop_id") if on is WaitingOn.STOP else None,
        "case_id": facts.get("case_id") if on is WaitingOn.CASE else None,
        "psp": account.get("psp") if on in _PSPS else None,
        "psp_ref": facts.get("psp_ref") if on in _PSPS else None,
        "until": facts.get("postponed_until") if on is WaitingOn.POSTPONEMENT else None,
    }

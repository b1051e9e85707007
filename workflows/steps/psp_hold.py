"""Money that a PSP keeps for us."""

from __future__ import annotations

from dataclasses import dataclass

from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import Approved, AuthorizeInstruction, VoidInstruction

from .psp_calls import void_of


@dataclass(frozen=True)
class PspHold:
    """What was approved, and what it was asked by."""

    instruction: AuthorizeInstruction
    approved: Approved

    @property
    def amount(self) -> Money:
        """What is held."""
        return self.approved.amount

    def is_meant_by(self, event: PspEvent) -> bool:
        """Whether what somebody else did at the PSP was done to this hold."""
        if event.psp != self.instruction.account.psp:
            return False
        return event.key == self.instruction.key or self.approved.psp_ref in event.about

    def void(self, amount: Money, *, after_capture: bool = False) -> VoidInstruction:
        """To release `amount` of it: all, or what a capture has left."""
        return void_of(
            self.instruction,
            amount,
            self.approved.psp_ref,
            after_capture=after_capture,
            sale=self.approved.captured,
        )

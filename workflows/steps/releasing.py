"""Letting go of what is held at a PSP."""

from __future__ import annotations

from workflows.domain.declines import DeclineReason
from workflows.domain.psp import Approved, Declined, NotSent, VoidInstruction

from . import escalation
from .cascade import problem_of
from .psp_operations import PspOperations


async def release(psp: PspOperations, void: VoidInstruction) -> None:
    """Let go of what is held. A PSP that will not is a person's affair; the hold lapses in time."""
    outcome = await psp.settle(void)
    if isinstance(outcome, Approved) or _held_nothing(psp, void, outcome):
        return
    await escalation.unreleased(void, problem_of(outcome).reason)


def _held_nothing(psp: PspOperations, void: VoidInstruction, outcome: Declined | NotSent) -> bool:
    """There is nothing to void of an authorization whose yes never came: that is its end. Should
    the yes come after all, its hold is voided then, by its own name."""
    nothing = isinstance(outcome, Declined) and outcome.reason == DeclineReason.NOT_VOIDABLE
    return nothing and psp.waits_for(void.authorize_key)

"""Instructions of a payment, for tests that ask a PSP."""

from __future__ import annotations

from workflows.domain.money import Money
from workflows.domain.psp import (
    AuthorizeInstruction,
    CaptureInstruction,
    Instruction,
    Lookup,
    MerchantAccount,
    Operation,
    PayoutInstruction,
    RefundInstruction,
    VoidInstruction,
)

AMOUNT = Money(5000, "EUR")
PRIVATE = ("tok_private", "dst_private", "player_private", "return.private")
"""What an instruction carries to the PSP and no log line may show."""


def instructions(
    account: MerchantAccount, amount: Money = AMOUNT, psp_ref: str = "ref_1"
) -> dict[Operation, Instruction]:
    """One instruction of every operation."""
    return {
        Operation.AUTHORIZE: AuthorizeInstruction(
            key="in_cert:authorize:1",
            account=account,
            amount=amount,
            trace_id="trace_1",
            method="card",
            payment_token="tok_private",
            player_id="player_private",
            return_url="https://return.private/done",
        ),
        Operation.CAPTURE: CaptureInstruction(
            key="in_cert:capture",
            account=account,
            amount=amount,
            trace_id="trace_1",
            psp_ref=psp_ref,
        ),
        Operation.VOID: VoidInstruction(
            key="in_cert:void:1",
            account=account,
            amount=amount,
            trace_id="trace_1",
            authorize_key="in_cert:authorize:1",
            psp_ref=psp_ref,
        ),
        Operation.REFUND: RefundInstruction(
            key="re_cert:refund",
            account=account,
            amount=amount,
            trace_id="trace_1",
            psp_ref=psp_ref,
        ),
        Operation.PAYOUT: PayoutInstruction(
            key="po_cert:payout",
            account=account,
            amount=amount,
            trace_id="trace_1",
            method="bank",
            destination="dst_private",
            player_id="player_private",
        ),
    }


def lookup_of(instruction: Instruction, operation: Operation, psp_ref: str | None = None) -> Lookup:
    return Lookup(
        key=instruction.key,
        operation=operation,
        account=instruction.account,
        psp_ref=psp_ref,
        trace_id=instruction.trace_id,
    )

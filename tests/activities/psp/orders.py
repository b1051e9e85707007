"""Instructions of a payment, for tests that ask a PSP."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from workflows.domain.identity import SALE
from workflows.domain.money import Money
from workflows.domain.psp import (
    COMPLETE,
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Instruction,
    Lookup,
    MerchantAccount,
    Operation,
    PayoutInstruction,
    RefundInstruction,
    SellInstruction,
    VoidInstruction,
)

AMOUNT = Money(5000, "EUR")
PRIVATE = ("tok_private", "dst_private", "player_private", "return.private", "back_private")
"""What an instruction carries to the PSP and no log line may show."""


def instructions(
    account: MerchantAccount,
    amount: Money = AMOUNT,
    psp_ref: str = "ref_1",
    parameters: Collection[str] = (),
) -> dict[str, Instruction]:
    """One instruction of every operation, and of each way to ask for it. The player brings back
    these parameters, each with a private value of its own: `back_private_<name>`."""
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
        SALE: SellInstruction(
            key="in_cert:sale:1",
            account=account,
            amount=amount,
            trace_id="trace_1",
            method="card",
            payment_token="tok_private",
            player_id="player_private",
            return_url="https://return.private/done",
        ),
        COMPLETE: CompleteInstruction(
            key="in_cert:authorize:1:complete:1",
            account=account,
            amount=amount,
            trace_id="trace_1",
            authorize_key="in_cert:authorize:1",
            psp_ref=psp_ref,
            parameters={name: f"back_private_{name}" for name in parameters},
        ),
        Operation.CAPTURE: CaptureInstruction(
            key="in_cert:capture",
            account=account,
            amount=amount,
            trace_id="trace_1",
            psp_ref=psp_ref,
            authorize_key="in_cert:authorize:1",
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
            authorization_ref=psp_ref,
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


def lookup_of(instruction: Instruction, operation: str, psp_ref: str | None = None) -> Lookup:
    """As a run asks: an hour after it asked for the instruction itself."""
    acts = isinstance(instruction, CaptureInstruction | VoidInstruction | RefundInstruction)
    return Lookup(
        key=instruction.key,
        operation=Operation.AUTHORIZE if operation == SALE else Operation(operation),
        account=instruction.account,
        psp_ref=psp_ref,
        trace_id=instruction.trace_id,
        amount=instruction.amount,
        parent_ref=getattr(instruction, "psp_ref", None) if acts else None,
        asked_at=(datetime.now(UTC) - timedelta(hours=1)).isoformat(),
    )

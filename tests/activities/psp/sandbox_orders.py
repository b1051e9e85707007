"""What is asked of the sandbox PSP's own process: one payment, from its authorization on."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from temporalio.testing import ActivityEnvironment

from workflows.domain.money import Money
from workflows.domain.psp import (
    AuthorizeInstruction,
    CaptureInstruction,
    Lookup,
    MerchantAccount,
    Operation,
)

PRIMARY, SECONDARY = (MerchantAccount("sandbox", name) for name in ("primary", "secondary"))
EUROS = Money(5000, "EUR")


async def ask(method: Any, question: Any) -> Any:
    return await ActivityEnvironment().run(method, question)


def authorize(card: str = "tok_ok", amount: Money = EUROS) -> AuthorizeInstruction:
    return AuthorizeInstruction(
        key=f"in_{uuid4().hex}:authorize:1",
        account=PRIMARY,
        amount=amount,
        trace_id="trace_1",
        method="card",
        payment_token=card,
        player_id="player_1",
        return_url="https://casino.example/back",
    )


def step(of: AuthorizeInstruction, name: str, amount: Money | None = None) -> dict[str, Any]:
    key = f"{of.payment_id}:{name}"
    common = {"key": key, "account": PRIMARY, "trace_id": "trace_1"}
    return {**common, "amount": amount or of.amount}


def capture(
    of: AuthorizeInstruction, psp_ref: str, amount: Money | None = None
) -> CaptureInstruction:
    return CaptureInstruction(**step(of, "capture", amount), psp_ref=psp_ref, authorize_key=of.key)


def look(of: AuthorizeInstruction) -> Lookup:
    return Lookup(
        key=of.key,
        operation=Operation.AUTHORIZE,
        account=PRIMARY,
        psp_ref=None,
        trace_id="trace_1",
    )

"""A page of Stripe's, and the payment intent that it makes, as Stripe tells them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from activities.psp.certification import Heard
from activities.psp.plugins.stripe.certification.replies import session
from tests.activities.psp.orders import AMOUNT, instructions
from tests.activities.psp.stripe.exchanges import (
    ACCOUNT,
    Answer,
    Exchanges,
    pi,
    speaking,
)
from workflows.domain.psp import AuthorizeInstruction, Operation, VoidInstruction

ASKED = instructions(ACCOUNT, AMOUNT, "cs_1")
PAGE = "https://checkout.stripe.com/c/pay/cs_1"
MADE = {"paysaga_key": "in_cert:authorize:1", "paysaga_page": "checkout"}
NOW = 1_800_000_000.0


def cs(**members: Any) -> dict[str, Any]:
    return session(**{"id": "cs_1", "url": PAGE, **members})


def paid(**members: Any) -> dict[str, Any]:
    """The payment intent that the page made."""
    return pi(**{"metadata": MADE, "amount_capturable": 5000, **members})


def order(**change: Any) -> AuthorizeInstruction:
    asked = ASKED[Operation.AUTHORIZE]
    assert isinstance(asked, AuthorizeInstruction)
    return replace(asked, payment_token=None, **change)


async def authorized(answer: Answer, kept: Exchanges | None = None, **change: Any) -> Any:
    async with speaking(answer, kept) as adapter:
        return await adapter.authorize(order(**change))


async def voided(answer: Answer, kept: Exchanges | None = None, **change: Any) -> Any:
    void = ASKED[Operation.VOID]
    assert isinstance(void, VoidInstruction)
    async with speaking(answer, kept) as adapter:
        return await adapter.void(replace(void, **change))


def sent(heard: Heard) -> dict[str, str]:
    return dict(parse_qsl(heard.body.decode()))

"""What was asked stays asked: a second question that goes nowhere leaves the first in doubt."""

from __future__ import annotations

from typing import Any

import pytest

from activities.psp.wire import InDoubt
from tests.activities.psp.paypal.far import (
    BATCH,
    CAPTURE,
    HELD,
    ORDER,
    ORDER_REF,
    ask,
    captured,
    error,
    held,
    instruction,
    refused,
)
from tests.activities.psp.paypal.test_payouts import LINK, duplicate
from workflows.domain.psp import Operation

BUSY = (429, error("RATE_LIMIT_REACHED", "RATE_LIMIT_REACHED"))
STRANGERS = (401, {"error": "invalid_token"})
LOOK_AT_HOLD = f"GET /v2/payments/authorizations/{HELD}"

SECONDS: dict[str, tuple[str, Any, dict[str, Any], str]] = {
    "a batch under our key": (
        Operation.PAYOUT,
        instruction(Operation.PAYOUT),
        {"POST /v1/payments/payouts": duplicate(links=[LINK])},
        f"GET /v1/payments/payouts/{BATCH}",
    ),
    "a refund of all there was": (
        Operation.REFUND,
        instruction(Operation.REFUND, CAPTURE),
        {f"POST /v2/payments/captures/{CAPTURE}/refund": refused("CAPTURE_FULLY_REFUNDED")},
        f"GET /v2/payments/captures/{CAPTURE}",
    ),
    "a refund whose order is not shown": (
        Operation.REFUND,
        instruction(Operation.REFUND, CAPTURE),
        {
            f"POST /v2/payments/captures/{CAPTURE}/refund": refused("DUPLICATE_INVOICE_ID"),
            f"GET /v2/payments/captures/{CAPTURE}": (200, captured("REFUNDED")),
        },
        f"GET /v2/checkout/orders/{ORDER}",
    ),
    "a capture that was made before": (
        Operation.CAPTURE,
        instruction(Operation.CAPTURE, HELD),
        {
            f"POST /v2/payments/authorizations/{HELD}/capture": refused(
                "AUTHORIZATION_ALREADY_CAPTURED"
            )
        },
        LOOK_AT_HOLD,
    ),
    "a void that was done": (
        Operation.VOID,
        instruction(Operation.VOID, HELD),
        {f"POST /v2/payments/authorizations/{HELD}/void": (204, {})},
        LOOK_AT_HOLD,
    ),
    "an order that was authorized before": (
        "complete",
        instruction("complete", ORDER_REF),
        {f"POST /v2/checkout/orders/{ORDER}/authorize": refused("ORDER_ALREADY_AUTHORIZED")},
        f"GET /v2/checkout/orders/{ORDER}",
    ),
}


@pytest.mark.parametrize("answer", [BUSY, STRANGERS], ids=["busy", "strangers"])
@pytest.mark.parametrize("name", SECONDS)
async def test_what_was_sent_is_not_called_unsent_when_the_look_at_it_is_refused(
    name: str, answer: tuple[int, Any]
) -> None:
    operation, question, replies, look = SECONDS[name]
    reply, kept = await ask(operation, question, replies | {look: answer})
    assert look in kept.asked
    assert isinstance(reply, InDoubt)


async def test_a_void_that_was_only_looked_for_was_not_sent() -> None:
    """The look came first, so that nothing was asked to be undone."""
    reply, kept = await ask(
        Operation.VOID,
        instruction(Operation.VOID, ORDER_REF),
        {f"GET /v2/checkout/orders/{ORDER}": BUSY, LOOK_AT_HOLD: (200, held())},
    )
    assert not isinstance(reply, InDoubt)
    assert [each.method for each in kept.heard] == ["GET"]

"""What only adorns an answer never costs the answer; what decides is read strictly."""

from __future__ import annotations

from typing import Any

import pytest

from activities.psp.wire import InDoubt
from tests.activities.psp.paypal.far import (
    CAPTURE,
    HELD,
    ORDER,
    ORDER_REF,
    Json,
    ask,
    captured,
    held,
    instruction,
    lookup,
    order,
    refunded,
    unit,
)
from workflows.domain.money import Money
from workflows.domain.psp import COMPLETE, Approved, Operation

AUTHORIZE = f"POST /v2/checkout/orders/{ORDER}/authorize"
LOOK = f"GET /v2/checkout/orders/{ORDER}"
FIFTY = Money(5000, "EUR")
ODD: list[Any] = [True, 0, "0", "", [], {}, [None], {"x": 1}, None]
ADORNMENTS = (
    "processor_response",
    "network_transaction_reference",
    "supplementary_data",
    "links",
    "seller_protection",
    "expiration_time",
)


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("name", ADORNMENTS)
async def test_an_adornment_of_another_type_does_not_lose_the_authorization(
    name: str, odd: Any
) -> None:
    answer = order("COMPLETED", held(**{name: odd}), payment_source=odd)
    reply, _ = await ask(COMPLETE, instruction(COMPLETE, ORDER_REF), {AUTHORIZE: (201, answer)})
    assert isinstance(reply, Approved)
    assert (reply.psp_ref, reply.amount) == (HELD, FIFTY)


@pytest.mark.parametrize("odd", [True, 5120, 0])
async def test_codes_that_are_no_texts_are_read_as_if_they_were(odd: Any) -> None:
    answer = order("COMPLETED", held("DENIED", processor_response={"response_code": odd}))
    reply, _ = await ask(COMPLETE, instruction(COMPLETE, ORDER_REF), {AUTHORIZE: (201, answer)})
    assert reply.code == str(odd).lower()


@pytest.mark.parametrize(
    "spoiled",
    [
        {"id": True},
        {"status": 0},
        {"amount": {"currency_code": None, "value": "50.00"}},
        {"amount": {"currency_code": "EUR", "value": False}},
        {"amount": None},
        {"custom_id": "in_other:authorize:1"},
    ],
    ids=repr,
)
async def test_what_decides_is_believed_in_its_own_shape_alone(spoiled: Json) -> None:
    answer = order("COMPLETED", held(**spoiled))
    reply, _ = await ask(COMPLETE, instruction(COMPLETE, ORDER_REF), {AUTHORIZE: (201, answer)})
    assert isinstance(reply, InDoubt)


def whole(**payments: list[Any]) -> Json:
    return order("COMPLETED", purchase_units=[unit() | {"payments": payments}])


LOOKED_FOR: dict[str, tuple[Operation, str, Json, str]] = {
    "captures": (Operation.CAPTURE, HELD, captured(), f"/v2/payments/authorizations/{HELD}"),
    "refunds": (Operation.REFUND, CAPTURE, refunded(), f"/v2/payments/captures/{CAPTURE}"),
}


@pytest.mark.parametrize("kind", LOOKED_FOR)
async def test_one_that_cannot_be_read_costs_no_other_of_its_order(kind: str) -> None:
    operation, parent_ref, ours, parent = LOOKED_FOR[kind]
    seen = held("CAPTURED") if operation is Operation.CAPTURE else captured()
    answer = {f"GET {parent}": (200, seen), LOOK: (200, whole(**{kind: [False, {"id": 5}, ours]}))}
    finding, _ = await ask("look_up", lookup(operation, parent_ref=parent_ref), answer)
    assert isinstance(finding, Approved)
    # But where ours is not among the others, it may be the one that cannot be read.
    answer[LOOK] = (200, whole(**{kind: [ours | {"invoice_id": "in_x:capture"}, {"id": 5}]}))
    finding, _ = await ask("look_up", lookup(operation, parent_ref=parent_ref), answer)
    assert isinstance(finding, InDoubt)


async def test_a_hold_that_cannot_be_read_is_no_refusal() -> None:
    answer = whole(authorizations=[{"id": 5}, held("DENIED")])
    finding, _ = await ask("look_up", lookup(Operation.AUTHORIZE, ORDER_REF), {LOOK: (200, answer)})
    assert isinstance(finding, InDoubt)
    answer = whole(authorizations=[{"id": 5}, held()])
    finding, _ = await ask("look_up", lookup(Operation.AUTHORIZE, ORDER_REF), {LOOK: (200, answer)})
    assert finding == Approved(HELD, FIFTY)

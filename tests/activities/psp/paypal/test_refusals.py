"""What PayPal refuses: nothing was done, something may have been, or another account may."""

from __future__ import annotations

import pytest
import structlog

from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.paypal.far import ask, error, instruction, refused
from workflows.domain.psp import Declined, Operation

CREATE = "POST /v2/checkout/orders"

CERTAINLY_NOTHING = {
    "wrong key": (401, {"error": "invalid_token"}),
    "too many": (429, error("RATE_LIMIT_REACHED", "RATE_LIMIT_REACHED")),
}


@pytest.mark.parametrize("name", CERTAINLY_NOTHING)
async def test_where_paypal_did_nothing_another_psp_may_be_asked(name: str) -> None:
    reply, _ = await ask(
        Operation.AUTHORIZE,
        instruction(Operation.AUTHORIZE),
        {CREATE: CERTAINLY_NOTHING[name]},
    )
    assert isinstance(reply, NeverSent)


@pytest.mark.parametrize(
    ("status", "issue"),
    [
        (403, "PERMISSION_DENIED"),
        (403, "NOT_ENABLED_FOR_CARD_PROCESSING"),
        (401, "INVALID_ACCOUNT_STATUS"),
        (422, "PAYEE_ACCOUNT_RESTRICTED"),
    ],
)
async def test_where_our_account_may_not_an_operator_sees_it_and_another_account_is_asked(
    status: int, issue: str
) -> None:
    replies = {CREATE: (status, error("NOT_AUTHORIZED", issue))}
    with structlog.testing.capture_logs() as lines:
        reply, _ = await ask(Operation.AUTHORIZE, instruction(Operation.AUTHORIZE), replies)
    assert reply == Declined("account_misconfigured", soft=True, code=issue)
    assert [line["log_level"] for line in lines] == ["error"]


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (405, "METHOD_NOT_SUPPORTED"),
        (406, "MEDIA_TYPE_NOT_ACCEPTABLE"),
        (415, "UNSUPPORTED_MEDIA_TYPE"),
        (400, "INVALID_REQUEST"),
    ],
)
async def test_what_paypal_will_not_read_is_refused_and_not_in_doubt(
    status: int, name: str
) -> None:
    replies = {CREATE: (status, {"name": name, "message": "No.", "debug_id": "9"})}
    reply, _ = await ask(Operation.AUTHORIZE, instruction(Operation.AUTHORIZE), replies)
    assert reply == Declined("invalid_request", soft=False, code=name)


async def test_a_refusal_by_something_in_front_of_paypal_leaves_doubt() -> None:
    for status in (400, 403, 404, 422):
        replies = {CREATE: (status, {"error": "forbidden"})}
        reply, _ = await ask(Operation.AUTHORIZE, instruction(Operation.AUTHORIZE), replies)
        assert isinstance(reply, InDoubt)


MAYBE = {
    "in progress": (409, error("RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS")),
    "paid before": refused("DUPLICATE_INVOICE_ID"),
    "broken": (500, error("INTERNAL_SERVER_ERROR", "INTERNAL_SERVICE_ERROR")),
    "timeout": (408, error("REQUEST_TIMEOUT", "REQUEST_TIMEOUT")),
    "teapot": (418, error("TEAPOT", "TEAPOT")),
}


@pytest.mark.parametrize("name", MAYBE)
async def test_where_something_may_have_been_done_it_is_in_doubt(name: str) -> None:
    reply, _ = await ask(
        Operation.AUTHORIZE, instruction(Operation.AUTHORIZE), {CREATE: MAYBE[name]}
    )
    assert isinstance(reply, InDoubt)

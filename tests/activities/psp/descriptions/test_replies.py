"""Replies and webhooks that the tests play are held to the same descriptions."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.activities.psp.descriptions import (
    check_component,
    check_response,
    check_webhook,
    description,
    needs_descriptions,
)
from tests.activities.psp.descriptions.right import CHECKOUT, EVENTS, ORDERS, PAYMENTS, STRIPE

pytestmark = needs_descriptions

JSON = {"content-type": "application/json;charset=UTF-8"}
CAPTURE = {
    "id": "2GG",
    "status": "COMPLETED",
    "amount": {"currency_code": "EUR", "value": "10.00"},
    "final_capture": True,
    "create_time": "2026-02-18T20:01:35Z",
    "links": [{"href": "https://api-m.paypal.com/v2/payments/captures/2GG", "rel": "self"}],
}
PLACE = ("POST", "/v2/payments/authorizations/0VF/capture")
REFUSED = {
    "name": "UNPROCESSABLE_ENTITY",
    "message": "The requested action could not be performed, semantically incorrect, "
    "or failed business validation.",
    "debug_id": "c9a75b43fc807",
    "details": [
        {
            "issue": "AUTHORIZATION_VOIDED",
            # With the blank at its end, as the description has it.
            "description": "A voided authorization cannot be captured or reauthorized. ",
        }
    ],
}


def check_reply(at: str, place: tuple[str, str], status: int, reply: object, **more: Any) -> None:
    check_response(description(at), *place, status, JSON, orjson.dumps(reply), **more)


def test_a_right_reply_passes() -> None:
    check_reply(PAYMENTS, PLACE, 201, CAPTURE)
    check_reply(PAYMENTS, PLACE, 422, REFUSED)
    received = {
        "merchantAccount": "Brand_EU",
        "paymentPspReference": "8835",
        "pspReference": "8836",
        "reference": "deposit-1",
        "status": "received",
        "amount": {"currency": "EUR", "value": 1000},
    }
    check_reply(CHECKOUT, ("POST", "/v71/payments/8835/captures"), 201, received)
    void = ("POST", "/v2/payments/authorizations/0VF/void")
    check_response(description(PAYMENTS), *void, 204, {}, b"")


def test_a_reply_of_which_only_one_of_many_kinds_may_be_meant_passes() -> None:
    failed = {
        "name": "INTERNAL_SERVER_ERROR",
        "message": "An internal server error occurred.",
        "debug_id": "c9a75b43fc807",
    }
    check_reply(ORDERS, ("POST", "/v2/checkout/orders"), 500, failed)
    challenge = {
        "resultCode": "RedirectShopper",
        "action": {
            "type": "redirect",
            "method": "GET",
            "paymentMethodType": "scheme",
            "url": "https://checkoutshopper-test.adyen.com/checkoutshopper/threeDS/redirect?MD=M",
        },
    }
    place = ("POST", "/v71/payments")
    check_reply(CHECKOUT, place, 200, challenge)
    check_reply(CHECKOUT, place, 200, challenge, made_up=False)
    with pytest.raises(AssertionError, match="/action"):
        check_reply(CHECKOUT, place, 200, challenge | {"action": {"type": "teleport"}})


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        ({"state": "COMPLETED"}, "/ nobody describes state"),
        ({"status": "SUCCEEDED"}, "/status breaks enum"),
        ({"amount": {"currency_code": "EUR", "value": 10.0}}, "/amount/value breaks type: string"),
        ({"amount": {"currency_code": "EUR"}}, "/amount value is missing"),
        ({"create_time": "yesterday"}, "/create_time"),
        ({"links": [{"href": "https://api-m.paypal.com/"}]}, "/links/0 rel is missing"),
    ],
)
def test_a_reply_that_the_psp_would_not_send_is_refused(
    change: dict[str, Any], objection: str
) -> None:
    with pytest.raises(AssertionError, match=objection):
        check_reply(PAYMENTS, PLACE, 201, CAPTURE | change)


def test_a_status_media_type_or_body_that_is_not_described_is_refused() -> None:
    at, body = description(PAYMENTS), orjson.dumps(CAPTURE)
    with pytest.raises(AssertionError, match="202 is not described"):
        check_response(at, *PLACE, 202, JSON, body)
    with pytest.raises(AssertionError, match="text/html where"):
        check_response(at, *PLACE, 201, {"Content-Type": "text/html"}, body)
    with pytest.raises(AssertionError, match="the body is missing"):
        check_response(at, *PLACE, 201, JSON, b"")
    with pytest.raises(AssertionError, match="has no body"):
        check_response(at, "POST", "/v2/payments/authorizations/0VF/void", 204, JSON, body)


def test_a_recorded_reply_may_know_more_than_the_description_but_not_less() -> None:
    check_reply(PAYMENTS, PLACE, 201, CAPTURE | {"younger": 1}, made_up=False)
    with pytest.raises(AssertionError, match="/amount value is missing"):
        check_reply(
            PAYMENTS, PLACE, 201, CAPTURE | {"amount": {"currency_code": "EUR"}}, made_up=False
        )


def test_an_error_of_the_psp_must_be_one_of_its_errors() -> None:
    place = ("POST", "/v2/checkout/orders")
    with pytest.raises(AssertionError, match="POST /v2/checkout/orders → 422: /details/0"):
        check_reply(ORDERS, place, 422, REFUSED | {"details": [{"issue": "NO_SUCH_ISSUE"}]})


ITEM = {
    "eventCode": "CAPTURE",
    "eventDate": "2026-02-18T20:01:35+01:00",
    "pspReference": "8836",
    "originalReference": "8835",
    "merchantReference": "deposit-1",
    "merchantAccountCode": "Brand_EU",
    "amount": {"currency": "EUR", "value": 1000},
    "success": "true",
    "additionalData": {"hmacSignature": "c2lnbmF0dXJl"},
}


def delivery(*items: object) -> bytes:
    wrapped = [{"NotificationRequestItem": item} for item in items]
    return orjson.dumps({"live": "false", "notificationItems": wrapped})


def test_a_batch_of_adyens_events_passes() -> None:
    check_webhook(description(EVENTS), "CAPTURE", delivery(ITEM, ITEM | {"success": "false"}))


@pytest.mark.parametrize(
    ("event_code", "body", "objection"),
    [
        ("REFUND", delivery(ITEM), "the items are {'CAPTURE'}"),
        ("NO_SUCH_EVENT", delivery(ITEM), "no such event"),
        ("CAPTURE", delivery(ITEM | {"success": True}), "success breaks type: string"),
        (
            "CAPTURE",
            delivery(ITEM | {"amount": {"currency": "EUR", "value": "1"}}),
            "type: integer",
        ),
        ("CAPTURE", delivery(ITEM | {"merchantRef": "1"}), "nobody describes merchantRef"),
        ("CAPTURE", delivery(ITEM | {"eventDate": "18.02.2026"}), "is no date-time"),
        ("CAPTURE", delivery(), "no items"),
        ("CAPTURE", b'{"live": "false"}', "no items"),
        ("CAPTURE", b'{"notificationItems": [{}]}', "the items are {None}"),
    ],
)
def test_an_event_that_adyen_would_not_send_is_refused(
    event_code: str, body: bytes, objection: str
) -> None:
    with pytest.raises(AssertionError, match=objection):
        check_webhook(description(EVENTS), event_code, body)


def test_a_named_schema_judges_what_no_operation_carries() -> None:
    check_component(description(PAYMENTS), "capture", orjson.dumps(CAPTURE))
    with pytest.raises(AssertionError, match="capture: / nobody describes state"):
        check_component(description(PAYMENTS), "capture", orjson.dumps(CAPTURE | {"state": "x"}))
    with pytest.raises(AssertionError, match="refund: / amount is missing"):
        check_component(description(STRIPE), "refund", b'{"object": "refund"}')

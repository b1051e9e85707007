"""The judge is not blind: what is right passes, and every way to spoil it is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.activities.psp.descriptions import (
    Description,
    Request,
    check_request,
    description,
    mutations,
    needs_descriptions,
    refuses_mutations,
)
from tests.activities.psp.descriptions.right import RIGHT

pytestmark = needs_descriptions


@pytest.mark.parametrize("name", RIGHT)
def test_every_mutation_of_a_right_request_is_refused(name: str) -> None:
    at, request = RIGHT[name]
    assert refuses_mutations(description(at), request) >= 5


def without(node: Any, keyword: str) -> Any:
    """A node of which no part says this keyword (not a member of that name: that is an object)."""
    if isinstance(node, dict):
        return {
            key: without(inner, keyword)
            for key, inner in node.items()
            if key != keyword or isinstance(inner, dict)
        }
    return [without(inner, keyword) for inner in node] if isinstance(node, list) else node


@pytest.mark.parametrize(
    ("keyword", "name"),
    [
        ("required", "paypal order"),
        ("enum", "paypal order"),
        ("pattern", "paypal order"),
        ("format", "paypal order"),
        ("minItems", "paypal order"),
        ("readOnly", "paypal webhook is made"),
        ("maxLength", "adyen payment"),
        ("minLength", "adyen payment"),
        ("type", "adyen payment"),
        ("security", "adyen payment"),
        ("type", "stripe payment"),
        ("required", "stripe payment"),
    ],
)
def test_the_controls_would_notice_a_judge_that_is_blind_to_a_rule(keyword: str, name: str) -> None:
    at, request = RIGHT[name]
    seeing = description(at)
    components = {**seeing.document["components"]}
    components["schemas"] = without(components["schemas"], keyword)
    paths = without(seeing.document["paths"], keyword)
    blind = Description("blind", {**seeing.document, "paths": paths, "components": components})
    check_request(blind, *request)
    with pytest.raises(AssertionError, match="taken in spite of"):
        refuses_mutations(blind, request, mutations(seeing, request))


def body(old: str, new: str) -> Callable[[Request], Request]:
    def spoil(request: Request) -> Request:
        assert old.encode() in request.body
        return request._replace(body=request.body.replace(old.encode(), new.encode(), 1))

    return spoil


def path(old: str, new: str) -> Callable[[Request], Request]:
    return lambda request: request._replace(path=request.path.replace(old, new))


def query(old: str, new: str) -> Callable[[Request], Request]:
    return lambda request: request._replace(query=request.query.replace(old, new))


def method(other: str) -> Callable[[Request], Request]:
    return lambda request: request._replace(method=other)


def kind(other: str) -> Callable[[Request], Request]:
    return lambda request: request._replace(headers={**request.headers, "Content-Type": other})


FORM, JSON = "application/x-www-form-urlencoded", "application/json"
BY_HAND = [
    ("paypal order", body('"intent":"AUTHORIZE",', ""), "/ intent is missing"),
    ("paypal order", body("custom_id", "customId"), "/purchase_units/0 nobody describes customId"),
    (
        "paypal order",
        body('"10.00"', "10.00"),
        "/purchase_units/0/amount/value breaks type: string",
    ),
    ("paypal order", body('"10.00"', '"10,00"'), "/purchase_units/0/amount/value does not match"),
    (
        "paypal order",
        body('"10.00"', r'"10.00\n"'),
        "/purchase_units/0/amount/value does not match",
    ),
    ("paypal order", body('"EUR"', '"eur"'), "currency_code is no ppaas_common_currency_code_v2"),
    ("paypal order", body("AUTHORIZE", "AUTHORISE"), "/intent breaks enum"),
    (
        "paypal order",
        body("deposit-1", "d" * 257),
        "/purchase_units/0/reference_id breaks maxLength",
    ),
    ("paypal order", body("https://", "https:// "), "return_url is no uri"),
    ("paypal order", path("/v2/", "/v3/"), "no such path: /v3/checkout/orders"),
    ("paypal order", method("PUT"), "/v2/checkout/orders knows ['POST'], not PUT"),
    ("paypal order", kind(FORM), f"{FORM} where ['{JSON}'] stand"),
    ("paypal order", body('"intent"', '"intent":"CAPTURE","intent"'), "a member is said twice"),
    ("paypal capture", body('"amount"', '"id":"0VF","amount"'), "/ nobody describes id"),
    ("paypal capture", body("true", '"true"'), "/final_capture breaks type: boolean"),
    ("paypal refund", body("EUR", "EURO"), "/amount/currency_code breaks maxLength: 3"),
    ("paypal payout", body("PAYPAL_ID", "AN_IBAN_PERHAPS"), "/items/0/recipient_type breaks max"),
    ("paypal payout", body("sender_batch_header", "batch"), "/ sender_batch_header is missing"),
    ("paypal payout", body('"currency"', '"currency_code"'), "/items/0/amount currency is missing"),
    ("paypal transactions", query("start_date", "from"), "query start_date is missing"),
    ("paypal transactions", query("page_size", "size"), "nobody describes query ['size']"),
    ("paypal transactions", query("page_size=100", "page_size=501"), "breaks maximum: 500"),
    (
        "paypal webhook is verified",
        body("20:01:35Z", "20:01"),
        "/transmission_time is no date-time",
    ),
    ("adyen payment", body('"value":1000', '"value":"1000"'), "/amount/value breaks type: integer"),
    ("adyen payment", body('"value":1000', '"value":1000.0'), "/amount/value breaks type: integer"),
    ("adyen payment", body("returnUrl", "returnURL"), "/ nobody describes returnURL"),
    ("adyen payment", body("Ecommerce", "Web"), "/shopperInteraction breaks enum"),
    (
        "adyen payment",
        body("storedPaymentMethodId", "token"),
        "/paymentMethod nobody describes token",
    ),
    ("adyen payment", body("scheme", "no-such-method"), "/paymentMethod"),
    ("adyen payment", body("player-1", "p" * 257), "/shopperReference breaks maxLength: 256"),
    ("adyen payment", path("/v71", "/v70"), "no such path: /v70/payments"),
    ("adyen capture", body('"amount"', '"sum"'), "/ amount is missing"),
    ("adyen capture", method("PATCH"), "/payments/{paymentPspReference}/captures knows ['POST']"),
    ("adyen payout", body("1990-01-31", "31-01-1990"), "/dateOfBirth is no date"),
    ("adyen payout", body("NaturalPerson", "Human"), "/entityType breaks enum"),
    ("adyen payout is confirmed", body("originalReference", "reference"), "originalReference is"),
    ("stripe payment", body("amount=1000&", ""), "/ amount is missing"),
    ("stripe payment", body("amount=1000", "amount=10.00"), "/amount breaks type: integer"),
    ("stripe payment", body("return_url", "returnUrl"), "/ nobody describes returnUrl"),
    (
        "stripe payment",
        body("=any", "=always"),
        "/payment_method_options/card/request_three_d_secure",
    ),
    ("stripe payment", body("manual", "later"), "/capture_method breaks enum"),
    ("stripe payment", body("confirm=true", "confirm=yes"), "/confirm breaks type: boolean"),
    ("stripe payment", body("pm_1", "p" * 5001), "/payment_method breaks maxLength: 5000"),
    ("stripe payment", body("amount=1000", "amount=1000&amount=1"), "amount is said twice"),
    ("stripe payment", kind(JSON), f"{JSON} where ['{FORM}'] stand"),
    (
        "stripe payment is read",
        query("expand[]", "expands[]"),
        "nobody describes query ['expands']",
    ),
]


@pytest.mark.parametrize(("name", "spoil", "objection"), BY_HAND)
def test_what_is_spoilt_by_hand_is_told(
    name: str, spoil: Callable[[Request], Request], objection: str
) -> None:
    at, request = RIGHT[name]
    with pytest.raises(AssertionError) as refused:
        check_request(description(at), *spoil(request))
    assert objection in str(refused.value)
    assert spoil(request) != request

"""Methods that know no hold: asked as sales, told as sales, and never captured by us."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from activities.psp.contract import ListsMethods, Takes
from activities.psp.plugins.adyen.certification.suite import AdyenCertification
from activities.psp.plugins.adyen.methods import METHODS, TYPES, is_sale, type_of
from tests.activities.psp.adyen.far import PAYMENT, adyen, asked, says
from tests.activities.psp.adyen.hearing import hear, item, signed, told_by
from tests.activities.psp.descriptions import description, needs_descriptions
from workflows.domain.money import Money, exponent
from workflows.domain.psp import Approved

SALES = sorted(name for name, method in METHODS.items() if method.takes is Takes.SALE)
HOLDS = sorted(name for name, method in METHODS.items() if method.takes is Takes.HOLD)
EUR = Money(5000, "EUR")


def deposit(method: str, token: str | None = None) -> Any:
    return replace(asked("authorize"), method=method, payment_token=token)


def test_the_table_is_there_for_whoever_asks_before_anything_is_sent() -> None:
    adapter = AdyenCertification().connect("http://127.0.0.1:1")
    assert isinstance(adapter, ListsMethods)
    assert adapter.methods is METHODS
    assert len(SALES) >= 50
    for name in ("ideal", "trustly", "blik", "pix", "swish", "mb_way", "paysafecard"):
        assert METHODS[name].takes is Takes.SALE
    card, ideal = METHODS["card"], METHODS["ideal"]
    assert (card.takes, card.pays_out) == (Takes.HOLD, True)
    assert (ideal.countries, ideal.currencies) == (("NL",), ("EUR",))
    assert METHODS["swish"].minimum == {"SEK": 100}


@pytest.mark.parametrize("name", METHODS)
def test_countries_and_currencies_of_a_method_are_such(name: str) -> None:
    method = METHODS[name]
    assert all(len(country) == 2 and country.isupper() for country in method.countries or ())
    for currency in (*(method.currencies or ()), *method.minimum):
        assert exponent(currency) >= 0
    assert not set(method.minimum) - set(method.currencies or method.minimum)


def test_a_name_of_adyens_is_of_one_method_alone() -> None:
    assert TYPES.keys() <= METHODS.keys()
    named = [type_of(method) for method in METHODS]
    assert len(set(named)) == len(named)
    assert [is_sale(name) for name in ("card", "added_next_year", "mbway")] == [False, False, True]


@needs_descriptions
@pytest.mark.parametrize("name", sorted(METHODS.keys() - {"bank"}))
def test_a_method_is_one_that_adyen_describes(name: str) -> None:
    schemas = description("adyen/CheckoutService-v71.json").document["components"]["schemas"]
    described = {
        one
        for schema in schemas.values()
        for one in schema.get("properties", {}).get("type", {}).get("enum", ())
    }
    assert type_of(name) in described


@pytest.mark.parametrize("token", [None, "stored"], ids=["on our page", "with stored details"])
@pytest.mark.parametrize("method", SALES)
async def test_a_sale_is_never_asked_to_be_captured_by_us(method: str, token: str | None) -> None:
    async with adyen() as far:
        await far.adapter.authorize(deposit(method, token))
    (exchange,) = far.exchanges
    assert b"manualCapture" not in exchange.request.body
    mark = ":sale" if token else ":page:sale"
    assert exchange.body["reference"] == f"in_cert:authorize:1{mark}"


@pytest.mark.parametrize("method", HOLDS)
async def test_a_hold_is_asked_to_be_captured_by_us(method: str) -> None:
    async with adyen() as far:
        await far.adapter.authorize(deposit(method, "stored"))
        await far.adapter.authorize(deposit(method))
    stored, page = (exchange.body for exchange in far.exchanges)
    assert stored["additionalData"] == {"manualCapture": "true"}
    assert stored["reference"] == "in_cert:authorize:1"
    assert (page["manualCapture"], page["reference"]) == (True, "in_cert:authorize:1:page")


@pytest.mark.parametrize("method", HOLDS)
async def test_what_could_be_held_is_captured_without_delay_where_it_is_to_be_sold(
    method: str,
) -> None:
    sale = replace(asked("sale"), method=method)
    async with adyen() as far:
        stored = await far.adapter.sell(sale)
        await far.adapter.sell(replace(sale, payment_token=None))
    assert isinstance(stored, Approved)
    assert stored.captured
    charge, page = (exchange.body for exchange in far.exchanges)
    assert (charge["captureDelayHours"], charge["reference"]) == (0, "in_cert:sale:1")
    assert (page["captureDelayHours"], page["reference"]) == (0, "in_cert:sale:1:page")
    for body in (charge, page):
        assert "manualCapture" not in body
        assert "additionalData" not in body


async def test_what_knows_no_hold_is_told_nothing_of_its_capture() -> None:
    async with adyen() as far:
        await far.adapter.sell(replace(asked("sale"), method="ideal", country="NL"))
    [exchange] = far.exchanges
    assert exchange.body["reference"] == "in_cert:sale:1"
    assert "captureDelayHours" not in exchange.body


@pytest.mark.parametrize("mark", ["", ":page"])
def test_an_event_of_what_was_sold_says_so_by_its_key(mark: str) -> None:
    event = told_by(item("AUTHORISATION", f"in_p1:sale:1{mark}", pspReference=PAYMENT))
    assert event.reply == Approved(PAYMENT, EUR, captured=True)
    assert (event.key, event.unasked) == ("in_p1:sale:1", False)


async def test_a_players_country_goes_along_where_it_is_known() -> None:
    async with adyen() as far:
        await far.adapter.authorize(replace(deposit("ideal"), country="NL"))
        await far.adapter.authorize(deposit("ideal"))
    known, unknown = (exchange.body for exchange in far.exchanges)
    assert known["countryCode"] == "NL"
    assert "countryCode" not in unknown
    assert known["allowedPaymentMethods"] == ["ideal"]
    assert "storePaymentMethodMode" not in known


@pytest.mark.parametrize("reference", ["in_cert:authorize:1", "in_cert:authorize:1:sale"])
async def test_an_approved_sale_is_captured_in_the_answer(reference: str) -> None:
    answer = {
        "resultCode": "Authorised",
        "pspReference": PAYMENT,
        "merchantReference": reference,
        "amount": {"currency": "EUR", "value": 5000},
        "paymentMethod": {"type": "ideal"},
    }
    async with adyen(says(200, answer)) as far:
        at_once = await far.adapter.authorize(deposit("ideal", "stored"))
        back = await far.adapter.complete(asked("complete"))
    assert at_once == back == Approved(PAYMENT, EUR, captured=True)


@pytest.mark.parametrize("mark", [":sale", ":page:sale"])
def test_an_approved_sale_is_captured_in_the_event_under_the_same_reference(mark: str) -> None:
    """As Adyen tells of iDEAL: it can be refunded, and not captured."""
    more = {"paymentMethod": "ideal", "operations": ["REFUND"], "reason": ""}
    event = told_by(item("AUTHORISATION", f"in_p1:authorize:1{mark}", pspReference=PAYMENT, **more))
    assert event.reply == Approved(PAYMENT, EUR, captured=True)
    assert (event.key, event.unasked) == ("in_p1:authorize:1", False)


@pytest.mark.parametrize("mark", ["", ":page"])
@pytest.mark.parametrize(
    "claimed",
    [
        {"operations": ["REFUND"], "paymentMethod": "ideal"},
        {"operations": []},
        {"paymentMethod": "trustly", "additionalData": {"paymentLinkId": "PL1"}},
    ],
    ids=str,
)
def test_what_is_not_signed_makes_no_sale_of_a_hold(mark: str, claimed: dict[str, Any]) -> None:
    event = told_by(item("AUTHORISATION", f"in_p1:authorize:1{mark}", **claimed))
    assert event.reply.captured is False


@pytest.mark.parametrize("claimed", [{"operations": ["CAPTURE"], "paymentMethod": "visa"}, {}])
def test_what_is_not_signed_makes_no_hold_of_a_sale(claimed: dict[str, Any]) -> None:
    event = told_by(item("AUTHORISATION", "in_p1:authorize:1:sale", **claimed))
    assert event.reply.captured is True


@pytest.mark.parametrize(
    "reference",
    [
        "in_1:capture:sale",
        "in_1:authorize:1:sale:page",
        "in_1:authorize:1:sold",
        "in_1:sale",
        "in_1:sale:1:sale",
    ],
)
def test_a_mark_that_we_do_not_write_is_no_reference_of_ours(reference: str) -> None:
    heard = hear(signed(item("AUTHORISATION", reference)))
    assert (list(heard.events), list(heard.ignored)) == ([], ["AUTHORISATION"])

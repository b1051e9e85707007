"""Without a token Stripe's own page takes the payment: opened, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stripe.params.checkout import SessionCreateParams

from activities.psp.plugins.stripe import checkout
from activities.psp.wire import InDoubt
from tests.activities.psp.orders import AMOUNT
from tests.activities.psp.stripe.exchanges import (
    Exchanges,
    ago,
    listed,
    looked,
    lookup,
    saying,
    speaking,
)
from tests.activities.psp.stripe.pages import (
    NOW,
    PAGE,
    authorized,
    cs,
    order,
    paid,
    sent,
)
from tests.activities.psp.stripe.typed import objections
from workflows.domain.psp import Approved, Declined, NotFound, Operation, Pending

# --- opening ----------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, ""])
async def test_without_a_token_the_player_is_sent_to_the_page(token: str | None) -> None:
    kept = Exchanges()
    async with speaking(saying(cs()), kept) as adapter:
        opened = await adapter.authorize(replace(order(), payment_token=token))
    assert opened == Pending("cs_1", PAGE)
    (heard,) = kept.heard
    assert heard.path == "/v1/checkout/sessions"
    assert heard.headers["idempotency-key"] == "in_cert:authorize:1"


async def test_the_page_and_the_payment_that_it_makes_carry_our_reference() -> None:
    kept = Exchanges()
    await authorized(saying(cs()), kept)
    form = sent(kept.heard[0])
    assert form["mode"] == "payment"
    assert form["client_reference_id"] == "in_cert:authorize:1"
    for under in ("metadata", "payment_intent_data[metadata]"):
        assert form[f"{under}[paysaga_key]"] == "in_cert:authorize:1"
        assert form[f"{under}[paysaga_trace_id]"] == "trace_1"
    assert form["payment_intent_data[capture_method]"] == "manual"
    # In no other currency than was asked for.
    assert form["adaptive_pricing[enabled]"] == "false"


async def test_a_page_for_a_method_without_holds_is_a_sale() -> None:
    kept = Exchanges()
    await authorized(saying(cs()), kept, method="ideal")
    form = sent(kept.heard[0])
    assert form["payment_intent_data[capture_method]"] == "automatic"
    assert form["payment_method_types[0]"] == "ideal"


def test_a_page_ends_within_what_stripe_takes_and_is_the_same_when_asked_again_soon() -> None:
    soon = [checkout.form(order(), NOW + s, "2025-09-30.clover")["expires_at"] for s in (1, 500)]
    assert soon[0] == soon[1]
    assert 1800 < int(soon[0]) - NOW < 24 * 3600


def test_the_list_of_methods_has_the_name_that_the_version_knows() -> None:
    for version, name in (
        ("2025-09-30.clover", "payment_method_types[0]"),
        ("2026-09-30.endive", "allowed_payment_method_types[0]"),
    ):
        assert checkout.form(order(), NOW, version)[name] == "card"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "pay"),
        ("expires_at", "soon"),
        ("line_items[0][price_data][unit_amount]", "50.00"),
        ("payment_intent_data[capture_method]", "by_hand"),
        ("payment_intent_data[reference]", "x"),
        ("adaptive_pricing[enabled]", "no"),
        ("allowed_payment_method_types[0]", "scheme"),
        ("reference", "x"),
    ],
)
def test_the_judge_of_pages_is_not_blind(name: str, value: str) -> None:
    form = checkout.form(order(), NOW, "2026-10-28.endive")
    assert objections(form, SessionCreateParams) == []
    assert objections({**form, name: value}, SessionCreateParams) == [name]


@pytest.mark.parametrize(
    "members",
    [
        {"metadata": {"paysaga_key": "in_other:authorize:1"}},
        {"amount_total": 5001},
        {"amount_total": None},
        {"currency": "usd"},
        {"url": None},
    ],
)
async def test_a_page_that_is_not_as_it_was_asked_is_a_doubt(members: dict[str, Any]) -> None:
    with pytest.raises(InDoubt):
        await authorized(saying(cs(**members)))


# --- what became of it ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "finding"),
    [
        ({}, Pending("cs_1", PAGE)),
        ({"status": "a_word_of_next_year"}, Pending("cs_1")),
        ({"status": "expired", "url": None}, Declined("expired", soft=False, code="expired")),
        ({"status": "complete", "payment_intent": paid()}, Approved("pi_1", AMOUNT)),
        (
            {
                "status": "complete",
                "payment_intent": paid(
                    status="succeeded", amount_received=5000, capture_method="automatic"
                ),
            },
            Approved("pi_1", AMOUNT, captured=True),
        ),
        (
            {"status": "complete", "payment_intent": paid(status="processing")},
            Pending("pi_1"),
        ),
        # The player has paid, and the session is a moment behind.
        ({"payment_intent": paid()}, Approved("pi_1", AMOUNT)),
    ],
)
async def test_the_page_and_its_payment_say_what_became_of_it(
    members: dict[str, Any], finding: object
) -> None:
    asked = lookup(Operation.AUTHORIZE, psp_ref="cs_1")
    assert await looked(asked, saying(cs(**members))) == finding


async def test_a_no_on_an_open_page_is_no_end() -> None:
    error = {"type": "card_error", "code": "card_declined", "decline_code": "lost_card"}
    tried = paid(status="requires_payment_method", last_payment_error=error)
    by_page = await looked(
        lookup(Operation.AUTHORIZE, psp_ref="cs_1"), saying(cs(payment_intent=tried))
    )
    assert by_page == Pending("cs_1", PAGE)
    pages = listed(cs(payment_intent="pi_1"), url="/v1/checkout/sessions")
    by_key = await looked(
        lookup(Operation.AUTHORIZE),
        saying(listed(tried), tried, pages, cs(payment_intent=tried)),
    )
    assert by_key == Pending("cs_1", PAGE)


async def test_a_page_whose_answer_was_lost_is_found_by_our_reference() -> None:
    kept = Exchanges()
    pages = listed(cs(id="cs_0", metadata={}), cs(), url="/v1/checkout/sessions")
    found = await looked(
        lookup(Operation.AUTHORIZE, asked_at=ago(minutes=5)), saying(listed(), pages, cs()), kept
    )
    assert found == Pending("cs_1", PAGE)
    assert "created%5Bgte%5D" in kept.heard[1].path


@pytest.mark.parametrize(
    "members",
    [
        {"metadata": {"paysaga_key": "in_2:authorize:1"}},
        {"currency": "usd"},
        {"id": "cs_2"},
        {"status": "complete", "payment_intent": paid(metadata={})},
        {"status": "complete", "payment_intent": paid(currency="usd")},
    ],
)
async def test_a_page_about_something_else_is_a_doubt(members: dict[str, Any]) -> None:
    with pytest.raises(InDoubt):
        await looked(lookup(Operation.AUTHORIZE, psp_ref="cs_1"), saying(cs(**members)))


async def test_a_page_that_stripe_does_not_know_is_not_found() -> None:
    gone = {"error": {"type": "invalid_request_error", "code": "resource_missing"}}
    asked = lookup(Operation.AUTHORIZE, psp_ref="cs_1")
    assert await looked(asked, saying(gone, status=404)) == NotFound()

"""A page that we give up is closed, and what was paid by it is released."""

from __future__ import annotations

import pytest

from activities.psp.certification import Canned, Heard
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.orders import AMOUNT
from tests.activities.psp.stripe.exchanges import (
    Exchanges,
    listed,
    looked,
    lookup,
    saying,
)
from tests.activities.psp.stripe.pages import (
    cs,
    paid,
    voided,
)
from workflows.domain.money import Money
from workflows.domain.psp import Approved, NotFound, Operation


def paths(kept: Exchanges) -> list[str]:
    return [f"{each.method} {each.path.partition('?')[0]}" for each in kept.heard]


async def test_a_page_that_nobody_answered_is_closed() -> None:
    kept = Exchanges()
    gone = await voided(saying(cs(), cs(status="expired", url=None)), kept)
    assert gone == Approved("cs_1", AMOUNT)
    assert paths(kept) == [
        "GET /v1/checkout/sessions/cs_1",
        "POST /v1/checkout/sessions/cs_1/expire",
    ]
    assert kept.heard[1].headers["idempotency-key"] == "in_cert:void:1"


async def test_a_page_that_is_closed_already_is_left_alone() -> None:
    kept = Exchanges()
    assert await voided(saying(cs(status="expired", url=None)), kept) == Approved("cs_1", AMOUNT)
    assert paths(kept) == ["GET /v1/checkout/sessions/cs_1"]


async def test_what_was_paid_by_the_page_is_canceled() -> None:
    kept = Exchanges()
    done = cs(status="complete", url=None, payment_intent=paid())
    gone = await voided(saying(done, paid(status="canceled")), kept)
    assert gone == Approved("pi_1", AMOUNT)
    assert paths(kept)[1] == "POST /v1/payment_intents/pi_1/cancel"


async def test_a_sale_by_the_page_cannot_be_voided() -> None:
    sold = paid(status="succeeded", amount_received=5000, capture_method="automatic")
    gone = await voided(saying(cs(status="complete", payment_intent=sold)))
    assert (gone.reason, gone.soft) == ("not_voidable", False)


async def test_a_page_that_is_paid_while_it_is_closed_is_a_doubt() -> None:
    def answer(request: Heard) -> Canned:
        if request.method == "GET":
            return saying(cs())(request)
        no = {"error": {"type": "invalid_request_error", "message": "Not open."}}
        return saying(no, status=400)(request)

    with pytest.raises(InDoubt):
        await voided(answer)


async def test_a_page_that_cannot_be_read_is_not_closed() -> None:
    kept = Exchanges()
    with pytest.raises(NeverSent):
        await voided(saying({"error": {"type": "api_error"}}, status=500), kept)
    assert [each.method for each in kept.heard] == ["GET"]


async def test_a_page_whose_id_we_never_heard_is_found_among_the_open_ones_and_closed() -> None:
    kept = Exchanges()
    nothing = {"object": "search_result", "url": "/v1", "has_more": False, "data": []}
    pages = listed(cs(), url="/v1/checkout/sessions")
    answers = saying(nothing, pages, cs(), cs(status="expired", url=None))
    assert await voided(answers, kept, psp_ref=None) == Approved("cs_1", AMOUNT)
    assert "status=open" in kept.heard[1].path


async def test_what_became_of_closing_a_page_is_told_by_the_page() -> None:
    asked = lookup(Operation.VOID, parent_ref="cs_1")
    assert await looked(asked, saying(cs(status="expired"))) == Approved("cs_1", AMOUNT)
    assert await looked(asked, saying(cs())) == NotFound(safe_to_repeat=True)
    held = cs(status="complete", payment_intent=paid())
    assert await looked(asked, saying(held)) == NotFound(safe_to_repeat=True)
    gone = cs(status="complete", payment_intent=paid(status="canceled"))
    assert await looked(asked, saying(gone)) == Approved("pi_1", AMOUNT)


async def test_an_amount_is_the_pages_own() -> None:
    less = paid(amount_capturable=4000)
    asked = lookup(Operation.AUTHORIZE, psp_ref="cs_1")
    found = await looked(asked, saying(cs(status="complete", payment_intent=less)))
    assert found == Approved("pi_1", Money(4000, "EUR"))

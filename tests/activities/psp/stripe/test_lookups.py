"""What became of an instruction, by whatever Stripe can be asked with."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from activities.psp.plugins.stripe.lookups import PAGES
from activities.psp.wire import InDoubt
from tests.activities.psp.stripe.exchanges import (
    Exchanges,
    ago,
    listed,
    looked,
    lookup,
    pi,
    re,
    saying,
)
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, NoStatus, NotFound, Operation, Pending

AUTHORIZE, CAPTURE = Operation.AUTHORIZE, Operation.CAPTURE
VOID, REFUND = Operation.VOID, Operation.REFUND
FOREIGN = {"metadata": {"paysaga_key": "in_2:authorize:1"}}
SEARCHED: dict[str, Any] = {"object": "search_result", "url": "/v1", "has_more": False}


def paths(kept: Exchanges) -> list[str]:
    return [urlsplit(each.path).path for each in kept.heard]


async def test_an_authorization_is_found_in_the_minutes_in_which_it_was_asked() -> None:
    kept = Exchanges()
    mine = pi(amount_capturable=5000)
    asked = lookup(AUTHORIZE, asked_at="2026-11-24T10:00:30+00:00")
    found = await looked(asked, saying(listed(pi(**FOREIGN), mine), mine), kept)
    assert found == Approved("pi_1", Money(5000, "EUR"))
    assert paths(kept) == ["/v1/payment_intents", "/v1/payment_intents/pi_1"]
    query = dict(parse_qsl(urlsplit(kept.heard[0].path).query))
    assert (query["created[gte]"], query["created[lt]"]) == ("1795514370", "1795515330")


NOWHERE = (listed(), listed(url="/v1/checkout/sessions"), {**SEARCHED, "data": []})
"""In neither list, and not found by the search."""


async def test_while_the_key_is_remembered_what_is_nowhere_is_truly_not_found() -> None:
    for asked_at in (ago(hours=22), ago(minutes=1)):
        kept = Exchanges()
        found = await looked(lookup(AUTHORIZE, asked_at=asked_at), saying(*NOWHERE), kept)
        assert found == NotFound(safe_to_repeat=True)
        assert paths(kept)[1:] == ["/v1/checkout/sessions", "/v1/payment_intents/search"]


async def test_what_the_lists_do_not_show_is_searched_for() -> None:
    mine = pi(amount_capturable=5000)
    found = await looked(
        lookup(AUTHORIZE), saying(*NOWHERE[:2], {**SEARCHED, "data": [mine]}, mine)
    )
    assert isinstance(found, Approved)


async def test_when_the_key_is_forgotten_it_is_not_found_and_not_asked_again() -> None:
    asked = lookup(AUTHORIZE, asked_at=ago(hours=23, minutes=1))
    assert await looked(asked, saying(*NOWHERE)) == NotFound()


@pytest.mark.parametrize("asked_at", ["", "yesterday", "2026-11-24"])
async def test_without_a_time_it_is_searched_for_and_else_in_doubt(asked_at: str) -> None:
    kept, mine = Exchanges(), pi(amount_capturable=5000)
    asked = lookup(AUTHORIZE, asked_at=asked_at)
    found = await looked(asked, saying({**SEARCHED, "data": [mine]}, mine), kept)
    assert isinstance(found, Approved)
    assert paths(kept) == ["/v1/payment_intents/search", "/v1/payment_intents/pi_1"]
    with pytest.raises(InDoubt):
        await looked(asked, saying({**SEARCHED, "data": []}))


async def test_two_payment_intents_of_one_key_are_a_doubt() -> None:
    twice = {**SEARCHED, "data": [pi(), pi(id="pi_2")]}
    with pytest.raises(InDoubt):
        await looked(lookup(AUTHORIZE, asked_at=""), saying(twice))


async def test_a_busy_list_is_read_to_a_bound_and_proves_nothing_then() -> None:
    kept = Exchanges()
    page = listed(pi(**FOREIGN), more=True)
    pages = saying(*[page] * PAGES, *NOWHERE[1:])
    found = await looked(lookup(AUTHORIZE), pages, kept)
    assert found == NoStatus(safe_to_repeat=True)
    assert len(kept.heard) == PAGES + 2
    assert "starting_after=pi_1" in kept.heard[1].path
    old = lookup(AUTHORIZE, asked_at=ago(hours=30))
    with pytest.raises(InDoubt):
        await looked(old, saying(*[page] * PAGES, *NOWHERE[1:]))


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"status": "requires_capture", "amount_capturable": 5000}, Approved),
        ({"status": "succeeded", "amount_received": 5000}, Approved),
        ({"status": "canceled"}, Declined),
        ({"status": "processing"}, Pending),
        ({"status": "requires_action"}, Pending),
        ({"status": "requires_confirmation"}, Pending),
        ({"status": "requires_payment_method"}, Pending),
        ({"status": "a_word_of_next_year"}, Pending),
    ],
)
async def test_the_status_says_what_became_of_an_authorization(
    members: dict[str, Any], kind: type
) -> None:
    found = await looked(lookup(AUTHORIZE, psp_ref="pi_1"), saying(pi(**members)))
    assert isinstance(found, kind)


@pytest.mark.parametrize(
    ("members", "captured", "voided"),
    [
        (
            {"status": "succeeded", "amount_received": 5000},
            Approved("pi_1", Money(5000, "EUR")),
            Declined("not_voidable", soft=False, code="succeeded"),
        ),
        (
            {"status": "canceled"},
            Declined("not_capturable", soft=False, code="canceled"),
            Approved("pi_1", Money(5000, "EUR")),
        ),
        (
            {"status": "canceled", "cancellation_reason": "automatic"},
            Declined("expired", soft=False, code="automatic"),
            Approved("pi_1", Money(5000, "EUR")),
        ),
        (
            {"status": "canceled", "cancellation_reason": "expired"},
            Declined("expired", soft=False, code="expired"),
            Approved("pi_1", Money(5000, "EUR")),
        ),
        (
            {"status": "requires_capture", "amount_capturable": 5000},
            NotFound(safe_to_repeat=True),
            NotFound(safe_to_repeat=True),
        ),
        ({"status": "processing"}, Pending("pi_1"), NoStatus(safe_to_repeat=True)),
        ({"status": "requires_action"}, Pending("pi_1"), NoStatus(safe_to_repeat=True)),
    ],
)
async def test_the_status_says_what_became_of_a_capture_and_of_a_void(
    members: dict[str, Any], captured: object, voided: object
) -> None:
    assert await looked(lookup(CAPTURE), saying(pi(**members))) == captured
    assert await looked(lookup(VOID), saying(pi(**members))) == voided


async def test_the_release_of_the_rest_is_found_in_a_capture_of_a_part() -> None:
    part = pi(status="succeeded", amount=8000, amount_received=3000)
    rest = Approved("pi_1", Money(5000, "EUR"))
    assert await looked(lookup(VOID), saying(part)) == rest
    assert isinstance(await looked(lookup(VOID, amount=None), saying(part)), Declined)


async def test_a_void_that_names_no_hold_may_be_asked_again() -> None:
    found = await looked(lookup(VOID, parent_ref=None), saying({}))
    assert found == NoStatus(safe_to_repeat=True)


async def test_a_refund_is_found_among_those_of_its_payment() -> None:
    other = re(id="re_0", metadata={"paysaga_key": "re_other:refund"})
    pages = saying(listed(other, more=True, url="/v1/refunds"), listed(re(), url="/v1/refunds"))
    kept = Exchanges()
    assert await looked(lookup(REFUND), pages, kept) == Approved("re_1", Money(5000, "EUR"))
    assert "payment_intent=pi_1" in kept.heard[0].path
    assert "starting_after=re_0" in kept.heard[1].path


async def test_a_refund_that_is_not_there_may_be_repeated_while_the_key_is_remembered() -> None:
    none = saying(listed(url="/v1/refunds"))
    assert await looked(lookup(REFUND), none) == NotFound(safe_to_repeat=True)
    assert await looked(lookup(REFUND, asked_at=ago(hours=24)), none) == NotFound()
    assert await looked(lookup(REFUND, parent_ref=None), none) == NoStatus(safe_to_repeat=True)


async def test_more_refunds_than_are_read_are_a_doubt() -> None:
    other = re(metadata={"paysaga_key": "re_other:refund"})
    with pytest.raises(InDoubt):
        await looked(lookup(REFUND), saying(listed(other, more=True, url="/v1/refunds")))


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        (AUTHORIZE, pi(**FOREIGN)),
        (AUTHORIZE, pi(id="pi_2")),
        (AUTHORIZE, pi(currency="usd", amount_capturable=5000)),
        (CAPTURE, pi(**FOREIGN, status="succeeded", amount_received=5000)),
        (CAPTURE, pi(metadata={}, status="succeeded", amount_received=5000)),
        (CAPTURE, pi(status="succeeded", amount_received=None)),
        (VOID, pi(**FOREIGN, status="canceled")),
        (VOID, pi(status="canceled", currency="usd")),
        (REFUND, re(metadata={"paysaga_key": "re_other:refund"})),
        (REFUND, re(payment_intent="pi_2")),
        (REFUND, re(currency="usd")),
    ],
)
async def test_an_answer_about_something_else_is_a_doubt(
    operation: Operation, answer: dict[str, Any]
) -> None:
    psp_ref = "re_1" if operation is REFUND else "pi_1"
    with pytest.raises(InDoubt):
        await looked(lookup(operation, psp_ref=psp_ref), saying(answer))

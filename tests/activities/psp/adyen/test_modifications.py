"""Captures, releases and refunds are promised: their truth is a webhook."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from activities.psp.plugins.adyen.certification.suite import MERCHANT
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.adyen.far import LINK, PAYMENT, a_link, adyen, asked, fault, says
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, Pending

LINKED = f"link_{LINK}"
WORDS = {"capture": "captures", "void": "cancels", "refund": "refunds"}


def received(operation: str, **other: Any) -> dict[str, Any]:
    answer = {
        "merchantAccount": MERCHANT,
        "paymentPspReference": PAYMENT,
        "pspReference": "QB7M3KVT65ZGN82W",
        "reference": asked(operation).key,
        "status": "received",
    }
    amount = {} if operation == "void" else {"amount": {"currency": "EUR", "value": 5000}}
    return {**answer, **amount, **other}


@pytest.mark.parametrize("operation", WORDS)
async def test_what_was_received_is_promised(operation: str) -> None:
    async with adyen(says(201, received(operation))) as far:
        reply = await getattr(far.adapter, operation)(asked(operation))
    # Its webhook has the same name: a capture its own, a void that of the hold it released.
    assert reply == Pending(PAYMENT if operation == "void" else "QB7M3KVT65ZGN82W")
    assert far.paths == [f"POST /v71/payments/{PAYMENT}/{WORDS[operation]}"]
    assert far.exchanges[0].body["reference"] == asked(operation).key


@pytest.mark.parametrize(
    "wrong",
    [
        {"merchantAccount": "Another"},
        {"paymentPspReference": "ANOTHER"},
        {"paymentPspReference": None},
        {"reference": "in_other:capture"},
        {"amount": {"currency": "EUR", "value": 4999}},
        {"amount": {"currency": "USD", "value": 5000}},
        {"amount": None},
        {"pspReference": ""},
    ],
    ids=str,
)
async def test_an_answer_about_something_else_leaves_doubt(wrong: dict[str, Any]) -> None:
    async with adyen(says(201, received("capture", **wrong))) as far:
        with pytest.raises(InDoubt):
            await far.adapter.capture(asked("capture"))


async def test_a_modification_that_is_not_taken_is_declined() -> None:
    async with adyen(fault(422, "167")) as far:
        reply = await far.adapter.refund(asked("refund"))
    assert reply == Declined("invalid_request", soft=False, code="167")


async def test_the_rest_of_a_captured_hold_is_released_without_a_question() -> None:
    async with adyen() as far:
        rest = replace(asked("void", Money(2000, "EUR")), after_capture=True)
        assert await far.adapter.void(rest) == Approved(PAYMENT, Money(2000, "EUR"))
        assert not far.exchanges


async def test_a_hold_whose_reference_we_never_learned_is_released_by_ours() -> None:
    async with adyen() as far:
        reply = await far.adapter.void(replace(asked("void"), psp_ref=None))
    assert isinstance(reply, Pending)
    assert far.paths == ["POST /v71/cancels"]
    assert far.exchanges[0].body == {
        "merchantAccount": MERCHANT,
        "paymentReference": "in_cert:authorize:1",
        "reference": "in_cert:void:1",
    }


@pytest.mark.parametrize("known", [{"method": "ideal"}, {"sale": True}], ids=str)
async def test_a_sale_is_given_back_where_it_cannot_be_released(known: dict[str, Any]) -> None:
    async with adyen() as far:
        outcome = await far.adapter.void(replace(asked("void"), **known))
    assert outcome == Pending(PAYMENT)
    assert far.paths == [f"POST /v71/payments/{PAYMENT}/reversals"]
    assert far.exchanges[0].body == {"merchantAccount": MERCHANT, "reference": "in_cert:void:1"}


@pytest.mark.parametrize("known", [{}, {"method": "card"}, {"method": "paypal"}], ids=str)
async def test_a_hold_is_never_reversed_as_that_could_refund_what_the_books_have(
    known: dict[str, Any],
) -> None:
    async with adyen() as far:
        await far.adapter.void(replace(asked("void"), **known))
    assert far.paths == [f"POST /v71/payments/{PAYMENT}/cancels"]


async def test_a_refund_goes_to_the_payment_and_not_to_its_capture() -> None:
    async with adyen() as far:
        captured = replace(asked("refund"), psp_ref="QB7M3KVT65ZGN82W", authorization_ref=PAYMENT)
        await far.adapter.refund(captured)
        await far.adapter.refund(replace(asked("refund"), authorization_ref=LINKED))
        await far.adapter.refund(replace(asked("refund"), authorization_ref=None))
    assert set(far.paths) == {f"POST /v71/payments/{PAYMENT}/refunds"}


@pytest.mark.parametrize("status", ["paid", "completed", "paymentPending"])
async def test_a_sale_that_was_paid_on_a_page_waits_for_its_name_to_be_given_back(
    status: str,
) -> None:
    def link(request: Any) -> Any:
        made = a_link(request)
        body = made.body.replace(b"expired", status.encode())
        return replace(made, body=body.replace(b"authorize:1", b"authorize:1:page:sale"))

    async with adyen(**{LINK: link}) as far:
        outcome = await far.adapter.void(asked("void", psp_ref=LINKED))
    assert outcome == Declined("not_voidable", soft=False, code=f"link_{status}")
    assert far.paths == [f"PATCH /v71/paymentLinks/{LINK}"]


async def test_a_page_that_nobody_paid_on_is_closed() -> None:
    async with adyen() as far:
        reply = await far.adapter.void(asked("void", psp_ref=LINKED))
    assert reply == Approved(LINKED, Money(5000, "EUR"))
    assert far.paths == [f"PATCH /v71/paymentLinks/{LINK}"]


@pytest.mark.parametrize("status", ["paid", "completed", "paymentPending", "heard_of_never"])
async def test_what_was_paid_on_a_page_is_released_by_our_reference(status: str) -> None:
    def link(request: Any) -> Any:
        made = a_link(request)
        return replace(made, body=made.body.replace(b"expired", status.encode()))

    async with adyen(**{LINK: link}) as far:
        assert isinstance(await far.adapter.void(asked("void", psp_ref=LINKED)), Pending)
    assert far.paths == [f"PATCH /v71/paymentLinks/{LINK}", "POST /v71/cancels"]


async def test_a_page_that_was_closed_before_is_closed() -> None:
    def link(request: Any) -> Any:
        if request.method == "PATCH":
            return fault(422, "14_024")(request)
        made = a_link(request)
        return replace(made, body=made.body.replace(b"active", b"expired"))

    async with adyen(link) as far:
        assert isinstance(await far.adapter.void(asked("void", psp_ref=LINKED)), Approved)


async def test_a_page_of_which_nothing_is_known_leaves_doubt() -> None:
    async with adyen(says(500, {})) as far:
        with pytest.raises(InDoubt):
            await far.adapter.void(asked("void", psp_ref=LINKED))


@pytest.mark.parametrize("operation", WORDS)
async def test_a_reference_that_means_something_in_a_path_goes_nowhere(operation: str) -> None:
    async with adyen() as far:
        with pytest.raises(NeverSent):
            await getattr(far.adapter, operation)(asked(operation, psp_ref="../cancels?x"))
        assert not far.exchanges

"""Every request that is sent is one that Adyen describes, and the judge of that is not blind."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from activities.psp.plugins.adyen.certification import AdyenCertification
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.adyen.far import (
    CHECKOUT,
    LINK,
    PAYOUT,
    Adyen,
    Exchange,
    adyen,
    asked,
    fault,
    usually,
)
from tests.activities.psp.descriptions import (
    Request,
    check_request,
    check_response,
    description,
    needs_descriptions,
    refuses_mutations,
)
from workflows.domain.money import Money

pytestmark = needs_descriptions

AMOUNTS = [Money(5000, "EUR"), Money(5000, "JPY"), Money(1, "KWD"), Money(7, "CLP")]
LINKED = f"link_{LINK}"


def no_token(amount: Money) -> Any:
    return replace(asked("authorize", amount), payment_token=None)


ASKING: dict[str, tuple[str, Callable[[Money], Any]]] = {
    "authorize with a token": ("authorize", lambda amount: asked("authorize", amount)),
    "authorize on the hosted page": ("authorize", no_token),
    "complete": ("complete", lambda amount: asked("complete", amount)),
    "complete on the hosted page": ("complete", lambda amount: asked("complete", amount, LINKED)),
    "capture": ("capture", lambda amount: asked("capture", amount)),
    "void": ("void", lambda amount: asked("void", amount)),
    "void by our reference": ("void", lambda amount: replace(asked("void", amount), psp_ref=None)),
    "close the hosted page": ("void", lambda amount: asked("void", amount, LINKED)),
    "refund": ("refund", lambda amount: asked("refund", amount)),
    "pay out": ("payout", lambda amount: asked("payout", amount)),
}


def described(exchange: Exchange) -> tuple[str, Request]:
    request = exchange.request
    parts = urlsplit(request.path)
    name = PAYOUT if parts.path.startswith("/pal/") else CHECKOUT
    return name, Request(request.method, parts.path, parts.query, request.headers, request.body)


def check(far: Adyen) -> None:
    """What was sent, and what these tests answered."""
    assert far.exchanges
    for exchange in far.exchanges:
        name, request = described(exchange)
        at, answer = description(name), exchange.answer
        check_request(at, *request)
        check_response(at, request[0], request[1], answer.status, answer.headers, answer.body)


@pytest.mark.parametrize("amount", AMOUNTS, ids=str)
@pytest.mark.parametrize("what", ASKING)
async def test_every_request_and_every_answer_is_as_adyen_describes_it(
    what: str, amount: Money
) -> None:
    operation, make = ASKING[what]
    async with adyen() as far:
        if what == "complete":
            await far.adapter.authorize(asked("authorize", amount))
        await getattr(far.adapter, operation)(make(amount))
    check(far)


@pytest.mark.parametrize("what", ASKING)
async def test_every_mutation_of_what_is_sent_is_refused(what: str) -> None:
    operation, make = ASKING[what]
    async with adyen() as far:
        await getattr(far.adapter, operation)(make(AMOUNTS[0]))
    for exchange in far.exchanges:
        name, request = described(exchange)
        assert refuses_mutations(description(name), request) >= 3


@pytest.mark.parametrize(
    "answer",
    [fault(422, "137"), fault(401, "000", "security")],
    ids=["refused", "not let in"],
)
@pytest.mark.parametrize("what", ASKING)
async def test_what_is_sent_after_a_refusal_is_described_too(what: str, answer: Any) -> None:
    operation, make = ASKING[what]
    async with adyen(answer) as far:
        with suppress(NeverSent, InDoubt):
            await getattr(far.adapter, operation)(make(AMOUNTS[0]))
    check(far)


async def test_a_link_that_cannot_be_closed_is_looked_at_and_its_payment_cancelled() -> None:
    def link(request: Any) -> Any:
        return fault(422, "14_024")(request) if request.method == "PATCH" else paid(request)

    def paid(request: Any) -> Any:
        made = usually()(request)
        return replace(made, body=made.body.replace(b"active", b"paid"))

    async with adyen(**{LINK: link}) as far:
        await far.adapter.void(asked("void", psp_ref=LINKED))
    assert far.paths == [
        f"PATCH /v71/paymentLinks/{LINK}",
        f"GET /v71/paymentLinks/{LINK}",
        "POST /v71/cancels",
    ]
    check(far)


def test_the_examples_answer_as_adyen_does() -> None:
    told = 0
    for path in sorted(AdyenCertification().examples.glob("*.json")):
        example = json.loads(path.read_text())
        if "call" not in example:
            continue
        request, answer = example["request"], example["answer"]
        name = PAYOUT if request["path"].startswith("/pal/") else CHECKOUT
        headers = {"content-type": "application/json"}
        body = json.dumps(answer["body"]).encode()
        at = description(name)
        check_response(at, request["method"], request["path"], answer["status"], headers, body)
        told += 1
    assert told > 30

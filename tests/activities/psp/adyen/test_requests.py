"""Every request that is sent is one that Adyen describes, and the judge of that is not blind."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from activities.psp.plugins.adyen.certification.suite import AdyenCertification
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.adyen.far import (
    CHECKOUT,
    LINK,
    PAYOUT,
    TRANSFER,
    TRANSFERS,
    Adyen,
    Exchange,
    adyen,
    adyen_of_before,
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
from tests.activities.psp.orders import lookup_of
from workflows.domain.money import Money
from workflows.domain.psp import Authentication

pytestmark = needs_descriptions

AMOUNTS = [Money(5000, "EUR"), Money(5000, "JPY"), Money(1, "KWD"), Money(7, "CLP")]
LINKED = f"link_{LINK}"
PROOF = Authentication(
    scheme="visa",
    eci="05",
    cavv="AAABBEg0VhI0VniQEjRWAAAAAAA=",
    version="2.2.0",
    ds_trans_id="f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
)


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
    "give a sale back": ("void", lambda amount: replace(asked("void", amount), sale=True)),
    "sell what could be held": ("sell", lambda amount: asked("sale", amount)),
    "sell what could be held on the hosted page": (
        "sell",
        lambda amount: replace(asked("sale", amount), payment_token=None),
    ),
    "sell on the hosted page": (
        "authorize",
        lambda amount: replace(no_token(amount), method="ideal", country="NL"),
    ),
    "sell with stored details": (
        "authorize",
        lambda amount: replace(asked("authorize", amount), method="paysafecard"),
    ),
    "authorize with a proof": (
        "authorize",
        lambda amount: replace(asked("authorize", amount), authentication=PROOF),
    ),
    "pay out to a card": ("payout", lambda amount: replace(asked("payout", amount), method="card")),
    "pay out": ("payout", lambda amount: asked("payout", amount)),
}


def name_of(path: str) -> str:
    if path.startswith("/btl/"):
        return TRANSFERS
    return PAYOUT if path.startswith("/pal/") else CHECKOUT


def described(exchange: Exchange) -> tuple[str, Request]:
    request = exchange.request
    parts = urlsplit(request.path)
    name = name_of(parts.path)
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


@pytest.mark.parametrize("amount", AMOUNTS, ids=str)
async def test_both_steps_of_an_older_payout_are_as_adyen_describes_them(amount: Money) -> None:
    async with adyen_of_before() as far:
        await far.adapter.payout(asked("payout", amount))
    check(far)
    for exchange in far.exchanges:
        name, request = described(exchange)
        assert refuses_mutations(description(name), request) >= 3


@pytest.mark.parametrize("psp_ref", [None, TRANSFER])
async def test_a_look_at_a_transfer_is_as_adyen_describes_it(psp_ref: str | None) -> None:
    async with adyen() as far:
        await far.adapter.look_up(lookup_of(asked("payout"), "payout", psp_ref))
    check(far)


def test_the_examples_answer_as_adyen_does() -> None:
    checked = 0
    for path in sorted(AdyenCertification().examples.glob("*.json")):
        example = json.loads(path.read_text())
        if "call" not in example:
            continue
        request, answer = example["request"], example["answer"]
        name = name_of(request["path"])
        headers = {"content-type": "application/json"}
        body = json.dumps(answer["body"]).encode()
        at = description(name)
        check_response(at, request["method"], request["path"], answer["status"], headers, body)
        checked += 1
    assert checked > 30

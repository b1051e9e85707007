"""Adyen's end of the wire in these tests: it keeps what it hears and says what it is told to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from activities.psp.certification import Canned, Heard, Verdict
from activities.psp.plugins.adyen.adapter import AdyenAdapter
from activities.psp.plugins.adyen.certification.suite import (
    MERCHANT,
    AdyenCertification,
    settings_at,
)
from tests.activities.psp import peer
from tests.activities.psp.orders import instructions
from workflows.domain.money import Money
from workflows.domain.psp import Instruction

ACCOUNT = AdyenCertification().account
PAYMENT = "NC6HT9CRT65ZGN82"
LINK = "PLE83C39B0A0DE0C1E"
TRANSFER = "1W1UG35U8A9J5ZLG"
CHECKOUT, PAYOUT = "adyen/CheckoutService-v71.json", "adyen/PayoutService-v68.json"
TRANSFERS = "adyen/TransferService-v4.json"
EUR = Money(5000, "EUR")

Said = Callable[[Heard], Canned]


@dataclass(frozen=True)
class Exchange:
    request: Heard
    answer: Canned

    @property
    def body(self) -> Any:
        return json.loads(self.request.body)


class Adyen:
    def __init__(self, adapter: AdyenAdapter, exchanges: list[Exchange]) -> None:
        self.adapter = adapter
        self.exchanges = exchanges

    @property
    def paths(self) -> list[str]:
        return [f"{e.request.method} {e.request.path}" for e in self.exchanges]


@asynccontextmanager
async def adyen(always: Said | None = None, **more: Said) -> AsyncIterator[Adyen]:
    """`always` answers everything; `more` by the last word of the path; the rest is approved."""
    async with _connected("transfers", always, more) as far:
        yield far


@asynccontextmanager
async def adyen_of_before(always: Said | None = None, **more: Said) -> AsyncIterator[Adyen]:
    """With an account that pays out by Payout v68."""
    async with _connected("payout", always, more) as far:
        yield far


@asynccontextmanager
async def _connected(
    payouts_by: str, always: Said | None, more: Mapping[str, Said]
) -> AsyncIterator[Adyen]:
    exchanges: list[Exchange] = []
    usual = usually()

    def answer(request: Heard) -> Canned:
        word = request.path.rstrip("/").rpartition("/")[2]
        made = (always or more.get(word) or usual)(request)
        exchanges.append(Exchange(request, made))
        return made

    async with peer.listening(peer.says(answer)) as far:
        adapter = AdyenAdapter(settings_at(far.url, payouts_by))
        yield Adyen(adapter, exchanges)
        await adapter.aclose()


def usually(verdict: Verdict = Verdict.APPROVED) -> Said:
    certification = AdyenCertification()

    def answer(request: Heard) -> Canned:
        if "/paymentLinks" in request.path:
            return a_link(request)
        return certification.answer(request, verdict)

    return answer


def a_link(request: Heard) -> Canned:
    body = json.loads(request.body or b"{}")
    link = {
        "id": LINK,
        "url": f"https://test.adyen.link/{LINK}",
        "status": body.get("status", "active"),
        "reference": body.get("reference", "in_cert:authorize:1"),
        "merchantAccount": MERCHANT,
        "amount": body.get("amount", {"currency": "EUR", "value": 5000}),
    }
    return Canned(201 if request.method == "POST" else 200, json.dumps(link).encode())


def says(status: int, body: Mapping[str, Any], **headers: str) -> Said:
    all_headers = {"content-type": "application/json"}
    all_headers |= {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Canned(status, json.dumps(body).encode(), all_headers)


def fault(status: int, code: str, kind: str = "validation") -> Said:
    """In the words of the interface that is asked."""
    older = {"status": status, "errorCode": code, "errorType": kind, "message": "no"}
    page = f"https://docs.adyen.com/errors/{kind}"
    younger = {"status": status, "errorCode": code, "type": page, "title": "no", "detail": "no"}

    def answer(request: Heard) -> Canned:
        is_younger = request.path.startswith("/btl/") and status != 401
        return says(status, younger if is_younger else older)(request)

    return answer


def asked(operation: str, amount: Money = EUR, psp_ref: str = PAYMENT) -> Any:
    """One instruction of this operation."""
    instruction: Instruction = instructions(ACCOUNT, amount, psp_ref, ("redirectResult",))[
        operation
    ]
    return instruction

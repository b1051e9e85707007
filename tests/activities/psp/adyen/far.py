"""Adyen's end of the wire in these tests: it keeps what it hears and says what it is told to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from activities.psp.certification import Canned, Heard, Verdict
from activities.psp.plugins.adyen.adapter import AdyenAdapter
from activities.psp.plugins.adyen.certification import MERCHANT, AdyenCertification, settings_at
from tests.activities.psp import peer
from tests.activities.psp.orders import instructions
from workflows.domain.money import Money
from workflows.domain.psp import Instruction

ACCOUNT = AdyenCertification().account
PAYMENT = "NC6HT9CRT65ZGN82"
LINK = "PLE83C39B0A0DE0C1E"
CHECKOUT, PAYOUT = "adyen/CheckoutService-v71.json", "adyen/PayoutService-v68.json"
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
async def adyen(said: Said | None = None, **more: Said) -> AsyncIterator[Adyen]:
    """`said` answers everything; `more` by the last word of the path; the rest is approved."""
    exchanges: list[Exchange] = []
    usual = usually()

    def answer(request: Heard) -> Canned:
        word = request.path.rstrip("/").rpartition("/")[2]
        made = (said or more.get(word) or usual)(request)
        exchanges.append(Exchange(request, made))
        return made

    async with peer.listening(peer.says(answer)) as far:
        adapter = AdyenAdapter(settings_at(far.url))
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
    told = json.loads(request.body or b"{}")
    link = {
        "id": LINK,
        "url": f"https://test.adyen.link/{LINK}",
        "status": told.get("status", "active"),
        "reference": told.get("reference", "in_cert:authorize:1"),
        "merchantAccount": MERCHANT,
        "amount": told.get("amount", {"currency": "EUR", "value": 5000}),
    }
    return Canned(201 if request.method == "POST" else 200, json.dumps(link).encode())


def says(status: int, body: Mapping[str, Any], **headers: str) -> Said:
    told = {"content-type": "application/json"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Canned(status, json.dumps(body).encode(), told)


def fault(status: int, code: str, kind: str = "validation") -> Said:
    return says(status, {"status": status, "errorCode": code, "errorType": kind, "message": "no"})


def asked(operation: str, amount: Money = EUR, psp_ref: str = PAYMENT) -> Any:
    """One instruction of this operation."""
    instruction: Instruction = instructions(ACCOUNT, amount, psp_ref, ("redirectResult",))[
        operation
    ]
    return instruction

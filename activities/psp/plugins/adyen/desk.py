"""One merchant account at Adyen: its connections, and what every exchange with it has in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from activities.psp.wire import Answer, InDoubt, Limits, NeverSent, Wire
from workflows.domain.money import Money, MoneyError
from workflows.domain.psp import Declined

from . import amounts
from .declines import not_taken
from .keys import idempotency_key
from .messages import AmountMessage, FaultMessage
from .settings import AdyenAccount

IN_PROGRESS = "704"
"""`errorCode`: a request with this idempotency key is being processed, or was."""

REPORT_LIMITS = Limits(deadline=60.0, body=32_000_000, connections=4)


@dataclass(frozen=True)
class Desk:
    account: AdyenAccount
    checkout: Wire
    payouts: Wire | None = None
    reports: Wire | None = None
    _wires: tuple[Wire, ...] = field(default=(), repr=False)

    @classmethod
    def open(cls, account: AdyenAccount) -> Desk:
        tls = account.tls
        checkout = Wire(account.url, tls=tls)
        payouts = Wire(account.payout_url, tls=tls) if account.payout_url else None
        reports = None
        if account.report_url:
            reports = Wire(account.report_url, tls=tls, limits=REPORT_LIMITS)
        wires = tuple(wire for wire in (checkout, payouts, reports) if wire is not None)
        return cls(account, checkout, payouts, reports, wires)

    @property
    def name(self) -> str:
        return self.account.merchant_account

    async def ask(
        self,
        method: str,
        path: str,
        *,
        trace_id: str,
        key: str | None = None,
        json: Any = None,
    ) -> Answer:
        """One exchange with Checkout."""
        headers = _headers(self.account.api_key, trace_id, key)
        return await self.checkout.exchange(method, path, headers=headers, json=json)

    async def ask_for_payout(
        self, path: str, api_key: SecretStr, *, trace_id: str, key: str, json: Any
    ) -> Answer:
        if self.payouts is None:
            raise NeverSent(f"{self.name} has no settings for payouts")
        headers = _headers(api_key, trace_id, key)
        return await self.payouts.exchange("POST", path, headers=headers, json=json)

    async def aclose(self) -> None:
        for wire in self._wires:
            await wire.aclose()


def _headers(api_key: SecretStr, trace_id: str, key: str | None) -> dict[str, str]:
    headers = {"X-API-Key": api_key.get_secret_value(), "X-Trace-Id": trace_id}
    return headers if key is None else {**headers, "Idempotency-Key": idempotency_key(key)}


def not_done(answer: Answer) -> Declined:
    """What an answer promises that is no 2xx. Raises NeverSent or InDoubt."""
    return not_taken(refusal_of(answer))


def refusal_of(answer: Answer) -> str:
    """Adyen's code of a request that it certainly did not execute. Raises NeverSent or InDoubt."""
    if not 400 <= answer.status < 500:
        raise InDoubt(f"HTTP {answer.status}")
    fault = answer.read(FaultMessage)
    if answer.status in (401, 403):
        raise NeverSent(f"HTTP {answer.status}: Adyen does not take this API key and did nothing")
    passing = answer.headers.get("transient-error", "").lower() == "true"
    if answer.status not in (400, 422) or fault.code == IN_PROGRESS or passing:
        raise InDoubt(f"HTTP {answer.status}")
    if fault.kind not in ("validation", "configuration"):
        raise InDoubt(f"HTTP {answer.status} of another kind than validation")
    return fault.code


def same(what: str, told: object, asked: object) -> None:
    if told != asked:
        raise InDoubt(f"the answer is about another {what}")


def money_of(amount: AmountMessage) -> Money:
    """Raises InDoubt for what is no amount of ours."""
    try:
        return amounts.read(amount.value, amount.currency)
    except MoneyError:
        raise InDoubt("the answer has an amount that is none") from None

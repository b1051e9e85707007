"""Real exchanges of the adapter with a peer that plays Stripe: what was sent, what was said."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from activities.psp.certification import Canned, Heard, Verdict
from activities.psp.plugins.stripe.adapter import StripeAdapter
from activities.psp.plugins.stripe.certification.replies import intent, refund
from activities.psp.plugins.stripe.certification.suite import StripeCertification
from activities.psp.wire import WireError
from tests.activities.psp import peer
from tests.activities.psp.orders import AMOUNT, instructions, lookup_of
from tests.activities.psp.stripe.judging import judge, judge_request
from workflows.domain.identity import SALE
from workflows.domain.money import Money
from workflows.domain.psp import (
    AuthorizeInstruction,
    Lookup,
    MerchantAccount,
    Operation,
    SellInstruction,
    VoidInstruction,
)
from workflows.domain.settlement import SettlementQuery

Answer = Callable[[Heard], Canned]
Json = dict[str, Any]
ACCOUNT = MerchantAccount("stripe", "primary")


@dataclass
class Exchanges:
    """Of one conversation, in their order."""

    heard: list[Heard] = field(default_factory=list)
    answered: list[Canned] = field(default_factory=list)

    @property
    def pairs(self) -> Sequence[tuple[Heard, Canned]]:
        return list(zip(self.heard, self.answered, strict=True))


@asynccontextmanager
async def speaking(
    answer: Answer, kept: Exchanges | None = None, *, judged: bool = True
) -> AsyncIterator[StripeAdapter]:
    """The adapter, speaking to a peer that answers so.

    What was asked, and what was believed where it is judged, must be as Stripe describes it.
    """
    kept = kept if kept is not None else Exchanges()

    def keeping(request: Heard) -> Canned:
        kept.heard.append(request)
        kept.answered.append(answer(request))
        return kept.answered[-1]

    async with peer.listening(peer.says(keeping)) as far:
        adapter = cast("StripeAdapter", StripeCertification().connect(far.url))
        yield adapter
        await adapter.aclose()
    for heard, reply in kept.pairs:
        if judged:
            judge(heard, reply)
        else:
            judge_request(heard)


def saying(*bodies: Json, status: int = 200) -> Answer:
    """One body after the other, the last one for ever."""
    left = list(bodies)

    def answer(_: Heard) -> Canned:
        body = left.pop(0) if len(left) > 1 else left[0]
        return Canned(status, json.dumps(body).encode())

    return answer


def listed(*things: Json, more: bool = False, url: str = "/v1/payment_intents") -> Json:
    return {"object": "list", "url": url, "has_more": more, "data": list(things)}


def ago(**spans: float) -> str:
    return (datetime.now(UTC) - timedelta(**spans)).isoformat()


async def every_exchange(verdict: Verdict, amount: Money) -> Exchanges:
    """All that the adapter can ask, each in every way it can."""
    kept, certification = Exchanges(), StripeCertification()
    asked = instructions(ACCOUNT, amount, "pi_1")
    asked.pop(Operation.PAYOUT)
    asked.pop("complete")
    async with speaking(lambda request: certification.answer(request, verdict), kept) as adapter:
        for operation, instruction in asked.items():
            await _quietly(
                getattr(adapter, "sell" if operation == SALE else operation)(instruction)
            )
            for psp_ref in (None, "re_1" if operation == Operation.REFUND else "pi_1"):
                lookup = replace(lookup_of(instruction, operation), psp_ref=psp_ref)
                await _quietly(adapter.look_up(lookup))
                await _quietly(adapter.look_up(replace(lookup, asked_at=ago(hours=30))))
                await _quietly(adapter.look_up(replace(lookup, parent_ref=None)))
        hold = asked[Operation.AUTHORIZE]
        assert isinstance(hold, AuthorizeInstruction)
        page = replace(hold, payment_token=None)
        await _quietly(adapter.authorize(page))
        sale = asked[SALE]
        assert isinstance(sale, SellInstruction)
        await _quietly(adapter.sell(replace(sale, payment_token=None)))
        void = asked[Operation.VOID]
        assert isinstance(void, VoidInstruction)
        await _quietly(adapter.void(replace(void, after_capture=True)))
        await _quietly(adapter.void(replace(void, psp_ref=None)))
        await _quietly(adapter.void(replace(void, psp_ref="cs_1")))
        for sold in ("pi_ref_sold", "cs_1", None):
            back = replace(void, psp_ref=sold, authorize_key=sale.key, sale=True)
            await _quietly(adapter.void(back))
            await _quietly(adapter.look_up(lookup_of(back, Operation.VOID)))
    return kept


async def every_statement() -> Exchanges:
    """The pages of a day."""
    kept = Exchanges()
    pages = saying(listed(movement("txn_1"), more=True, url="/v1/balance_transactions"))
    async with speaking(pages, kept) as adapter:
        for cursor in (None, "txn_1"):
            await adapter.settlement(
                SettlementQuery(account=ACCOUNT, day="2027-01-15", cursor=cursor)
            )
    return kept


def movement(named: str, **members: Any) -> Json:
    """A balance transaction; what is None is left out, as the description has it."""
    made: Json = {
        "id": named,
        "object": "balance_transaction",
        "amount": 5000,
        "available_on": 1_800_000_000,
        "created": 1_800_000_000,
        "currency": "eur",
        "fee": 150,
        "fee_details": [{"amount": 150, "currency": "eur", "type": "stripe_fee"}],
        "net": 4850,
        "reporting_category": "charge",
        "source": "ch_1",
        "status": "pending",
        "type": "charge",
    }
    return {name: value for name, value in {**made, **members}.items() if value is not None}


async def looked(lookup: Lookup, answer: Answer, kept: Exchanges | None = None) -> Any:
    async with speaking(answer, kept) as adapter:
        return await adapter.look_up(lookup)


def lookup(operation: Operation, **members: Any) -> Lookup:
    return replace(
        lookup_of(instructions(ACCOUNT, AMOUNT, "pi_1")[operation], operation), **members
    )


def pi(**members: Any) -> Json:
    return intent(**{"id": "pi_1", **members})


def re(**members: Any) -> Json:
    return refund(**{"id": "re_1", "payment_intent": "pi_1", **members})


async def _quietly(call: Any) -> None:
    """What comes of it is told elsewhere; here it is only asked."""
    try:
        await call
    except WireError:
        return

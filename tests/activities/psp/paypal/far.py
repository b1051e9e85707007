"""The adapter in conversation with a peer that plays PayPal, and what was said on both sides."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from activities.psp.certification import Canned, Heard
from activities.psp.plugins.paypal.adapter import PaypalAdapter
from activities.psp.plugins.paypal.certification import replies as replies
from activities.psp.plugins.paypal.certification import things as things
from activities.psp.plugins.paypal.certification.suite import PaypalCertification
from activities.psp.wire import WireError
from tests.activities.psp import peer
from tests.activities.psp.orders import AMOUNT, instructions, lookup_of
from workflows.domain.money import Money
from workflows.domain.psp import (
    AuthorizeInstruction,
    Instruction,
    Lookup,
    MerchantAccount,
    Operation,
)

Json = dict[str, Any]
Answer = Callable[[Heard], Canned]

ACCOUNT = MerchantAccount("paypal", "casino-eu")
ORDER, HELD = things.ORDER_ID, things.HELD_ID
CAPTURE, REFUND, BATCH = things.CAPTURE_ID, things.REFUND_ID, things.BATCH_ID
ORDER_REF, BATCH_REF = f"order_{ORDER}", f"batch_{BATCH}"


@dataclass
class Kept:
    heard: list[Heard] = field(default_factory=list)
    answered: list[Canned] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        return [f"{each.method} {each.path}" for each in self.heard]


@asynccontextmanager
async def speaking(answer: Answer, kept: Kept | None = None) -> AsyncIterator[PaypalAdapter]:
    """Questions about a token are answered, and not kept."""
    certification, kept = PaypalCertification(), kept if kept is not None else Kept()

    def keeping(request: Heard) -> Canned:
        first = certification.before(request)
        if first is not None:
            return first
        kept.heard.append(request)
        kept.answered.append(answer(request))
        return kept.answered[-1]

    async with peer.listening(peer.says(keeping)) as far:
        adapter = cast("PaypalAdapter", certification.connect(far.url))
        yield adapter
        await adapter.aclose()


def answers(by_place: Mapping[str, tuple[int, Json]]) -> Answer:
    """By method and path; everything else PayPal does not know."""

    def answer(request: Heard) -> Canned:
        missing = (404, error("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"))
        status, body = by_place.get(f"{request.method} {request.path}", missing)
        return canned(status, body)

    return answer


def canned(status: int, body: Json) -> Canned:
    return Canned(status, json.dumps(body).encode())


def error(name: str, issue: str, **more: Any) -> Json:
    return {**replies.error(name, issue), **more}


def refused(issue: str, **more: Any) -> tuple[int, Json]:
    return 422, error("UNPROCESSABLE_ENTITY", issue, **more)


async def ask(
    operation: str, question: Instruction | Lookup, by_place: Mapping[str, tuple[int, Json]]
) -> tuple[Any, Kept]:
    """The reply, or the WireError that was raised; and what was sent for it."""
    kept = Kept()
    name = "look_up" if isinstance(question, Lookup) else operation
    async with speaking(answers(by_place), kept) as adapter:
        try:
            return await getattr(adapter, name)(question), kept
        except WireError as wrong:
            return wrong, kept


def instruction(
    operation: str, psp_ref: str | None = "", amount: Money = AMOUNT, **more: Any
) -> Any:
    """As the certification asks; an authorization without a token, so that the payer acts."""
    made = instructions(ACCOUNT, amount, psp_ref or "")[operation]
    if isinstance(made, AuthorizeInstruction):
        made = replace(made, payment_token=None)
    if psp_ref is None:
        more["psp_ref"] = None
    return replace(made, **more)


def lookup(operation: Operation, psp_ref: str | None = None, **more: Any) -> Lookup:
    return replace(lookup_of(instruction(operation), operation), psp_ref=psp_ref, **more)


def ago(**spans: float) -> str:
    return (datetime.now(UTC) - timedelta(**spans)).isoformat()


# --- what PayPal has --------------------------------------------------------------------------


def unit(*held: Json, **more: Any) -> Json:
    made: Json = {"reference_id": "default", "custom_id": things.AUTHORIZE, "amount": things.EUR}
    if held:
        # An order does not say of what it holds that it is of this order.
        bare = [{k: v for k, v in each.items() if k != "supplementary_data"} for each in held]
        made["payments"] = {"authorizations": bare}
    return made | more


def order(status: str, *held: Json, **more: Any) -> Json:
    return things.order(ORDER, status, unit(*held)) | more


def held(status: str = "CREATED", **more: Any) -> Json:
    related = {"supplementary_data": {"related_ids": {"order_id": ORDER}}}
    return things.authorization(status, things.AUTHORIZE, things.EUR) | related | more


def captured(status: str = "COMPLETED", **more: Any) -> Json:
    related = {"supplementary_data": {"related_ids": {"order_id": ORDER}}}
    return things.capture(status, things.CAPTURE, things.EUR) | related | more


def refunded(status: str = "COMPLETED", **more: Any) -> Json:
    return things.refund(status, things.REFUND, things.EUR) | more


def item(status: str, **more: Any) -> Json:
    return {
        "payout_item_id": things.ITEM_ID,
        "transaction_status": status,
        "payout_batch_id": BATCH,
        "payout_item": {
            "recipient_type": "PAYPAL_ID",
            "receiver": "G83JXTJ5EHCQ2",
            "amount": {"currency": "EUR", "value": "50.00"},
            "sender_item_id": things.PAYOUT,
        },
        **more,
    }


def batch(status: str, *items: Json) -> Json:
    header = {
        "payout_batch_id": BATCH,
        "batch_status": status,
        "sender_batch_header": {"sender_batch_id": things.PAYOUT},
    }
    return {"batch_header": header, "items": list(items)}

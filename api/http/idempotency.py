"""Same key, same request: the same answer. The first is done, every other is told what it got.

A twin that comes while the first is under way does the same idempotent thing under the same ids,
and both give the answer that was stored first. Outages and waiting are never stored.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from activities.registry.claims import Answer, Claim, Claimed, KeyReused, RefundIdTaken
from activities.registry.new_payment import NewPayment
from api.http.dependencies import Write
from api.http.errors import MEDIA_TYPE, Problem, current_trace, key_reused

Act = Callable[[str, bool], Awaitable["Reply"]]
"""Does it, given the resource id that counts and whether this request is the key's first."""


@dataclass(frozen=True)
class Reply:
    """What came of acting, before it is the answer to its key."""

    status: int
    view: BaseModel
    stored: bool = True
    """False for "come back later", which is no answer yet."""

    @property
    def body(self) -> str:
        """The JSON that every repetition gets, byte for byte; fields never set are absent."""
        return self.view.model_dump_json(exclude_unset=True)


async def once(ask: Write[Any], claim: Claim, act: Act) -> Response:
    """Do a command on something that exists. Raises Problem `idempotency-key-reused`."""
    try:
        claimed = await ask.requests.claim(claim)
    except KeyReused:
        raise key_reused() from None
    return await answered(ask, claim, claimed, act)


async def opened_once(
    ask: Write[Any], claim: Claim, payment: NewPayment, act: Act, *, at_once: bool = False
) -> Response:
    """Open a payment, then do the rest; with `at_once` there is no rest, and the answer that acting
    gives is kept as the payment is opened. Raises Problem `idempotency-key-reused`, `refund-id-…`.
    """
    answer: Answer | None = None
    if at_once:
        reply = await act(claim.resource_id, True)
        answer = Answer(reply.status, reply.body)
    try:
        claimed = await ask.requests.open(claim, payment, answer)
    except KeyReused:
        raise key_reused() from None
    except RefundIdTaken:
        raise Problem(
            409,
            "refund-id-taken",
            "Another refund has this refund_id",
            "a refund_id is unique within the brand",
        ) from None
    if answer is not None and claimed.first:
        return _response(answer, first=True)
    return await answered(ask, claim, claimed, act)


async def answered(ask: Write[Any], claim: Claim, claimed: Claimed, act: Act) -> Response:
    """What the key got before, or what comes of acting now."""
    if claimed.answer is not None:
        return _response(claimed.answer, first=False)
    try:
        reply = await act(claimed.resource_id, claimed.first)
    except Problem as problem:
        if problem.status >= 500:
            raise
        answer = Answer(problem.status, problem.body(current_trace()).decode())
    else:
        answer = Answer(reply.status, reply.body)
        if not reply.stored:
            return _response(answer, first=True)
    return _response(await ask.requests.answer(claim, answer), first=claimed.first)


def _response(answer: Answer, *, first: bool) -> Response:
    refused = answer.status >= 400
    headers = {} if first else {"Idempotent-Replayed": "true"}
    return Response(
        answer.body,
        answer.status if first or refused else 200,
        headers=headers,
        media_type=MEDIA_TYPE if refused else "application/json",
    )

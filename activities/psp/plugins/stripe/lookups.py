"""Asking Stripe what became of an instruction: never moves money.

By id where we have one. By our reference in two ways: the list of the minutes around the asking,
which knows at once what was made, and the search over metadata, which knows it a while later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from activities.psp.wire import Answer, InDoubt
from workflows.domain.psp import (
    Finding,
    Lookup,
    MerchantAccount,
    NoStatus,
    NotFound,
    Operation,
    payment_of,
)

from . import intents
from .client import Client, place
from .errors import is_missing, refusal, same
from .messages import KEY, Intent, Intents, Refund, Refunds

EXPAND = "latest_charge"
"""Only the charge tells of 3-D Secure and of the checks."""

KEY_MEMORY = timedelta(hours=23)
"""Stripe forgets an idempotency key after 24 hours at the earliest."""

BEFORE, AFTER = timedelta(minutes=1), timedelta(minutes=15)
"""Around the asking: clocks differ, and a question may wait minutes for a worker."""

PAGES, PER_PAGE = 4, 100
"""At most so many are read: beyond it is not certain what is there."""

_SEARCHABLE = re.compile(r"[A-Za-z0-9_:\-]{1,200}", re.ASCII)


class Question(Protocol):
    @property
    def account(self) -> MerchantAccount: ...

    @property
    def trace_id(self) -> str: ...


class Lookups:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def look_up(self, lookup: Lookup) -> Finding:
        """Raises NeverSent or InDoubt."""
        match lookup.operation:
            case Operation.AUTHORIZE:
                return await self._authorization(lookup)
            case Operation.CAPTURE | Operation.VOID:
                return await self._step(lookup)
            case Operation.REFUND:
                return await self._refund(lookup)
            case _:
                return NoStatus()

    async def intent(self, question: Question, psp_ref: str) -> Intent:
        """Raises InDoubt also where there is none."""
        found = await self._intent(question, psp_ref)
        if found is None:
            raise InDoubt("Stripe knows no such payment intent")
        return found

    async def searched(self, question: Question, key: str) -> str | None:
        """The id of the payment intent of this key. That none is found proves nothing."""
        if not _SEARCHABLE.fullmatch(key):
            return None
        params = {"query": f"metadata['{KEY}']:'{key}'", "limit": "10"}
        answer = await self._get(question, place("payment_intents", "search"), params)
        found = [each.id for each in _listed(answer).data if each.key == key]
        if len(found) > 1:
            raise InDoubt("Stripe has several payment intents under one reference")
        return found[0] if found else None

    async def _authorization(self, lookup: Lookup) -> Finding:
        psp_ref = lookup.psp_ref
        if psp_ref is None:
            young = _is_remembered(lookup)
            psp_ref = await self._in_the_list(lookup)
            if psp_ref is None and young:
                return NoStatus(safe_to_repeat=True)
            psp_ref = psp_ref or await self.searched(lookup, lookup.key)
            if psp_ref is None:
                raise InDoubt("Stripe finds no payment intent under our reference")
        intent = await self._intent(lookup, psp_ref)
        if intent is None:
            return NotFound()
        same("reference", intent.key, lookup.key)
        return intents.authorized(_of_currency(intent, lookup))

    async def _step(self, lookup: Lookup) -> Finding:
        """A capture or a void: what the payment intent is now tells whether it was done."""
        psp_ref = lookup.parent_ref or lookup.psp_ref
        if psp_ref is None:
            return NoStatus(safe_to_repeat=lookup.operation is Operation.VOID)
        intent = await self._intent(lookup, psp_ref)
        if intent is None:
            return NotFound()
        same("payment", payment_of(intent.key or ""), payment_of(lookup.key))
        _of_currency(intent, lookup)
        if intent.status == "requires_capture":
            # Neither captured nor canceled. Both can be asked again: each is done once at most.
            return NotFound(safe_to_repeat=True)
        if lookup.operation is Operation.CAPTURE:
            return intents.captured(intent)
        return _void(intent, lookup)

    async def _refund(self, lookup: Lookup) -> Finding:
        if lookup.psp_ref is not None:
            answer = await self._get(lookup, place("refunds", lookup.psp_ref))
            if answer.status != 200:
                return _missing(answer)
            refund = answer.read(Refund)
            same("reference", refund.key, lookup.key)
            return intents.refunded(_of_payment(refund, lookup))
        if lookup.parent_ref is None:
            return NoStatus(safe_to_repeat=_is_remembered(lookup))
        params = {"payment_intent": lookup.parent_ref, "limit": str(PER_PAGE)}
        for _ in range(PAGES):
            answer = await self._get(lookup, place("refunds"), params)
            page = answer.read(Refunds) if answer.status == 200 else None
            if page is None:
                return _missing(answer)
            for refund in page.data:
                _of_payment(refund, lookup)
                if refund.key == lookup.key:
                    return intents.refunded(refund)
            if not page.has_more or not page.data:
                return NotFound(safe_to_repeat=_is_remembered(lookup))
            params["starting_after"] = page.data[-1].id
        raise InDoubt("Stripe has more refunds of this payment than we read")

    async def _in_the_list(self, lookup: Lookup) -> str | None:
        """The id of our payment intent, if it is among those of the minutes around the asking."""
        asked_at = _asked_at(lookup)
        if asked_at is None:
            return None
        params = {
            "created[gte]": _seconds(asked_at - BEFORE),
            "created[lt]": _seconds(asked_at + AFTER),
            "limit": str(PER_PAGE),
        }
        for _ in range(PAGES):
            page = _listed(await self._get(lookup, place("payment_intents"), params))
            for intent in page.data:
                if intent.key == lookup.key:
                    return intent.id
            if not page.has_more or not page.data:
                return None
            params["starting_after"] = page.data[-1].id
        return None

    async def _intent(self, question: Question, psp_ref: str) -> Intent | None:
        path = place("payment_intents", psp_ref)
        answer = await self._get(question, path, {"expand[]": EXPAND})
        if answer.status != 200:
            _missing(answer)
            return None
        intent = answer.read(Intent)
        same("payment intent", intent.id, psp_ref)
        return intent

    async def _get(
        self, question: Question, path: str, params: Mapping[str, str] | None = None
    ) -> Answer:
        account, trace_id = question.account.id, question.trace_id
        return await self._client.get(account, path, params, trace_id=trace_id)


def _listed(answer: Answer) -> Intents:
    if answer.status != 200:
        refusal(answer)
        raise InDoubt(f"HTTP {answer.status}")
    return answer.read(Intents)


def _missing(answer: Answer) -> NotFound:
    """Stripe knows no such object; raises InDoubt for every other refusal."""
    if is_missing(refusal(answer)):
        return NotFound()
    raise InDoubt(f"HTTP {answer.status}")


def _void(intent: Intent, lookup: Lookup) -> Finding:
    if intent.status == "succeeded":
        # Of a hold that was captured in part, Stripe released the rest: that was the void.
        rest = intents.released(intent)
        if not rest.amount.is_zero and rest.amount == lookup.amount:
            return rest
    if intent.status in ("canceled", "succeeded"):
        return intents.voided(intent)
    # Whether a cancel is on its way is told nowhere; asked again it is done once at most.
    return NoStatus(safe_to_repeat=True)


def _of_currency(intent: Intent, lookup: Lookup) -> Intent:
    if lookup.amount is not None:
        same("currency", intent.currency.upper(), lookup.amount.currency)
    return intent


def _of_payment(refund: Refund, lookup: Lookup) -> Refund:
    if lookup.parent_ref is not None:
        same("payment intent", refund.payment_intent, lookup.parent_ref)
    if refund.key == lookup.key and lookup.amount is not None:
        same("currency", refund.currency.upper(), lookup.amount.currency)
    return refund


def _is_remembered(lookup: Lookup) -> bool:
    asked_at = _asked_at(lookup)
    return asked_at is not None and datetime.now(UTC) - asked_at < KEY_MEMORY


def _asked_at(lookup: Lookup) -> datetime | None:
    try:
        told = datetime.fromisoformat(lookup.asked_at)
    except ValueError:
        return None
    return told if told.tzinfo else None


def _seconds(when: datetime) -> str:
    return str(int(when.timestamp()))

"""Asking Stripe what became of an instruction: never moves money.

By id where we have one. By our reference in two ways: the lists of the minutes around the asking,
which know at once what was made, and the search over metadata, which knows it a while later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from activities.psp.wire import Answer, InDoubt
from workflows.domain.identity import payment_of
from workflows.domain.psp import Finding, Lookup, NoStatus, NotFound, Operation

from . import checkout, intents
from .authorizing import EXPAND
from .client import Client, place
from .errors import is_missing, refusal, same
from .giving_back import given_back
from .messages import KEY, Intent, Intents, Refund, Refunds, Session
from .sessions import Question, Sessions, Span

KEY_MEMORY = timedelta(hours=23)
"""Stripe forgets an idempotency key after 24 hours at the earliest."""

BEFORE, AFTER = timedelta(minutes=1), timedelta(minutes=15)
"""Around the asking: clocks differ, and a question may wait minutes for a worker."""

PAGES, PER_PAGE = 4, 100
"""At most so many are read: beyond it is not certain what is there."""

_SEARCHABLE = re.compile(r"[A-Za-z0-9_:\-]{1,200}", re.ASCII)


class Lookups:
    """Each look is one to a dozen reads; none has an effect."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._sessions = Sessions(client)

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

    async def searched(self, question: Question, key: str) -> Intent | None:
        """The payment intent of this key. That none is found proves nothing."""
        if not _SEARCHABLE.fullmatch(key):
            return None
        params = {"query": f"metadata['{KEY}']:'{key}'", "limit": "10"}
        answer = await self._get(question, place("payment_intents", "search"), params)
        found = _listed(answer).data
        for each in found:
            same("reference", each.key, key)
        if len(found) > 1:
            raise InDoubt("Stripe has several payment intents under one reference")
        return found[0] if found else None

    async def page(self, question: Question, session_id: str) -> Session:
        """Raises InDoubt also where there is none."""
        found = await self._sessions.read(question, session_id)
        if found is None:
            raise InDoubt("Stripe knows no such page")
        return found

    async def to_void(self, question: Question, key: str) -> str | None:
        """The id of what was begun under this key, of a page where it was one; that none is found
        proves nothing."""
        intent = await self.searched(question, key)
        if intent is None:
            return await self._sessions.open_under(question, key)
        if intent.is_of_a_page:
            return (await self._sessions.of_intent(question, intent.id)).id
        return intent.id

    async def _authorization(self, lookup: Lookup) -> Finding:
        psp_ref = lookup.psp_ref
        whole = False
        if psp_ref is None:
            psp_ref, whole = await self._in_the_lists(lookup)
        if psp_ref is None:
            found = await self.searched(lookup, lookup.key)
            psp_ref = found.id if found else None
        if psp_ref is None:
            return _not_there(lookup, whole=whole)
        if psp_ref.startswith(checkout.PREFIX):
            return await self._of_a_page(lookup, psp_ref)
        intent = await self._intent(lookup, psp_ref)
        if intent is None:
            return NotFound()
        same("reference", intent.key, lookup.key)
        if intent.is_of_a_page and intent.status not in checkout.DECIDED:
            session = await self._sessions.of_intent(lookup, psp_ref)
            return checkout.state(_of_lookup(session, lookup))
        return intents.authorized(_of_currency(intent, lookup))

    async def _of_a_page(self, lookup: Lookup, psp_ref: str) -> Finding:
        session = await self._sessions.read(lookup, psp_ref)
        return NotFound() if session is None else checkout.state(_of_lookup(session, lookup))

    async def _step(self, lookup: Lookup) -> Finding:
        """A capture or a void: what the payment intent is now tells whether it was done."""
        psp_ref = lookup.parent_ref or lookup.psp_ref
        if psp_ref is None:
            return NoStatus(safe_to_repeat=lookup.operation is Operation.VOID)
        if psp_ref.startswith(checkout.PREFIX):
            return await self._step_of_a_page(lookup, psp_ref)
        return await self._done(lookup, await self._intent(lookup, psp_ref))

    async def _step_of_a_page(self, lookup: Lookup, psp_ref: str) -> Finding:
        session = await self._sessions.read(lookup, psp_ref)
        if session is None:
            return NotFound()
        same("payment", payment_of(session.key or ""), payment_of(lookup.key))
        if session.intent is not None and session.status != "open":
            return await self._done(lookup, session.intent)
        if session.status == "expired" and lookup.operation is Operation.VOID:
            return checkout.released(session)
        return NotFound(safe_to_repeat=True)

    async def _done(self, lookup: Lookup, intent: Intent | None) -> Finding:
        if intent is None:
            return NotFound()
        same("payment", payment_of(intent.key or ""), payment_of(lookup.key))
        _of_currency(intent, lookup)
        if intent.status == "requires_capture":
            # Neither captured nor canceled. Both can be asked again: each is done once at most.
            return NotFound(safe_to_repeat=True)
        if lookup.operation is Operation.CAPTURE:
            return intents.captured(intent)
        if intent.is_sale and intent.status == "succeeded":
            # Only a refund undoes it: once in all, since nothing is left of it then.
            refund = await self._refund_of(replace(lookup, parent_ref=intent.id), intent.id)
            return given_back(refund, intent.id) if refund else NotFound(safe_to_repeat=True)
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
        found = await self._refund_of(lookup, lookup.parent_ref)
        if found is not None:
            return intents.refunded(found)
        return NotFound(safe_to_repeat=_is_remembered(lookup))

    async def _refund_of(self, lookup: Lookup, paid: str) -> Refund | None:
        """The one of this key, among those of a payment intent; None where there is no such thing.
        Raises InDoubt where it may be among those that were not read."""
        params = {"payment_intent": paid, "limit": str(PER_PAGE)}
        for _ in range(PAGES):
            answer = await self._get(lookup, place("refunds"), params)
            page = answer.read(Refunds) if answer.status == 200 else None
            if page is None:
                _missing(answer)
                return None
            for refund in page.data:
                _of_payment(refund, lookup)
                if refund.key == lookup.key:
                    return refund
            if not page.has_more or not page.data:
                return None
            params["starting_after"] = page.data[-1].id
        raise InDoubt("Stripe has more refunds of this payment than we read")

    async def _in_the_lists(self, lookup: Lookup) -> tuple[str | None, bool]:
        """The id of our payment intent or page, if it is among those of the minutes around the
        asking; and whether they were read to their end."""
        asked_at = _asked_at(lookup)
        if asked_at is None:
            return None, False
        span = Span(asked_at - BEFORE, asked_at + AFTER)
        intent, whole = await self._in_the_list(lookup, span)
        if intent is not None:
            return intent, whole
        session, all_of_them = await self._sessions.made_in(lookup, span, lookup.key)
        return session, whole and all_of_them

    async def _in_the_list(self, lookup: Lookup, span: Span) -> tuple[str | None, bool]:
        params = {**span.params, "limit": str(PER_PAGE)}
        for _ in range(PAGES):
            page = _listed(await self._get(lookup, place("payment_intents"), params))
            for intent in page.data:
                if intent.key == lookup.key:
                    return intent.id, True
            if not page.has_more or not page.data:
                return None, True
            params["starting_after"] = page.data[-1].id
        return None, False

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


def _not_there(lookup: Lookup, *, whole: bool) -> Finding:
    """In no list and not found by the search. Stripe keeps even an error under a key: repeated, it
    is given again, and nothing is done twice for as long as the key is remembered."""
    if _is_remembered(lookup):
        # A list that was not read to its end proves nothing, and the repetition still does.
        return NotFound(safe_to_repeat=True) if whole else NoStatus(safe_to_repeat=True)
    if not whole:
        raise InDoubt("Stripe finds no payment intent under our reference")
    return NotFound()


def _of_lookup(session: Session, lookup: Lookup) -> Session:
    currency = lookup.amount.currency if lookup.amount else None
    return checkout.of_ours(session, lookup.key, currency)


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
        when = datetime.fromisoformat(lookup.asked_at)
    except ValueError:
        return None
    return when if when.tzinfo else None

"""Reading Checkout Sessions: by id, by their payment intent, by our reference in the lists.

There is no search over them; the list knows at once what was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from activities.psp.wire import InDoubt
from workflows.domain.psp import MerchantAccount

from .checkout import PATH
from .client import Client, place
from .errors import is_missing, refusal
from .messages import Session, SessionPage

EXPANDED = "payment_intent.latest_charge"
OLDEST = timedelta(hours=24)
"""No page is open for longer."""
PAGES, PER_PAGE = 4, 100


class Question(Protocol):
    """An instruction or a lookup: whose account, and for which trace."""

    @property
    def account(self) -> MerchantAccount: ...

    @property
    def trace_id(self) -> str: ...


@dataclass(frozen=True)
class Span:
    """A time in which a thing was made, whole seconds, the end excluded."""

    begins: datetime
    ends: datetime

    @property
    def params(self) -> dict[str, str]:
        """As Stripe's lists filter by it."""
        return {
            "created[gte]": str(int(self.begins.timestamp())),
            "created[lt]": str(int(self.ends.timestamp())),
        }


class Sessions:
    """At most PAGES pages of a list are read."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, question: Question, session_id: str) -> Session | None:
        """With its payment intent; None where there is none of this id."""
        path, params = place(*PATH, session_id), {"expand[]": EXPANDED}
        answer = await self._client.get(
            question.account.id, path, params, trace_id=question.trace_id
        )
        if answer.status == 200:
            session = answer.read(Session)
            if session.id != session_id:
                raise InDoubt("the answer is about another session")
            return session
        if is_missing(refusal(answer)):
            return None
        raise InDoubt(f"HTTP {answer.status}")

    async def of_intent(self, question: Question, intent_id: str) -> Session:
        """By which the payment intent was made. Raises InDoubt where there is none."""
        page = await self._page(question, {"payment_intent": intent_id, "limit": "2"})
        if len(page.data) != 1:
            raise InDoubt("the payment intent is not of one session")
        session = await self.read(question, page.data[0].id)
        if session is None or session.intent_id != intent_id:
            raise InDoubt("the session is not of that payment intent")
        return session

    async def made_in(
        self, question: Question, span: Span, key: str, *, status: str = ""
    ) -> tuple[str | None, bool]:
        """The id of ours, and whether the list was read to its end."""
        params = {**span.params, "limit": str(PER_PAGE)}
        if status:
            params["status"] = status
        for _ in range(PAGES):
            page = await self._page(question, params)
            for session in page.data:
                if session.key == key:
                    return session.id, True
            if not page.has_more or not page.data:
                return None, True
            params["starting_after"] = page.data[-1].id
        return None, False

    async def open_under(self, question: Question, key: str) -> str | None:
        """The id of the page of this key, if it is among the youngest that are open."""
        now = datetime.now(UTC)
        span = Span(now - OLDEST, now + timedelta(minutes=1))
        found, _ = await self.made_in(question, span, key, status="open")
        return found

    async def _page(self, question: Question, params: Mapping[str, str]) -> SessionPage:
        answer = await self._client.get(
            question.account.id, place(*PATH), params, trace_id=question.trace_id
        )
        if answer.status != 200:
            refusal(answer)
            raise InDoubt(f"HTTP {answer.status}")
        return answer.read(SessionPage)

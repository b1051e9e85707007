"""PayPal under the credentials of one merchant account: its wire, its token, its headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NoReturn

from activities.psp.oauth import OAuth
from activities.psp.wire import Answer, InDoubt, NeverSent, Wire
from workflows.domain.psp import Declined, Instruction

from .asking import Asking
from .declines import declined
from .issues import ISSUES, MERCHANT
from .messages import ErrorMessage, Payee
from .settings import PaypalAccount

TOKEN_PATH = "/v1/oauth2/token"  # noqa: S105 - a path, no secret

LONGEST_KEY = 108

IN_DOUBT = frozenset(
    {
        "DUPLICATE_INVOICE_ID",
        "DUPLICATE_REQUEST_ID",
        "DUPLICATE_RESOURCE_IDENTIFIER",
        "PREVIOUS_REQUEST_IN_PROGRESS",
        "PAYPAL_REQUEST_ID_PREVIOUSLY_USED",
        "AUTHORIZATION_ALREADY_CAPTURED",
        "CAPTURE_FULLY_REFUNDED",
        "ORDER_ALREADY_AUTHORIZED",
        "ORDER_ALREADY_CAPTURED",
        "ORDER_COMPLETED_OR_VOIDED",
        "PREVIOUSLY_CAPTURED",
        "PREVIOUSLY_VOIDED",
        "MAX_AUTHORIZATION_COUNT_EXCEEDED",
        "MAX_CAPTURE_COUNT_EXCEEDED",
    }
)
"""Issues that say that something was done before, which may have been ours."""

REFUSALS = frozenset({400, 401, 403, 404, 405, 406, 415, 422})
"""With which PayPal refuses, in words of its own, and has done nothing."""

_SAYS_BEFORE = re.compile(r"DUPLICATE|ALREADY|PREVIOUS|IN_PROGRESS")
"""In an issue of no table: what PayPal will one day call what was done before."""

_PATH_ID = re.compile(r"[A-Za-z0-9_\-]{1,64}", re.ASCII)


class Client:
    """Connects when it is first asked. The token is kept for all who wait, and fetched once more
    after a 401."""

    def __init__(self, account: PaypalAccount) -> None:
        self.account, self.asking = account, Asking()

    @cached_property
    def _wire(self) -> Wire:
        # When it is first needed: who only hears webhooks never connects.
        return Wire(self.account.url, tls=self.account.tls)

    @cached_property
    def _oauth(self) -> OAuth:
        account = self.account
        return OAuth(
            self._wire,
            token_path=TOKEN_PATH,
            client_id=account.client_id,
            client_secret=account.client_secret.get_secret_value(),
        )

    async def post(self, path: str, instruction: Instruction, body: Any = None) -> Answer:
        """Under the instruction's key. Raises NeverSent or InDoubt."""
        if len(instruction.key) > LONGEST_KEY:
            raise NeverSent(f"PayPal takes keys of at most {LONGEST_KEY} characters")
        headers = {
            # Also without a body: PayPal answers 415 to a POST that does not say what it is.
            "Content-Type": "application/json",
            "PayPal-Request-Id": instruction.key,
            "Prefer": "return=representation",
            "X-Trace-Id": instruction.trace_id,
        }
        return await self._oauth.exchange("POST", path, headers=headers, json=body)

    async def get(self, path: str, trace_id: str, params: dict[str, str] | None = None) -> Answer:
        """Raises NeverSent or InDoubt."""
        headers = {"X-Trace-Id": trace_id} if trace_id else {}
        return await self._oauth.exchange("GET", path, headers=headers, params=params)

    async def post_bytes(self, path: str, content: bytes) -> Answer:
        """JSON that is written already. Raises NeverSent or InDoubt."""
        headers = {"Content-Type": "application/json"}
        return await self._oauth.exchange("POST", path, headers=headers, content=content)

    def pays(self, payee: Payee) -> None:
        """Raises InDoubt for an answer about another merchant than that of the settings."""
        mine = self.account.merchant_id
        if None not in (mine, payee.merchant_id) and payee.merchant_id != mine:
            raise InDoubt("the answer is about another merchant")

    async def aclose(self) -> None:
        if "_wire" in vars(self):
            await self._wire.aclose()


@contextmanager
def looking_after_asking() -> Iterator[None]:
    """Around the look at what was done under our key: that the look never left us says nothing of
    the question that did. Raises InDoubt."""
    try:
        yield
    except NeverSent as error:
        raise InDoubt(f"asked, and not seen what became of it: {error}") from None


def path_id(text: str) -> str:
    """An id that goes into a path. Raises NeverSent."""
    if not _PATH_ID.fullmatch(text):
        raise NeverSent("this is no id of PayPal's")
    return text


def same(what: str, answered: object, asked: object) -> None:
    """The answer is to this question, or it is none. Raises InDoubt."""
    if answered != asked:
        raise InDoubt(f"the answer is about another {what}")


def refused(answer: Answer) -> Declined:
    """What an answer that is neither 2xx nor known to the caller promises. Raises NeverSent where
    PayPal was too busy or does not know us, and did nothing; InDoubt where something may have been
    done."""
    if answer.status == 401 and not _is_about_our_account(answer):
        raise NeverSent("HTTP 401: PayPal does not know us and did nothing")
    error = answer.read(ErrorMessage)
    if answer.status == 429:
        raise NeverSent("HTTP 429: PayPal is asked too much, and did nothing")
    if answer.status in REFUSALS and not _says_before(error):
        return declined(error.code)
    raise InDoubt(f"HTTP {answer.status}")


def _is_about_our_account(answer: Answer) -> bool:
    """401 says so too, where our credentials are right."""
    try:
        return answer.read(ErrorMessage).code in MERCHANT
    except InDoubt:
        return False


def _says_before(error: ErrorMessage) -> bool:
    """That something was done before, which may have been ours."""
    issues = {error.name, error.code} - ISSUES.keys()
    known = error.code in IN_DOUBT or error.is_about_a_batch
    return known or any(_SAYS_BEFORE.search(issue) for issue in issues)


def issue_of(answer: Answer) -> str | None:
    """The issue of a 422 or a 404 in PayPal's own shape; None for every other answer."""
    if answer.status not in (404, 422):
        return None
    return answer.read(ErrorMessage).code


def not_found(answer: Answer) -> bool:
    """PayPal's own word that there is no such thing, not that of a gateway. Raises InDoubt."""
    if answer.status != 404:
        return False
    return answer.read(ErrorMessage).name in ("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")


def unreadable(answer: Answer) -> NoReturn:
    """Of a question that moves nothing. Raises NeverSent or InDoubt."""
    if answer.status in (401, 429):
        raise NeverSent(f"HTTP {answer.status}")
    raise InDoubt(f"HTTP {answer.status}")

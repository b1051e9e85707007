"""An impatient platform: it gives up waiting, and asks again under the same key until it is told.

It keeps a diary of all it was ever told, which is compared with the truth at the end.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

BRAND = "chaos"
ASKED_FOR_SECONDS = 120.0
"""How long one question is repeated; then the platform was let down."""

_POLL_SECONDS = (0.1, 0.6)

Body = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: int
    body: Body

    @property
    def given(self) -> bool:
        """Done, or accepted."""
        return self.status < 300


class LetDown(Exception):
    """No answer within the time that any outage may last."""


@dataclass
class Diary:
    """What the platform was told, and how the telling went."""

    paths: dict[str, str] = field(default_factory=dict)
    """Where to look at each payment that was ever opened, by its id."""
    final: dict[str, str] = field(default_factory=dict)
    """The state of each payment that was seen final."""
    ids: dict[str, str] = field(default_factory=dict)
    """What each idempotency key opened."""
    broken_promises: list[str] = field(default_factory=list)
    retries: Counter[str] = field(default_factory=Counter)
    """Questions that had to be repeated, by what came instead of an answer."""
    given_up: Counter[str] = field(default_factory=Counter)
    """Commands that were never repeated, by what came instead of an answer."""

    def opened(self, key: str, payment_id: str, path: str) -> None:
        before = self.ids.setdefault(key, payment_id)
        if before != payment_id:
            self.broken_promises.append(f"key {key} opened {before} and {payment_id}")
        self.paths[payment_id] = path

    def saw(self, payment_id: str, body: Body) -> None:
        """What is final once must stay as it is."""
        status = str(body["status"])
        before = self.final.get(payment_id)
        if before is not None and before != status:
            self.broken_promises.append(f"{payment_id} was {before} for good, and is {status}")
        elif body.get("final"):
            self.final[payment_id] = status


@dataclass(frozen=True)
class Platform:
    http: httpx.AsyncClient
    tokens: Mapping[str, str]
    """By who asks: platform, operator, approver."""
    diary: Diary

    async def ask(
        self,
        path: str,
        body: Body,
        *,
        key: str,
        dice: random.Random,
        by: str = "platform",
    ) -> Answer:
        """A write, repeated under its key. Raises LetDown."""
        headers = {**self._bearer(by), "X-Idempotency-Key": key}
        patience = dice.uniform(1.5, 8.0)
        request = self.http.build_request(
            "POST", path, json=body, headers=headers, timeout=patience
        )
        return await self._persistently(request)

    async def ask_once(
        self, path: str, body: Body, *, key: str, dice: random.Random, by: str
    ) -> Answer | None:
        """A write that is never repeated, of a caller with little patience. None: no answer."""
        headers = {**self._bearer(by), "X-Idempotency-Key": key}
        patience = dice.choice((0.02, 0.1, 0.5, 3.0))
        what = f"POST {path}"
        try:
            given = await self.http.post(path, json=body, headers=headers, timeout=patience)
        except httpx.TransportError as error:
            self.diary.given_up[type(error).__name__] += 1
            return None
        if given.status_code < 500:
            return self._answer(what, given)
        self.diary.given_up[str(given.status_code)] += 1
        self._note_a_wrong_outage(what, given)
        return None

    async def look(self, path: str) -> Body:
        """A read, repeated. Raises LetDown."""
        request = self.http.build_request("GET", path, headers=self._bearer("platform"), timeout=5)
        return (await self._persistently(request)).body

    async def until(self, payment_id: str, *statuses: str, seconds: float) -> Body:
        """What is seen once it is final or has one of the statuses, or when the time is over."""
        deadline = time.monotonic() + seconds
        pause, longest = _POLL_SECONDS
        while True:
            seen = await self.look(self.diary.paths[payment_id])
            if "final" not in seen:
                # Noted as a broken promise: there is no such payment.
                return {"status": "", "final": False}
            self.diary.saw(payment_id, seen)
            if seen["final"] or seen["status"] in statuses or time.monotonic() > deadline:
                return seen
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, longest)

    def _bearer(self, by: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[by]}"}

    async def _persistently(self, request: httpx.Request) -> Answer:
        deadline, pause = time.monotonic() + ASKED_FOR_SECONDS, 0.2
        what = f"{request.method} {request.url.path}"
        while time.monotonic() < deadline:
            try:
                given = await self.http.send(request)
            except httpx.TransportError as error:
                self.diary.retries[type(error).__name__] += 1
            else:
                if given.status_code < 500:
                    return self._answer(what, given)
                self.diary.retries[str(given.status_code)] += 1
                self._note_a_wrong_outage(what, given)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 1.0)
        self.diary.broken_promises.append(f"{what}: no answer in {ASKED_FOR_SECONDS:.0f} s")
        raise LetDown(what)

    def _note_a_wrong_outage(self, what: str, given: httpx.Response) -> None:
        if given.status_code != 503 or "Retry-After" not in given.headers:
            self.diary.broken_promises.append(f"{what}: {given.status_code} {given.text[:200]}")

    def _answer(self, what: str, given: httpx.Response) -> Answer:
        if given.status_code not in (200, 201, 202, 409, 422):
            self.diary.broken_promises.append(f"{what}: {given.status_code} {given.text[:200]}")
        return Answer(given.status_code, given.json())

"""OAuth 2 client credentials over a wire: one access token, shared by all who ask at the same time.

A token moves no money. Whatever goes wrong on the way to one was sent to nobody as a payment, so
it is NeverSent to all who waited for it. The token stands in no message and in no repr.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from activities.psp.wire import Answer, NeverSent, Wire, WireError

TOKEN_SECONDS = 4.0
"""For a new token, so that the call itself still has its time before the activity's deadline."""

MARGIN_SECONDS = 60.0
"""Before it expires a token is not used any more; of a short-lived one half its life is used."""

UNAUTHORIZED = 401

Clock = Callable[[], float]


class _TokenMessage(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)

    # It goes into a header: nothing that could end one.
    access_token: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,8000}$", repr=False)]
    expires_in: Annotated[int, Field(gt=0)]


@dataclass(frozen=True)
class _Token:
    value: str = field(repr=False)
    until: float


class OAuth:
    """Exchanges under an access token, kept for as long as its adapter lives."""

    def __init__(
        self,
        wire: Wire,
        *,
        token_path: str,
        client_id: str,
        client_secret: str,
        clock: Clock = time.monotonic,
        token_seconds: float = TOKEN_SECONDS,
    ) -> None:
        self._wire, self._path, self._clock = wire, token_path, clock
        self._token_seconds = token_seconds
        plain = f"{client_id}:{client_secret}".encode()
        self._basic = f"Basic {base64.b64encode(plain).decode()}"
        self._token: _Token | None = None
        self._flight: asyncio.Task[_Token] | None = None

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
    ) -> Answer:
        """As Wire.exchange, authorized. After a 401, which executes nothing, once more with a new
        token; a second 401 is the answer. Raises NeverSent or InDoubt."""

        async def ask(token: _Token) -> Answer:
            authorized = {**(headers or {}), "Authorization": f"Bearer {token.value}"}
            return await self._wire.exchange(
                method, path, headers=authorized, params=params, json=json, content=content
            )

        return await self._authorized(ask)

    async def _authorized(self, ask: Callable[[_Token], Awaitable[Answer]]) -> Answer:
        token = await self._fresh(refused=None)
        answer = await ask(token)
        if answer.status != UNAUTHORIZED:
            return answer
        return await ask(await self._fresh(refused=token))

    async def _fresh(self, refused: _Token | None) -> _Token:
        """The token there is, unless it is old or the very one that was refused."""
        token = self._token
        if token is not None and token is not refused and self._clock() < token.until:
            return token
        if self._flight is None:
            self._flight = asyncio.create_task(self._fetched())
            self._flight.add_done_callback(self._landed)
        # A waiter that gives up leaves the flight to the others.
        return await asyncio.shield(self._flight)

    def _landed(self, flight: asyncio.Task[_Token]) -> None:
        self._flight = None
        if not flight.cancelled() and flight.exception() is None:
            self._token = flight.result()

    async def _fetched(self) -> _Token:
        asked_at = self._clock()
        try:
            async with asyncio.timeout(self._token_seconds):
                answer = await self._wire.exchange(
                    "POST",
                    self._path,
                    headers={"Authorization": self._basic},
                    form={"grant_type": "client_credentials"},
                )
            if answer.status != 200:
                raise NeverSent(f"no access token (HTTP {answer.status})")
            message = answer.read(_TokenMessage)
        except TimeoutError:
            raise NeverSent(f"no access token within {self._token_seconds:g} s") from None
        except NeverSent:
            raise
        except WireError as error:
            raise NeverSent(f"no access token: {error}") from None
        usable = max(message.expires_in - MARGIN_SECONDS, message.expires_in / 2)
        return _Token(message.access_token, asked_at + usable)

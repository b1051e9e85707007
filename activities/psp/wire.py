"""One HTTP exchange with a PSP: it ends within its deadline, and says what is certain.

    WireError
      NeverSent   the PSP certainly did nothing
      InDoubt     it may have done what was asked

Messages name what happened. They never carry a body, a secret or an address.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import httpx
import orjson
from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)


class WireError(Exception):
    """The exchange gave no answer that can be believed."""


class NeverSent(WireError):
    """Provably not executed: it never left us, or the PSP guarantees so for this answer."""


class InDoubt(WireError):
    """It may have been executed. Never repeated elsewhere; looked up.

    `answered`: the PSP did answer, with an error of its own that says nothing of what was done.
    """

    def __init__(self, why: str, *, answered: bool = False) -> None:
        super().__init__(why)
        self.answered = answered


@dataclass(frozen=True)
class Limits:
    """Seconds and bytes. Pool, connect and TLS together stay below the deadline, so that whatever
    the deadline cuts off had a connection: it is in doubt, and what failed before is not."""

    deadline: float = 9.0
    connect: float = 3.0
    pool: float = 2.0
    body: int = 1_000_000
    connections: int = 200


@dataclass(frozen=True)
class Answer:
    """An HTTP response, whole. 3xx and 5xx are answers too: a plugin knows what they promise."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def read(self, model: type[Model]) -> Model:
        """The body as the dialect has it. Raises InDoubt for anything else, and for 3xx and 5xx."""
        if not (200 <= self.status < 300 or 400 <= self.status < 500):
            raise InDoubt(f"HTTP {self.status}", answered=self.status >= 500)
        try:
            return model.model_validate(orjson.loads(self.body))
        except orjson.JSONDecodeError:
            what = f"{len(self.body)} bytes that are no JSON" if self.body else "no body"
            raise InDoubt(f"HTTP {self.status} with {what}") from None
        except ValidationError as error:
            fields = sorted({".".join(str(part) for part in e["loc"]) for e in error.errors()})
            raise InDoubt(f"HTTP {self.status} out of the dialect: {', '.join(fields)}") from None


@cache
def _usual_trust() -> ssl.SSLContext:
    """Reading the authorities takes some 20 ms of CPU: once, not for each merchant account."""
    return httpx.create_ssl_context(trust_env=False)


class Wire:
    """A pool of connections to one PSP, kept by its adapter for as long as the worker lives."""

    def __init__(
        self, base_url: str, *, limits: Limits | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._limits = limits = limits or Limits()
        self._client = httpx.AsyncClient(
            base_url=base_url,
            verify=tls or _usual_trust(),
            # A proxy or a .netrc of the machine must not come between us and a PSP unseen.
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(limits.deadline, connect=limits.connect, pool=limits.pool),
            limits=httpx.Limits(
                max_connections=limits.connections, max_keepalive_connections=limits.connections
            ),
            headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
        )

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """Ask once. Raises NeverSent or InDoubt; any complete response is an Answer.

        `content` goes out byte for byte, under the Content-Type of the headers.
        """
        arguments = {"headers": headers, "params": params, "json": json, "data": form}
        try:
            request = self._client.build_request(method, path, content=content, **arguments)
        except (httpx.InvalidURL, UnicodeError, TypeError, ValueError) as error:
            raise NeverSent(f"the request could not be written ({_name(error)})") from None
        try:
            async with asyncio.timeout(self._limits.deadline):
                return await self._send(request)
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.PoolTimeout,
            httpx.UnsupportedProtocol,
        ) as error:
            raise NeverSent(f"no connection ({_name(error)})") from None
        except httpx.HTTPError as error:
            raise InDoubt(f"no whole answer ({_name(error)})") from None
        except TimeoutError:
            raise InDoubt(f"no whole answer within {self._limits.deadline:g} s") from None

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _send(self, request: httpx.Request) -> Answer:
        response = await self._client.send(request, stream=True)
        try:
            body = await self._body(response)
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, body)

    async def _body(self, response: httpx.Response) -> bytes:
        """Read at most the cap, compressed and inflated: no answer can fill the memory."""
        inflate = _inflater(response.headers.get("content-encoding", "identity"))
        cap, raw, size = self._limits.body, bytearray(), 0
        async for chunk in response.aiter_raw():
            size += len(chunk)
            raw += inflate.decompress(chunk, cap + 1 - len(raw)) if inflate else chunk
            if max(size, len(raw)) > cap:
                raise InDoubt(f"the answer is larger than {cap} bytes")
        if inflate and not inflate.eof:
            raise InDoubt("the compressed answer breaks off")
        return bytes(raw)


def _inflater(encoding: str) -> Any:
    match encoding.strip().lower():
        case "identity" | "":
            return None
        case "gzip" | "x-gzip":
            return _Gzip()
        case _:
            raise InDoubt("the answer is compressed in a way that was not asked for")


class _Gzip:
    """Inflates piece by piece and never more than it is told."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    def decompress(self, chunk: bytes, at_most: int) -> bytes:
        try:
            return self._inflate.decompress(chunk, at_most)
        except zlib.error:
            raise InDoubt("the compressed answer is garbled") from None


def _name(error: Exception) -> str:
    return type(error).__name__

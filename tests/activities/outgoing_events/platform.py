"""A platform that hears of its payments, and payments that things happen to."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import orjson

from activities.outgoing_events.circuit import Circuit
from activities.outgoing_events.dispatcher import Dispatcher
from activities.outgoing_events.receivers import Receivers
from activities.outgoing_events.settings import OutgoingEventsSettings
from activities.psp.certification import Canned, Heard
from activities.registry.books import RegistryBooks
from activities.registry.claims import Claim
from activities.registry.new_payment import NewPayment
from activities.registry.requests import Requests
from tests.activities.psp.peer import Behaviour, Ends, listening, says
from workflows.domain.payments import Facts
from workflows.domain.records import Record

SECRET = "whsec_" + "c2VjcmV0" * 4
NEXT_SECRET = "whsec_" + "bmV4dCEh" * 4


def a_brand() -> str:
    return f"brand-{uuid.uuid4().hex[:12]}"


@dataclass
class Platform:
    """Answers as it is told, event by event; keeps what it heard."""

    answer: Callable[[dict[str, Any]], int] = lambda _: 204
    url: str = ""
    heard: list[Heard] = field(default_factory=list)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [orjson.loads(request.body) for request in self.heard]

    def sequences(self, payment_id: str) -> list[int]:
        return [e["sequence"] for e in self.events if e["payment_id"] == payment_id]


@asynccontextmanager
async def platform(
    answer: Callable[[dict[str, Any]], int] = lambda _: 204, behaviour: Behaviour | None = None
) -> AsyncIterator[Platform]:
    made = Platform(answer)

    async def behave(request: Heard, ends: Ends) -> None:
        made.heard.append(request)
        status = made.answer(orjson.loads(request.body))
        await (behaviour or says(lambda _: Canned(status, b"")))(request, ends)

    async with listening(behave) as peer:
        made.url = peer.url + "/hooks"
        yield made


def settings(
    endpoints: Mapping[str, str], secrets: Sequence[str] = (SECRET,)
) -> OutgoingEventsSettings:
    return OutgoingEventsSettings.model_validate(
        {"endpoints": endpoints, "secrets": {brand: list(secrets) for brand in endpoints}}
    )


class Impatient(Circuit):
    """Probes ten times a second."""

    def __init__(self) -> None:
        super().__init__(probe_seconds=0.1)


@asynccontextmanager
async def telling(
    pool: asyncpg.Pool,
    endpoints: Mapping[str, str],
    *,
    dispatcher: type[Dispatcher] = Dispatcher,
    circuit: type[Circuit] = Circuit,
    dispatchers: int = 1,
) -> AsyncIterator[None]:
    """Dispatchers at work for these brands."""
    running = [
        asyncio.create_task(dispatcher(pool, Receivers(settings(endpoints), circuit)).run())
        for _ in range(dispatchers)
    ]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        for task in running:
            with suppress(asyncio.CancelledError):
                await task


# --- payments ---------------------------------------------------------------------------------


async def opened(pool: asyncpg.Pool, brand: str, **changes: Any) -> str:
    """Version 1 of a deposit; gives its id."""
    payment_id = f"in_{uuid.uuid4().hex}"
    claim = Claim(brand=brand, key=uuid.uuid4().hex, request_hash="hash", resource_id=payment_id)
    payment: dict[str, Any] = {
        "kind": "deposit",
        "brand": brand,
        "region": "eu",
        "player_id": "player-1",
        "currency": "EUR",
        "amount_minor": 5000,
        "method": "card",
        "status": "INITIATED",
        "trace_id": "trace-1",
        "requester": "platform-1",
        "credential": "platform-2",
        "details": {
            "capture_method": "automatic",
            "return_url": "https://casino.example",
            "metadata": {},
        },
        "order": {},
    }
    await Requests(pool).open(claim, NewPayment(**(payment | changes)))
    return payment_id


def version(payment_id: str, number: int, status: str = "PENDING") -> Record:
    return Record(
        payment_id=payment_id,
        version=number,
        status=status,
        final=False,
        facts=Facts(),
        at="2031-01-31T12:00:00+00:00",
    )


async def became(pool: asyncpg.Pool, payment_id: str, *statuses: str) -> None:
    """Versions 2, 3, 4 …"""
    for number, status in enumerate(statuses, start=2):
        await RegistryBooks(pool).record(version(payment_id, number, status))


async def events_of(pool: asyncpg.Pool, payment_id: str) -> list[asyncpg.Record]:
    return list(
        await pool.fetch(
            "SELECT * FROM outgoing_events WHERE payment_id = $1 ORDER BY sequence", payment_id
        )
    )


async def states(pool: asyncpg.Pool, payment_id: str) -> list[str]:
    return [row["state"] for row in await events_of(pool, payment_id)]


async def come(pool: asyncpg.Pool, payment_id: str, *wanted: str, seconds: float = 60) -> None:
    """Until the payment's events are in these states. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while await states(pool, payment_id) != list(wanted):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@asynccontextmanager
async def time_flies(owner: asyncpg.Pool, brand: str) -> AsyncIterator[None]:
    """Whatever the brand waits for is due, and leases of the dead are over at once."""

    async def fly() -> None:
        while True:
            await owner.execute(
                "UPDATE outgoing_events SET next_at = now() WHERE brand = $1 AND state = 'waiting' "
                "AND next_at > now()",
                brand,
            )
            await asyncio.sleep(0.03)

    flying = asyncio.create_task(fly())
    try:
        yield
    finally:
        flying.cancel()
        with suppress(asyncio.CancelledError):
            await flying

"""Everything that can be done to the stack: each fault begins, lasts, and is over."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, get_args

import asyncpg
import psutil

from infra.local.psps.sandbox.faults import Kind
from tests.chaos.ground import Ground
from tests.chaos.link import Weather

Strike = Callable[[Ground], AbstractAsyncContextManager[None]]

PROCESSES = ("worker", "api", "sandbox-psp", "temporal", "postgres")
FROZEN_SECONDS = {"worker": 8.0, "temporal": 6.0, "postgres": 6.0}
REGIMES = ("replays_500", "only_success", "conflict_in_flight", "forgetful", "off")
NORMAL: dict[str, Any] = {"webhooks": "promised", "idempotency": "honoured", "slow_seconds": 5.0}
OURS = ("worker", "api", "temporal", "postgres")
SLOW_SECONDS = (1.0, 2.5, 5.0)
"""Within the quick lane's wait, about to leave it, and beyond it and a workflow task's timeout."""
RESENT_AT_MOST = 40


@dataclass(frozen=True)
class Fault:
    name: str
    seconds: float
    strike: Strike
    """Begins on entering; over on leaving."""


def every(links: tuple[str, ...], seed: int) -> list[Fault]:
    """The whole catalogue, for a stack with these links; `seed` is for the PSP's dice."""
    return [
        *(Fault(f"kill -9 {name}", 0.0, _killed(name)) for name in PROCESSES),
        *(Fault(f"freeze {name}", s, _frozen(name)) for name, s in FROZEN_SECONDS.items()),
        Fault("every database session ended", 0.0, _sessions_ended),
        *(Fault(f"psp answers: {kind}", 2.5, _psp_fault(kind, seed)) for kind in get_args(Kind)),
        *(Fault(f"psp keys: {mode}", 2.5, _psp_mode(idempotency=mode)) for mode in REGIMES),
        *(
            Fault(f"kill -9 {name}, every call takes {s:g} s", s, _killed_while_slow(name, s, seed))
            for name in OURS
            for s in SLOW_SECONDS
        ),
        Fault("webhooks for everything", 2.5, _psp_mode(webhooks="all")),
        Fault("webhooks never sent", 2.5, _psp_mode(webhooks="none")),
        Fault("webhooks held back", 3.0, _webhooks_held_back),
        Fault("webhooks sent again, twice at once", 1.0, _webhooks_again),
        *(
            Fault(f"{link}: {weather}", 4.0, _bad(link, weather))
            for link in links
            for weather in Weather
            if weather is not Weather.FAIR
        ),
    ]


async def calm(at: Ground) -> None:
    """Whatever was ordered is taken back."""
    for link in at.links.values():
        if link.weather is not Weather.FAIR:
            await link.turn(Weather.FAIR)
    await at.psp.delete("/_control/faults")
    await at.psp.put("/_control/settings", json=NORMAL)
    await at.psp.post("/_control/webhooks/resume")


def _family(at: Ground, name: str) -> list[int]:
    """The process, and for Postgres its backends."""
    pid = at.stack.processes[name].pid
    if pid is None:
        return []
    with suppress(psutil.NoSuchProcess):
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    return []


def _send(pids: list[int], what: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, what)


def _killed(name: str) -> Strike:
    @asynccontextmanager
    async def strike(at: Ground) -> AsyncIterator[None]:
        _send(_family(at, name), signal.SIGKILL)
        yield

    return strike


def _frozen(name: str) -> Strike:
    @asynccontextmanager
    async def strike(at: Ground) -> AsyncIterator[None]:
        pids = _family(at, name)
        _send(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            _send(pids, signal.SIGCONT)

    return strike


@asynccontextmanager
async def _sessions_ended(at: Ground) -> AsyncIterator[None]:
    connection = await asyncpg.connect(at.stack.postgres.admin_url, ssl=False)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()
    yield


def _killed_while_slow(name: str, seconds: float, seed: int) -> Strike:
    slow = _psp_fault("slow", seed, probability=1.0)

    @asynccontextmanager
    async def strike(at: Ground) -> AsyncIterator[None]:
        async with _psp_mode(slow_seconds=seconds)(at), slow(at):
            # Some calls have just begun, some are about to be answered.
            await asyncio.sleep(1.2 * seconds)
            _send(_family(at, name), signal.SIGKILL)
            yield

    return strike


def _psp_fault(kind: str, seed: int, probability: float = 0.6) -> Strike:
    @asynccontextmanager
    async def strike(at: Ground) -> AsyncIterator[None]:
        ordered = {
            "operation": "*",
            "fault": kind,
            "times": None,
            "probability": probability,
            "seed": seed,
        }
        (await at.psp.post("/_control/faults", json=ordered)).raise_for_status()
        try:
            yield
        finally:
            (await at.psp.delete("/_control/faults")).raise_for_status()

    return strike


def _psp_mode(**settings: Any) -> Strike:
    @asynccontextmanager
    async def strike(at: Ground) -> AsyncIterator[None]:
        (await at.psp.put("/_control/settings", json=settings)).raise_for_status()
        try:
            yield
        finally:
            (await at.psp.put("/_control/settings", json=NORMAL)).raise_for_status()

    return strike


@asynccontextmanager
async def _webhooks_held_back(at: Ground) -> AsyncIterator[None]:
    (await at.psp.post("/_control/webhooks/pause")).raise_for_status()
    try:
        yield
    finally:
        (await at.psp.post("/_control/webhooks/resume")).raise_for_status()


@asynccontextmanager
async def _webhooks_again(at: Ground) -> AsyncIterator[None]:
    webhooks = (await at.psp.get("/_control/webhooks")).json()["webhooks"]
    events = [event["id"] for event in webhooks if event["state"] != "withheld"][-RESENT_AT_MOST:]
    for _ in range(2):
        await asyncio.gather(
            *(at.psp.post(f"/_control/webhooks/{event}/resend") for event in events)
        )
    yield


def _bad(link: str, weather: Weather) -> Strike:
    @asynccontextmanager
    async def strike(at: Ground) -> AsyncIterator[None]:
        await at.links[link].turn(weather)
        try:
            yield
        finally:
            await at.links[link].turn(Weather.FAIR)

    return strike

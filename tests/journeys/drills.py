"""What goes wrong on purpose, and how to wait until it is over."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import httpx

from infra.local.demo.expecting import Deviation
from infra.local.demo.play import Scene
from infra.local.demo.sandbox import SandboxPsp
from infra.local.stack.addresses import Stack


def kill(stack: Stack, name: str) -> int:
    """kill -9; the pid that it had."""
    pid = stack.processes[name].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


async def persistently(ask: Callable[[], Awaitable[str]], seconds: float = 25.0) -> str:
    """Again until it is answered, like a person who presses reload."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await ask()
            except (httpx.TransportError, Deviation):
                await asyncio.sleep(0.1)


async def delivered(psp: SandboxPsp, seconds: float = 20.0) -> None:
    """Until the PSP has got rid of all its webhooks."""
    async with asyncio.timeout(seconds):
        while True:
            outbox = (await psp.http.get("/_control/webhooks")).json()
            if all(webhook["state"] == "delivered" for webhook in outbox["webhooks"]):
                return
            await asyncio.sleep(0.05)


async def books_hold(at: Scene) -> None:
    proofs = await at.books.prove()
    broken = [f"{proof.claim}: {proof.numbers}" for proof in proofs if not proof.holds]
    assert not broken, broken


async def books_come_to_hold(at: Scene, seconds: float = 60.0) -> None:
    """Once what is under way is over."""
    async with asyncio.timeout(seconds):
        while not all(  # noqa: ASYNC110 - it is asked of a stack
            proof.holds for proof in await at.books.prove()
        ):
            await asyncio.sleep(0.1)

"""The stack that is hurt: durable, supervised, with a link between any two that speak."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from infra.local.addresses import Stack
from infra.local.ports import HOST
from infra.local.settings import Ports
from infra.local.stack import local_stack
from tests.chaos.link import Link

_TOLD = {"api": {"PAYSAGA_API_INTENT_MINUTES": "1"}}
"""A player who never comes back is one of the payments: the run shall see it expire."""


@dataclass(frozen=True)
class Ground:
    stack: Stack
    links: dict[str, Link]
    """By who speaks to whom: `worker to psp`."""
    psp: httpx.AsyncClient
    """Straight to the PSP, past every link."""


@asynccontextmanager
async def ground(
    folder: Path, say: Callable[[str], None], *, headless: bool
) -> AsyncIterator[Ground]:
    """Fsync is on everywhere: what was answered must outlive kill -9."""
    ports = Ports.free(headless=headless)
    links = _links(ports)
    async with AsyncExitStack() as opened:
        for link in links.values():
            await link.open()
            opened.push_async_callback(link.close)
        stack = await opened.enter_async_context(
            local_stack(folder, ports=ports, say=say, detour=_detour(links, ports))
        )
        psp = await opened.enter_async_context(
            httpx.AsyncClient(base_url=stack.sandbox_psp_url, trust_env=False, timeout=10.0)
        )
        yield Ground(stack, links, psp)


def _links(ports: Ports) -> dict[str, Link]:
    targets = {
        "worker to psp": ports.sandbox_psp,
        "psp to api": ports.api,
        "worker to postgres": ports.postgres,
        "api to postgres": ports.postgres,
        "worker to temporal": ports.temporal,
        "api to temporal": ports.temporal,
    }
    return {name: Link(name, target) for name, target in targets.items()}


def _detour(
    links: Mapping[str, Link], ports: Ports
) -> Callable[[str, Mapping[str, str]], Mapping[str, str]]:
    numbers = {
        "psp": ports.sandbox_psp,
        "api": ports.api,
        "postgres": ports.postgres,
        "temporal": ports.temporal,
    }

    def detour(program: str, told: Mapping[str, str]) -> Mapping[str, str]:
        told = {**told, **_TOLD.get(program, {})}
        for name, link in links.items():
            speaker, _, heard = name.partition(" to ")
            if speaker == program.removeprefix("sandbox-"):
                straight, around = f"{HOST}:{numbers[heard]}", f"{HOST}:{link.port}"
                told = {each: value.replace(straight, around) for each, value in told.items()}
        return told

    return detour

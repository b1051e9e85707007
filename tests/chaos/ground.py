"""The stack that is hurt: durable, supervised, with a link between any two that speak."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from infra.local.stack.addresses import Stack
from infra.local.stack.ports import HOST
from infra.local.stack.settings import Ports
from infra.local.stack.stack import local_stack
from tests.chaos.hearing import Ear, listening_ear
from tests.chaos.link import Link

_MINUTES = {"PAYSAGA_API_INTENT_MINUTES": "1"}
"""A player who never comes back is one of the payments: the run shall see it expire."""


@dataclass(frozen=True)
class Ground:
    stack: Stack
    links: dict[str, Link]
    """By who speaks to whom: `worker to psp`."""
    psp: httpx.AsyncClient
    """Straight to the PSP, past every link."""
    ear: Ear


@asynccontextmanager
async def ground(
    folder: Path, say: Callable[[str], None], *, headless: bool
) -> AsyncIterator[Ground]:
    """Fsync is on everywhere: what was answered must outlive kill -9."""
    ports = Ports.free(headless=headless)
    async with AsyncExitStack() as opened:
        ear = await opened.enter_async_context(listening_ear())
        links = _links(ports, ear)
        for link in links.values():
            await link.open()
            opened.push_async_callback(link.close)
        stack = await opened.enter_async_context(
            local_stack(folder, ports=ports, say=say, detour=_detour(links, ear))
        )
        psp = await opened.enter_async_context(
            httpx.AsyncClient(base_url=stack.psp_url, trust_env=False, timeout=10.0)
        )
        yield Ground(stack, links, psp, ear)


def _links(ports: Ports, ear: Ear) -> dict[str, Link]:
    targets = {
        "worker to psp": ports.sandbox_psp,
        "psp to api": ports.api,
        "worker to postgres": ports.postgres,
        "api to postgres": ports.postgres,
        "worker to temporal": ports.temporal,
        "api to temporal": ports.temporal,
        "worker to platform": ear.port,
    }
    return {name: Link(name, target) for name, target in targets.items()}


def _detour(
    links: Mapping[str, Link], ear: Ear
) -> Callable[[str, Mapping[str, str]], Mapping[str, str]]:
    asked = {"api": _MINUTES, "worker": ear.settings}

    def detour(program: str, environment: Mapping[str, str]) -> Mapping[str, str]:
        environment = {**environment, **asked.get(program, {})}
        for name, link in links.items():
            if name.startswith(f"{program.removeprefix('sandbox-')} to "):
                straight, around = f"{HOST}:{link.target}", f"{HOST}:{link.port}"
                environment = {
                    each: value.replace(straight, around) for each, value in environment.items()
                }
        return environment

    return detour

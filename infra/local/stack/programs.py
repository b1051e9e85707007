"""Our own processes: how each is started, what it is told, when it counts as healthy."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import httpx

from infra.local.stack.chosen_psp import LocalPsp
from infra.local.stack.ports import HOST
from infra.local.stack.postgres import Database
from infra.local.stack.processes import Program
from infra.local.stack.settings import Ports
from infra.local.stack.temporal import LocalTemporal
from infra.settings import Temporal

_LOUD = {"PYTHONUNBUFFERED": "1"}
"""What was said last before a kill -9 shall be in the log."""

_METHODS = ["card", "bank_transfer", "ewallet", "mobile", "voucher", "crypto", "ideal"]
"""The last is a sale beside what is held."""

_DEFAULTS = {
    "PAYSAGA_PROFILE": "sandbox",
    "PAYSAGA_API_RETURN_URL_HOSTS": json.dumps(
        ["localhost", "127.0.0.1", "*.example", "example.com", "*.example.com", "*.test"]
    ),
    "PAYSAGA_ROUTING_METHODS": json.dumps(_METHODS),
}
"""What the person at the keyboard may set otherwise."""


def worker_environment(
    ports: Ports, postgres: Database, psp: LocalPsp, seals: Mapping[str, str]
) -> dict[str, str]:
    return {
        **_shared(ports, psp),
        **seals,
        "PAYSAGA_POSTGRES_URL": postgres.worker_url,
        **psp.told_to_us,
    }


def api_environment(
    ports: Ports, postgres: Database, psp: LocalPsp, seals: Mapping[str, str]
) -> dict[str, str]:
    """Without a key to call the PSP with: only what verifies its webhooks."""
    shared = {
        name: value for name, value in _shared(ports, psp).items() if name not in psp.told_to_us
    }
    return {**shared, **seals, "PAYSAGA_POSTGRES_URL": postgres.api_url, **psp.told_to_api}


def _shared(ports: Ports, psp: LocalPsp) -> dict[str, str]:
    return {
        **_DEFAULTS,
        "PAYSAGA_ROUTING_ACCOUNTS": json.dumps(list(psp.accounts)),
        **{name: value for name, value in os.environ.items() if not _is_ours(name)},
        "PAYSAGA_TEMPORAL_ADDRESS": f"{HOST}:{ports.temporal}",
        "PAYSAGA_TEMPORAL_UI_URL": f"http://{HOST}:{ports.temporal_ui or ports.temporal}",
        "PAYSAGA_API_HOST": HOST,
        "PAYSAGA_API_PORT": str(ports.api),
        **_LOUD,
    }


def _is_ours(name: str) -> bool:
    """Settings of another stack must not leak into this one."""
    return name.startswith(
        ("PAYSAGA_SANDBOX_PSP_", "PAYSAGA_POSTGRES_", "PAYSAGA_TEMPORAL_", "PAYSAGA_SEALS_")
    )


def psp(chosen: LocalPsp, log: Path, ports: Ports) -> Program:
    nobodys = {name: value for name, value in os.environ.items() if not name.startswith("PAYSAGA_")}
    return Program(
        name=chosen.process,
        command=chosen.command,
        log=log,
        healthy=_answers(f"http://{HOST}:{ports.sandbox_psp}/healthz"),
        environment={**nobodys, **chosen.environment, **_LOUD},
    )


def worker(log: Path, environment: Mapping[str, str], temporal: LocalTemporal) -> Program:
    """Healthy once it takes work: it has no port to ask."""

    async def healthy(pid: int) -> bool:
        # Each question is a process; the worker needs the machine more than we need the answer.
        await asyncio.sleep(0.2)
        return await temporal.is_polled(Temporal().core_queue, pid)

    return Program(
        name="worker",
        command=[sys.executable, "-m", "workers"],
        log=log,
        healthy=healthy,
        environment=environment,
        # Longer than the workers let a PSP call run on.
        stop_seconds=20.0,
    )


def api(log: Path, environment: Mapping[str, str], ports: Ports) -> Program:
    return Program(
        name="api",
        command=[sys.executable, "-m", "api"],
        log=log,
        healthy=_answers(f"http://{HOST}:{ports.api}/readyz"),
        environment=environment,
    )


def _answers(url: str) -> Callable[[int], Awaitable[bool]]:
    async def healthy(_: int) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
                return (await client.get(url)).is_success
        except httpx.HTTPError:
            return False

    return healthy

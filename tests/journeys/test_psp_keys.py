"""The process that the world talks to has no key with which money could be asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infra.local.psps.base import profile
from infra.local.stack.addresses import Stack
from infra.local.stack.keys import sandbox_keys
from tests.journeys.theatre import Theatre

FOR_CALLS = {
    "adyen": ("api_key", "transfer_key", "store_payout_key", "review_payout_key"),
    "stripe": ("secret_key",),
    # PayPal says whether a webhook is its own to nobody but the holder of this secret.
    "paypal": (),
}

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux shows what a process was told"
)


def environment_of(stack: Stack, name: str) -> bytes:
    pid = stack.processes[name].pid
    return Path(f"/proc/{pid}/environ").read_bytes()


async def test_the_api_is_told_no_key_of_the_sandbox_psp(stack: Stack) -> None:
    keys = sandbox_keys(stack.folder / "sandbox_psp.json")
    calling = [keys[f"PAYSAGA_SANDBOX_PSP_KEY_{which}"] for which in ("PRIMARY", "SECONDARY")]
    to_api, to_worker = environment_of(stack, "api"), environment_of(stack, "worker")
    assert all(key.encode() in to_worker for key in calling)
    assert not any(key.encode() in to_api for key in calling)
    assert keys["PAYSAGA_SANDBOX_PSP_WEBHOOK_SECRET"].encode() in to_api


async def test_the_api_is_told_no_key_of_a_psp_that_can_be_heard_without(theatre: Theatre) -> None:
    stack, psp = theatre.stack, theatre.cast.psp
    to_api, to_worker = environment_of(stack, "api"), environment_of(stack, "worker")
    for account, given in profile.find(psp).credentials(stack.folder).items():
        for name in FOR_CALLS[psp]:
            assert given[name].encode() not in to_api, f"{name} of {account}"
        used = [given[name] for name in FOR_CALLS[psp] if "payout_key" not in name]
        assert all(key.encode() in to_worker for key in used)


async def test_neither_is_told_the_owner_of_the_database_nor_the_others_role(stack: Stack) -> None:
    at = stack.postgres.database()
    to_api, to_worker = environment_of(stack, "api"), environment_of(stack, "worker")
    for url in (at.migration_url, at.admin_url, at.auditor_url, at.url):
        assert url.encode() not in to_api + to_worker
    assert at.api_url.encode() in to_api
    assert at.api_url.encode() not in to_worker
    assert at.worker_url.encode() in to_worker
    assert at.worker_url.encode() not in to_api

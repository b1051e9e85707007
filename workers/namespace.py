"""`python -m workers.namespace`: the Temporal namespace gets what payments need; as often as liked.

Search attributes that are missing are added, and closed runs are kept long enough. With `--create`
the namespace itself is made where there is none. It needs the namespace's administrator.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

from pydantic_settings import BaseSettings, SettingsConfigDict
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from infra import namespace
from infra.namespace import NEEDED_RETENTION, RETENTION
from infra.reading import read
from infra.settings import SettingsError, Temporal
from infra.temporal import connect, wrong_setting
from workflows.visibility import SEARCH_ATTRIBUTES

_DENIED = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED)


class NamespaceSettings(BaseSettings):
    """No more than is needed here."""

    model_config = SettingsConfigDict(
        env_prefix="PAYSAGA_", env_nested_delimiter="_", env_nested_max_split=1, extra="ignore"
    )

    temporal: Temporal = Temporal()


def main() -> int:
    """The exit code: 0 when the namespace has everything, 1 when it could not be given."""
    asked = _parser().parse_args()
    try:
        chosen = read(NamespaceSettings).temporal
        asyncio.run(_prepare(chosen, create=asked.create))
    except SettingsError as wrong:
        return _refused(str(wrong))
    except RPCError as failure:
        if failure.status in _DENIED:
            return _refused(_by_hand(chosen))
        return _refused(str(wrong_setting(failure) or f"Temporal will not: {failure}"))
    except (RuntimeError, TimeoutError) as down:
        why = wrong_setting(down)
        return _refused(str(why or f"PAYSAGA_TEMPORAL_ADDRESS: cannot be reached: {down}"))
    return 0


async def _prepare(chosen: Temporal, *, create: bool) -> None:
    client = await connect(chosen)
    if create and await namespace.create(client):
        _say(f"made the namespace {client.namespace}")
        await _until_known(client)
    if await namespace.retention(client) < NEEDED_RETENTION:
        await namespace.prolong(client)
        _say(f"closed runs are kept for {RETENTION.days} days")
    added = await namespace.add_attributes(client, SEARCH_ATTRIBUTES)
    _say(f"added {', '.join(added)}" if added else "every search attribute is there")


async def _until_known(client: Client) -> None:
    """A new namespace is known everywhere after some seconds."""
    async with asyncio.timeout(60):
        while True:
            try:
                await namespace.missing_attributes(client, SEARCH_ATTRIBUTES)
            except RPCError as error:
                if error.status != RPCStatusCode.NOT_FOUND:
                    raise
                await asyncio.sleep(0.5)
            else:
                return


def _by_hand(chosen: Temporal) -> str:
    """For who may not, and for Temporal Cloud, where its own tools do this."""
    pairs = ", ".join(
        f"{key.name}={key.indexed_value_type.name.title()}" for key in SEARCH_ATTRIBUTES
    )
    return (
        f"Temporal does not let us change the namespace {chosen.namespace}; its administrator adds "
        f"the search attributes {pairs}, and lets closed runs be kept for {NEEDED_RETENTION.days} "
        "days or more (in Temporal Cloud: in its Web UI or with its own CLI)"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers.namespace", description=__doc__)
    parser.add_argument("--create", action="store_true", help="make the namespace if it is missing")
    return parser


def _refused(why: str) -> int:
    print(why, file=sys.stderr)  # noqa: T201
    return 1


def _say(line: str) -> None:
    print(line)  # noqa: T201


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(code)

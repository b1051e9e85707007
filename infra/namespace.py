"""What the Temporal namespace must be like before money is entrusted to it, and how it gets so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    GetSystemInfoRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from infra.settings import SettingsError
from infra.temporal import NAMESPACE, wrong_setting

NEEDED_SERVER = (1, 25)
"""Before it, updates are switched off; they carry every command that a caller waits for."""
NEEDED_RETENTION = timedelta(days=30)
"""A closed run is still there when a PSP repeats what it told, and when somebody asks how it went;
until then nobody can start it anew under its id either."""
RETENTION = timedelta(days=90)
"""What a namespace that keeps less is given, and a new one."""

_POLL_SECONDS = 1.0
_PATIENCE_SECONDS = 60.0
"""Servers keep what they know of search attributes for so long."""

_TYPES = {
    str: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    int: IndexedValueType.INDEXED_VALUE_TYPE_INT,
}
log = structlog.get_logger("paysaga.temporal")

Key = SearchAttributeKey[str] | SearchAttributeKey[int]


async def require(client: Client) -> None:
    """Raises SettingsError for a namespace that is unknown, refuses us, keeps closed runs too
    shortly or is on a server that is too old; RPCError or RuntimeError in an outage."""
    try:
        system = await client.workflow_service.get_system_info(GetSystemInfoRequest())
        kept = await retention(client)
    except RPCError as error:
        raise wrong_setting(error, client.namespace) or error from None
    if system.server_version and _version(system.server_version) < NEEDED_SERVER:
        needed = ".".join(map(str, NEEDED_SERVER))
        raise SettingsError(
            f"PAYSAGA_TEMPORAL_ADDRESS: the server is Temporal {system.server_version}; "
            f"{needed} or later is needed"
        )
    if kept < NEEDED_RETENTION:
        raise SettingsError(
            f"{NAMESPACE}: {client.namespace} keeps closed runs for {kept.days} days; "
            f"{NEEDED_RETENTION.days} are needed (python -m workers.namespace)"
        )


async def wait_until_fit(
    client: Client, wanted: Sequence[Key], waits_for: Callable[[str], None]
) -> None:
    """Return once the namespace is what `require` wants and has every search attribute.

    An outage and missing attributes are waited out, and told; what no waiting mends is raised.
    """
    last = ""
    while True:
        try:
            await require(client)
            missing = await missing_attributes(client, wanted)
        except (RPCError, RuntimeError) as down:
            why = f"Temporal is out of reach ({type(down).__name__})"
        else:
            if not missing:
                return
            why = lacking(client.namespace, missing)
        if why != last:
            log.warning("namespace_not_ready", why=why)
            waits_for(last := why)
        await asyncio.sleep(_POLL_SECONDS)


async def missing_attributes(client: Client, wanted: Sequence[Key]) -> list[str]:
    """`Name (Type)` of every search attribute that the namespace lacks, or has of another type.

    Found out by asking for payments by them, as people do: that needs no more than to read, and
    every kind of cluster answers. Raises RPCError or RuntimeError.
    """
    return [_named(key) for key in wanted if not await _can_be_asked_by(client, key)]


def lacking(namespace: str, missing: Sequence[str]) -> str:
    """The sentence for people."""
    return (
        f"the namespace {namespace} lacks the search attributes {', '.join(missing)} "
        "(python -m workers.namespace adds them)"
    )


async def retention(client: Client) -> timedelta:
    """How long closed runs are kept. Raises RPCError."""
    asked = DescribeNamespaceRequest(namespace=client.namespace)
    found = await client.workflow_service.describe_namespace(asked)
    return found.config.workflow_execution_retention_ttl.ToTimedelta()


async def create(client: Client) -> bool:
    """Whether it was not there before. Raises RPCError."""
    asked = RegisterNamespaceRequest(
        namespace=client.namespace,
        workflow_execution_retention_period=_duration(RETENTION),
    )
    try:
        await client.workflow_service.register_namespace(asked)
    except RPCError as error:
        if error.status == RPCStatusCode.ALREADY_EXISTS:
            return False
        raise
    return True


async def prolong(client: Client) -> None:
    """Let closed runs be kept long enough. Raises RPCError."""
    asked = UpdateNamespaceRequest(
        namespace=client.namespace,
        config=NamespaceConfig(workflow_execution_retention_ttl=_duration(RETENTION)),
    )
    await client.workflow_service.update_namespace(asked)


async def add_attributes(client: Client, wanted: Sequence[Key]) -> list[str]:
    """Those that were missing, once the server knows them. Raises RPCError, TimeoutError."""
    missing = [key for key in wanted if not await _can_be_asked_by(client, key)]
    if not missing:
        return []
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=client.namespace,
            search_attributes={key.name: _TYPES[key.origin_value_type] for key in missing},
        )
    )
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while await missing_attributes(client, wanted):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.5)
    return [_named(key) for key in missing]


async def _can_be_asked_by(client: Client, key: Key) -> bool:
    value = "1" if key.origin_value_type is int else "'x'"
    try:
        await client.count_workflows(f"{key.name} = {value}")
    except RPCError as error:
        if error.status == RPCStatusCode.INVALID_ARGUMENT:
            return False
        raise
    return True


def _named(key: Key) -> str:
    return f"{key.name} ({key.indexed_value_type.name.title()})"


def _version(text: str) -> tuple[int, int]:
    major, _, rest = text.partition(".")
    minor = rest.partition(".")[0]
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else NEEDED_SERVER


def _duration(of: timedelta) -> Duration:
    made = Duration()
    made.FromTimedelta(of)
    return made

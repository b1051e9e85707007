"""Connecting to Temporal: the same code for a laptop, a cluster and Temporal Cloud."""

from __future__ import annotations

import asyncio

import structlog
from temporalio.client import Client, TLSConfig
from temporalio.common import SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import KeepAliveConfig

from infra.settings import Temporal

_POLL_SECONDS = 1.0
_KEEP_ALIVE = KeepAliveConfig(interval_millis=10_000, timeout_millis=3_000)
"""A line that has gone dumb is noticed; the server refuses to be asked more often."""

log = structlog.get_logger("paysaga.temporal")

SEARCH_ATTRIBUTES: tuple[SearchAttributeKey[str] | SearchAttributeKey[int], ...] = (
    SearchAttributeKey.for_keyword("PaymentStatus"),
    SearchAttributeKey.for_keyword("Psp"),
    SearchAttributeKey.for_keyword("Brand"),
    SearchAttributeKey.for_keyword("PlayerId"),
    SearchAttributeKey.for_keyword("Currency"),
    SearchAttributeKey.for_int("AmountMinor"),
)
"""What a namespace must have. The workflows name the same ones; a test compares them."""


async def connect(at: Temporal, *, lazy: bool = False) -> Client:
    """A client of the namespace. With `lazy` it connects at the first call.

    Raises RuntimeError when the server cannot be reached.
    """
    return await Client.connect(
        at.address,
        namespace=at.namespace,
        data_converter=pydantic_data_converter,
        lazy=lazy,
        keep_alive_config=_KEEP_ALIVE,
        tls=_tls(at),
        api_key=at.api_key.get_secret_value() if at.api_key else None,
    )


async def connect_in_time(at: Temporal) -> Client:
    """Like `connect`, for a process that is of no use without the server: it is waited for."""
    while True:
        try:
            return await connect(at)
        except RuntimeError as down:
            log.warning("temporal_unreachable", address=at.address, error=str(down)[:200])
            await asyncio.sleep(_POLL_SECONDS)


def _tls(at: Temporal) -> TLSConfig | bool:
    if not (at.tls or at.api_key or at.tls_server_ca or at.tls_client_certificate):
        return False
    return TLSConfig(
        server_root_ca_cert=at.tls_server_ca.read_bytes() if at.tls_server_ca else None,
        client_cert=at.tls_client_certificate.read_bytes() if at.tls_client_certificate else None,
        client_private_key=at.tls_client_key.read_bytes() if at.tls_client_key else None,
    )

"""Connecting to Temporal: the same code for a laptop, a cluster and Temporal Cloud."""

from __future__ import annotations

import asyncio

import structlog
from temporalio.client import Client, TLSConfig
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)
from temporalio.service import KeepAliveConfig, RPCError, RPCStatusCode

from infra.settings import SettingsError, Temporal

_POLL_SECONDS = 1.0
_KEEP_ALIVE = KeepAliveConfig(interval_millis=10_000, timeout_millis=3_000)
"""A line that has gone dumb is noticed; the server refuses to be asked more often."""

ADDRESS = "PAYSAGA_TEMPORAL_ADDRESS"
NAMESPACE = "PAYSAGA_TEMPORAL_NAMESPACE"
_CREDENTIALS = "PAYSAGA_TEMPORAL_API_KEY or …_TLS_CLIENT_CERTIFICATE"

log = structlog.get_logger("paysaga.temporal")

_JSON = PydanticJSONPlainPayloadConverter()


class PydanticConverter(CompositePayloadConverter):
    """The SDK's, with one cache of type adapters for the process. A converter is made for every
    run, and with a cache of its own each run built the schemas of all its messages anew."""

    def __init__(self) -> None:
        super().__init__(
            *(
                _JSON if isinstance(each, JSONPlainPayloadConverter) else each
                for each in DefaultPayloadConverter.default_encoding_payload_converters
            )
        )


CONVERTER = DataConverter(payload_converter_class=PydanticConverter)


async def connect(at: Temporal, *, lazy: bool = False) -> Client:
    """A client of the namespace. With `lazy` it connects at the first call.

    Raises RuntimeError when the server cannot be reached.
    """
    return await Client.connect(
        at.address,
        namespace=at.namespace,
        data_converter=CONVERTER,
        lazy=lazy,
        keep_alive_config=_KEEP_ALIVE,
        tls=_tls(at),
        api_key=at.api_key.get_secret_value() if at.api_key else None,
    )


async def connect_in_time(at: Temporal) -> Client:
    """Like `connect`, for a process that is of no use without the server: it is waited for.

    Raises SettingsError for a server whose certificate is not trusted.
    """
    while True:
        try:
            return await connect(at)
        except RuntimeError as down:
            if wrong := wrong_setting(down):
                raise wrong from None
            log.warning(
                "temporal_unreachable",
                address=at.address,
                setting=ADDRESS,
                error=str(down)[:200],
            )
            await asyncio.sleep(_POLL_SECONDS)


def wrong_setting(error: BaseException, namespace: str = "") -> SettingsError | None:
    """What the failure shows to be wrong in the settings; None for an outage."""
    text = str(error)
    if isinstance(error, RPCError):
        if error.status == RPCStatusCode.NOT_FOUND and "amespace" in text:
            return SettingsError(
                f"{NAMESPACE}: {text.rstrip('.')} (python -m workers.namespace --create makes it)"
            )
        if error.status in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED):
            return SettingsError(f"{_CREDENTIALS}: Temporal refuses them for {namespace or 'us'}")
    if "invalid peer certificate" in text or "UnknownIssuer" in text:
        return SettingsError(
            "PAYSAGA_TEMPORAL_TLS_SERVER_CA: the server's certificate is not of this authority, "
            "or not of the name in PAYSAGA_TEMPORAL_ADDRESS"
        )
    return None


def _tls(at: Temporal) -> TLSConfig | bool:
    if not (at.tls or at.api_key or at.tls_server_ca or at.tls_client_certificate):
        return False
    return TLSConfig(
        server_root_ca_cert=at.tls_server_ca.read_bytes() if at.tls_server_ca else None,
        client_cert=at.tls_client_certificate.read_bytes() if at.tls_client_certificate else None,
        client_private_key=at.tls_client_key.read_bytes() if at.tls_client_key else None,
    )

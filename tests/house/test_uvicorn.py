"""What `api/http/connection.py` leans on inside uvicorn is there: it is promised by nobody."""

from __future__ import annotations

import asyncio
import inspect

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from api.http.connection import BoundedHttp

OVERRIDDEN = {
    "connection_made",
    "connection_lost",
    "data_received",
    "on_message_begin",
    "on_url",
    "on_header",
    "on_headers_complete",
    "on_body",
    "on_message_complete",
    "on_response_complete",
    "send_400_response",
    "_start_asgi_task",
}
CALLED = {"_unset_keepalive_if_required"}
READ = {
    "cycle",
    "flow",
    "headers",
    "loop",
    "parser",
    "pipeline",
    "timeout_keep_alive_task",
    "transport",
}
OF_THE_CYCLE = {"keep_alive", "response_complete", "response_started"}


async def _nobody(scope: object, receive: object, send: object) -> None: ...


@pytest.fixture
def protocol() -> BoundedHttp:
    config = uvicorn.Config(_nobody, http=BoundedHttp, ws="none", lifespan="off", log_config=None)
    loop = asyncio.get_event_loop()
    return BoundedHttp(config=config, server_state=ServerState(), app_state={}, _loop=loop)


async def test_what_we_override_is_what_uvicorn_calls() -> None:
    ours = {name for name in vars(BoundedHttp) if callable(getattr(HttpToolsProtocol, name, None))}
    assert ours - {"__init__"} == OVERRIDDEN
    for name in OVERRIDDEN:
        theirs = inspect.signature(getattr(HttpToolsProtocol, name))
        assert len(inspect.signature(getattr(BoundedHttp, name)).parameters) == len(
            theirs.parameters
        ), name


async def test_what_we_read_of_uvicorn_is_there(protocol: BoundedHttp) -> None:
    missing = {name for name in READ | CALLED if not hasattr(protocol, name)}
    assert missing == set()
    written = inspect.getsource(RequestResponseCycle.__init__)
    assert {name for name in OF_THE_CYCLE if f"self.{name}" not in written} == set()

"""TLS and mutual TLS in front, with the very files of docs/tls and the proxy that Debian has."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from infra import namespace
from infra.listening import served_beside, taken
from infra.local.stack.ports import free_ports
from infra.local.stack.temporal import LocalTemporal
from infra.settings import SettingsError, Temporal
from infra.temporal import connect, connect_in_time
from tests.house.rooms import ROOT
from tests.infra.certificates import Authority, Issued
from workflows.visibility import SEARCH_ATTRIBUTES

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="there is no nginx: apt install nginx")

FRAME = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/server.conf;
}}
"""


@asynccontextmanager
async def proxy(name: str, folder: Path, **places: str) -> AsyncIterator[None]:
    """nginx with the file of the docs, told only where things are here."""
    text = (ROOT / "docs/tls" / name).read_text()
    for was, here in (*places.items(), ("/etc/paysaga/tls", str(folder))):
        assert was in text
        text = text.replace(was, here)
    (folder / "server.conf").write_text(text)
    (folder / "nginx.conf").write_text(FRAME.format(folder=folder))
    assert NGINX is not None
    process = await asyncio.create_subprocess_exec(
        NGINX, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf", "-g", _as_root()
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


def _as_root() -> str:
    return "user root;" if os.geteuid() == 0 else ""


async def echo(request: Request) -> Response:
    seen = {name: request.headers.get(name) for name in ("x-forwarded-for", "host")}
    return JSONResponse({"path": request.url.path, "bytes": len(await request.body()), **seen})


async def stream(_: Request) -> Response:
    async def ticks() -> AsyncIterator[bytes]:
        yield b"data: first\n\n"
        await asyncio.sleep(600)

    return StreamingResponse(ticks(), media_type="text/event-stream")


ROUTES = [
    Route("/v1/stream", stream),
    Route("/{anything:path}", echo, methods=["GET", "POST"]),
]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path, "clients-ca")
    made.issue("server")
    return made


def trusting(authority: Authority, client: Issued | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.own.certificate)
    if client is not None:
        context.load_cert_chain(client.certificate, client.key)
    return context


async def listening(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            with socket.socket() as probe:
                probe.setblocking(False)
                try:
                    await asyncio.get_running_loop().sock_connect(probe, ("127.0.0.1", port))
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    return


@pytest.fixture
async def front(authority: Authority, tmp_path: Path) -> AsyncIterator[str]:
    inner, outer = free_ports(2)
    app, door = Starlette(routes=ROUTES), taken("127.0.0.1", inner, "PAYSAGA_API")
    places = {"127.0.0.1:8080": f"127.0.0.1:{inner}", "listen 443": f"listen 127.0.0.1:{outer}"}
    async with served_beside(app, door), proxy("api.conf", tmp_path, **places):
        await listening(outer)
        yield f"https://localhost:{outer}"


@needs_nginx
async def test_the_platform_shows_a_certificate_and_a_psp_needs_none(
    front: str, authority: Authority, tmp_path: Path
) -> None:
    ours = trusting(authority, authority.issue("platform"))
    async with httpx.AsyncClient(base_url=front, verify=ours, trust_env=False) as platform:
        answer = await platform.get("/v1/payments", headers={"X-Forwarded-For": "8.8.8.8"})
        assert answer.json()["path"] == "/v1/payments"
        assert answer.json()["x-forwarded-for"] == "127.0.0.1"
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        async with asyncio.timeout(60), platform.stream("GET", "/v1/stream") as events:
            assert await anext(events.aiter_bytes()) == b"data: first\n\n"
    async with httpx.AsyncClient(base_url=front, verify=trusting(authority)) as anybody:
        assert (await anybody.get("/v1/payments")).status_code == 403
        heard = await anybody.post("/webhooks/adyen", content=b"x" * 1_000_000)
        assert (heard.json()["path"], heard.json()["bytes"]) == ("/webhooks/adyen", 1_000_000)
        assert (await anybody.post("/webhooks/adyen", content=b"x" * 1_100_000)).status_code == 413
        assert (await anybody.get("/readyz")).status_code == 404


@needs_nginx
async def test_nobody_gets_past_the_certificate_by_writing_the_path_otherwise(
    front: str, authority: Authority
) -> None:
    async with httpx.AsyncClient(base_url=front, verify=trusting(authority)) as anybody:
        for path in ("/webhooks/..%2fv1/payments", "/webhooks/../v1/payments", "//v1/payments"):
            assert (await anybody.get(path)).status_code in (403, 404), path
        turned = await anybody.get("/v1/payments/..%2f..%2fwebhooks/adyen")
        assert turned.json()["path"] == "/webhooks/adyen"


@needs_nginx
async def test_a_strangers_certificate_and_old_tls_are_refused(
    front: str, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "stranger").mkdir()
    stranger = Authority(tmp_path / "stranger").issue("stranger")
    forged = trusting(authority, stranger)
    async with httpx.AsyncClient(base_url=front, verify=forged) as other:
        assert (await other.get("/v1/payments")).status_code == 400
    old = trusting(authority)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.set_ciphers("AES128-SHA256")
    async with httpx.AsyncClient(base_url=front, verify=old) as outdated:
        with pytest.raises(httpx.ConnectError):
            await outdated.get("/webhooks/adyen")


@needs_nginx
async def test_temporal_is_reached_by_mutual_tls_and_by_nothing_less(
    temporal_server: LocalTemporal, authority: Authority, tmp_path: Path
) -> None:
    port, worker = free_ports(1)[0], authority.issue("worker")
    (tmp_path / "stranger").mkdir()
    stranger = Authority(tmp_path / "stranger")
    places = {"127.0.0.1:7233": temporal_server.address, "listen 7243": f"listen 127.0.0.1:{port}"}
    trust = {"address": f"localhost:{port}", "tls_server_ca": authority.own.certificate}
    shown = {"tls_client_certificate": worker.certificate, "tls_client_key": worker.key}
    async with proxy("temporal.conf", tmp_path, **places):
        await listening(port)
        client = await connect(Temporal.model_validate(trust | shown))
        await namespace.require(client)
        assert await namespace.missing_attributes(client, SEARCH_ATTRIBUTES) == []
        with pytest.raises(RuntimeError):
            await connect(Temporal.model_validate(trust))
        wrong = trust | shown | {"tls_server_ca": stranger.own.certificate}
        with pytest.raises(SettingsError, match="PAYSAGA_TEMPORAL_TLS_SERVER_CA: "):
            await connect_in_time(Temporal.model_validate(wrong))

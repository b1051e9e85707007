"""Every answer tells a browser to do nothing with it; the page of the contract works all the same.

The browser's part of Content-Security-Policy is done here: a digest of each inline element.
"""

from __future__ import annotations

import base64
import hashlib
from html.parser import HTMLParser

import httpx
from fastapi import FastAPI

from api.http.headers import policy_of_page
from tests.api.callers import slug
from tests.doors.conftest import Count
from tests.doors.routes import METHODS, routes_of
from tests.doors.wire import answer_to

DOCS = ("GET", "/docs")
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
}


def assert_closed(headers: httpx.Headers) -> None:
    for name, text in EVERYWHERE.items():
        assert headers[name] == text
    policy = policy_in(headers)
    assert policy["default-src"] == ["'none'"]
    for barred in ("frame-ancestors", "base-uri", "form-action"):
        assert policy[barred] == ["'none'"]
    assert "server" not in headers
    assert "x-powered-by" not in headers


def policy_in(headers: httpx.Headers) -> dict[str, list[str]]:
    parts = headers["content-security-policy"].split("; ")
    return {words[0]: words[1:] for words in (part.split() for part in parts)}


async def test_every_address_answers_whatever_is_asked_with_its_doors_closed(
    app: FastAPI, http: httpx.AsyncClient, count: Count
) -> None:
    right: dict[str, set[str]] = {"/nowhere": set(), "/v1/a%2Fb": set()}
    for route in routes_of(app):
        right.setdefault(route.path, set()).add(route.method)
    for path, methods in right.items():
        for method in METHODS:
            answer = await http.request(method, path)
            assert answer.status_code < 500, (method, path, answer.text)
            assert_closed(answer.headers)
            assert ("script-src" in policy_in(answer.headers)) == ((method, path) == DOCS)
            if methods and method not in methods:
                assert answer.status_code == 405, (method, path)
                assert set(answer.headers["Allow"].split(", ")) == methods, path
    count("methods at addresses, each answered with its headers", len(right) * len(METHODS))


async def test_so_does_what_the_server_says_before_the_application(port: int) -> None:
    for request in (b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"):
        head = (await answer_to(port, request)).partition(b"\r\n\r\n")[0].decode()
        lines = [line.partition(": ")[::2] for line in head.splitlines()[1:]]
        assert_closed(httpx.Headers(lines))


class Elements(HTMLParser):
    """The inline elements of a page, and all it would load or run besides."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self.elsewhere: list[tuple[str, str | None]] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.elsewhere += [
            (name, value) for name, value in attrs
            if name in ("src", "style", "action", "data") or name.startswith("on")
            or (name == "href" and tag == "link")
        ]  # fmt: skip

    def handle_data(self, text: str) -> None:
        if self._inside in self.inline:
            self.inline[self._inside].append(text)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


async def test_the_page_of_the_contract_runs_its_own_script_and_no_other(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.get("/docs")
    policy, page = policy_in(answer.headers), Elements(answer.text)
    assert page.inline["script"], answer.text[:200]
    assert page.elsewhere == []
    for kind, inline in page.inline.items():
        assert policy[f"{kind}-src"] == [digest(text) for text in inline]
    assert policy["connect-src"] == ["'self'"]
    assert 'fetch("openapi.json")' in answer.text
    # What writes elements as text is no way in for whoever writes into the contract.
    for dangerous in ("innerHTML", "outerHTML", "document.write", "eval(", "insertAdjacentHTML"):
        assert dangerous not in answer.text


def test_a_page_without_a_script_may_run_none() -> None:
    assert "script-src 'none'; style-src 'none'" in policy_of_page("<p onclick=x()>hello</p>")
    assert digest("a()") in policy_of_page("<script>a()</script>")
    assert digest("b()") not in policy_of_page("<script>a()</script>")


async def test_a_slash_written_out_leads_to_no_other_route(
    app: FastAPI, http: httpx.AsyncClient, count: Count
) -> None:
    asked = 0
    for route in routes_of(app):
        inner = route.path.strip("/").split("/")
        for n in range(1, len(inner)):
            asked += 1
            slash = ("%2F", "%2f", "%5C", "%5c")[asked % 4]
            path = "/" + "/".join(inner[:n]) + slash + "/".join(inner[n:])
            answer = await http.request(route.method, path)
            assert answer.status_code == 404, (route, path)
            assert slug(answer) == "not-found"
    count("slashes written out, none of them a way", asked)

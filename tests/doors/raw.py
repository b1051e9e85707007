"""What no client of ours would ever send, and what each of it is answered.

Every case stands alone on a connection. A list of statuses is all that may come back; an empty one
means that the connection is closed without a word.
"""

from __future__ import annotations

H = b"Host: x\r\n"
C = b"Connection: close\r\n"
SMUGGLED = b"GET /healthz HTTP/1.1\r\n" + H + C + b"\r\n"
"""Stands where a server that reads the head another way would find a request."""
WEBHOOK, INTENTS = b"/webhooks/nobody", b"/v1/cashier/intents"


def get(path: bytes = b"/healthz", *more: bytes, version: bytes = b"1.1") -> bytes:
    lines = [b"GET " + path + b" HTTP/" + version, b"Host: x", b"Connection: close", *more]
    return b"\r\n".join([*lines, b"", b""])


def post(*lines: bytes, body: bytes = b"", path: bytes = INTENTS) -> bytes:
    head = [b"POST " + path + b" HTTP/1.1", b"Host: x", b"Connection: close", *lines]
    return b"\r\n".join([*head, b"", b""]) + body


CHUNKED = b"Transfer-Encoding: chunked"
END = b"0\r\n\r\n"
READ_IN_TWO_WAYS = {
    "a length and chunks": post(b"Content-Length: 5", CHUNKED, body=END + SMUGGLED),
    "chunks and a length": post(CHUNKED, b"Content-Length: 5", body=END + SMUGGLED),
    "chunks by another spelling": post(b"Transfer-Encoding:\tchunked", b"Content-Length: 5"),
    "two lengths": post(b"Content-Length: 5", b"Content-Length: 6", body=b"hello" + SMUGGLED),
    "the same length twice": post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello"),
    "a list of lengths": post(b"Content-Length: 5, 5", body=b"hello"),
    "a length with a sign": post(b"Content-Length: +5", body=b"hello"),
    "a negative length": post(b"Content-Length: -1"),
    "a length in hex": post(b"Content-Length: 0x5", body=b"hello"),
    "a length beyond all numbers": post(b"Content-Length: " + b"9" * 40),
    "a space before the colon": post(b"Content-Length : 5", body=b"hello"),
    "another coding": post(b"Transfer-Encoding: gzip", body=SMUGGLED),
    "a coding of that name almost": post(b"Transfer-Encoding: xchunked", body=END + SMUGGLED),
    "chunks and a coding after": post(b"Transfer-Encoding: chunked, identity", body=END),
    "chunks, then a cow": post(CHUNKED, b"Transfer-Encoding: cow", body=END + SMUGGLED),
    "chunks in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: x\r\n" + CHUNKED + b"\r\n\r\n" + END,
    "a folded header": get(b"/healthz", b"X-A: 1\r\n X-B: 2"),
    "a folded first header": b"GET /healthz HTTP/1.1\r\n " + H + C + b"\r\n",
    "bare line feeds": b"GET /healthz HTTP/1.1\nHost: x\n\n",
    "one bare line feed": b"GET /healthz HTTP/1.1\r\nHost: x\nX-A: y\r\n\r\n",
    "a bare carriage return": get(b"/healthz", b"X-A: y\rX-B: z"),
    "a chunk's size and a line feed": post(CHUNKED, body=b"5\nhello\r\n" + END),
    "a chunk's size and a space": post(CHUNKED, body=b"5 \r\nhello\r\n" + END),
    "a chunk longer than it says": post(CHUNKED, body=b"2\r\nhello\r\n" + END),
    "a chunk of no size": post(CHUNKED, body=b"\r\nhello\r\n" + END),
    "a negative chunk": post(CHUNKED, body=b"-1\r\nhello\r\n" + END),
    "a chunk in 0x": post(CHUNKED, body=b"0x5\r\nhello\r\n" + END),
    "a chunk beyond all numbers": post(CHUNKED, body=b"f" * 17 + b"\r\nhello\r\n" + END),
    "a header without a colon": get(b"/healthz", b"NoColon"),
    "a header without a name": get(b"/healthz", b": nameless"),
    "a space in a name": get(b"/healthz", b"Bad Name: x"),
    "a NUL in a value": get(b"/healthz", b"X-A: a\x00b"),
    "a NUL in a name": get(b"/healthz", b"X\x00A: b"),
    "a NUL in the address": get(b"/health\x00z"),
    "a control in a value": get(b"/healthz", b"X-A: a\x01b"),
    "no host": b"GET /healthz HTTP/1.1\r\n" + C + b"\r\n",
    "two hosts": get(b"/healthz", b"Host: y"),
    "the same host twice": get(b"/healthz", b"Host: x"),
    "two hosts in HTTP/1.0": get(b"/healthz", b"Host: y", version=b"1.0"),
    **{
        f"the host {host!r}": b"GET /healthz HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
        for host in (b"", b"a b", b"a,b", b"a/b", b"u@b", b"[::1", b"x:y", b"x:123456", b"a\\b")
    },
    "HTTP/0.9": b"GET /healthz\r\n\r\n",
    "HTTP/1.2": get(version=b"1.2"),
    "HTTP/2.0 in words": get(version=b"2.0"),
    "HTTP/3.0 in words": get(version=b"3.0"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no HTTP": b"GET /healthz HTCPCP/1.0\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n",
    "nonsense": b"NONSENSE\r\n\r\n",
    "a method of nobody": b"STEAL /healthz HTTP/1.1\r\n" + H + b"\r\n",
    "a method in small letters": b"get /healthz HTTP/1.1\r\n" + H + b"\r\n",
    "a space in the address": get(b"/health z"),
    "bytes in the address": get(b"/health\xff"),
    "no address": b"GET HTTP/1.1\r\n" + H + b"\r\n",
    "CONNECT": b"CONNECT bank.example:443 HTTP/1.1\r\nHost: bank.example\r\n\r\n" + SMUGGLED,
    "an absolute address without a path": get(b"http://elsewhere.example"),
    "an address of two hosts": get(b"http://a@[::1/healthz"),
    "an address of 20 kB": get(b"/" + b"x" * 20_000),
    "a header of 20 kB": get(b"/healthz", b"X-A: " + b"x" * 20_000),
    "five thousand headers": get(b"/healthz", *[b"X-A: y"] * 5000),
}
"""All of them are 400, once, and nothing behind is read as a request."""

ANSWERED: dict[str, tuple[bytes, list[int]]] = {
    "a plain request": (get(), [200]),
    "HTTP/1.0": (get(version=b"1.0"), [200]),
    "HTTP/1.0 without a host": (b"GET /healthz HTTP/1.0\r\n\r\n", [200]),
    "lines before the request": (b"\r\n\r\n" + get(), [200]),
    "a host with a port": (get().replace(b"Host: x", b"Host: x.example:8080"), [200]),
    "a host in IPv6": (get().replace(b"Host: x", b"Host: [::1]:8080"), [200]),
    "an absolute address": (get(b"http://elsewhere.example/healthz"), [200]),
    "an absolute address elsewhere": (get(b"http://elsewhere.example/admin"), [404]),
    "OPTIONS of everything": (get(b"*").replace(b"GET", b"OPTIONS"), [404]),
    "TRACE": (get().replace(b"GET", b"TRACE"), [405]),
    "TRACE with a secret": (get(INTENTS, b"Cookie: s").replace(b"GET", b"TRACE"), [405]),
    "a chunk with an extension": (post(CHUNKED, body=b"2;a=b\r\n{}\r\n" + END), [401]),
    "a trailer that would be a credential": (
        post(CHUNKED, body=b"2\r\n{}\r\n0\r\nAuthorization: Bearer x\r\n\r\n"), [401]),
    "a long extension of a chunk": (
        post(CHUNKED, body=b"2;" + b"x" * 20_000 + b"\r\n{}\r\n" + END), [401]),
    "a long trailer": (post(CHUNKED, body=b"0\r\nX-A: " + b"x" * 20_000), [401]),
    "a request to speak WebSocket": (
        get(b"/healthz", b"Connection: Upgrade", b"Upgrade: websocket",
            b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), [200]),
    "a request to speak HTTP/2": (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        + SMUGGLED, [200]),
    "an expectation that is refused": (
        post(b"Expect: 100-continue", b"Content-Length: 5", body=b"hello"), [401]),
    "three in a row": (get().replace(C, b"") * 2 + get(), [200, 200, 200]),
    "a good one and a bad one": (get().replace(C, b"") + b"NONSENSE\r\n\r\n", [200]),
    "a body with a GET": (get(b"/healthz", b"Content-Length: 2") + b"{}", [200]),
    "dots in the address": (get(b"/v1/../healthz"), [404]),
    "two slashes": (get(b"//healthz"), [404]),
    "a slash at the end": (get(b"/healthz/"), [404]),
    "a parameter of the path": (get(b"/healthz;x=y"), [404]),
    "a NUL written out": (get(b"/healthz%00"), [404]),
    "a letter written out": (get(b"/%68ealthz"), [200]),
    "a slash written out": (get(b"/v1%2Fcashier/intents"), [404]),
    "a slash written out in small": (get(b"/v1/cashier%2fintents"), [404]),
    "a slash written out twice": (get(b"/v1/cashier%252Fintents"), [404]),
    "a backslash written out": (get(b"/v1/cashier%5Cintents"), [404]),
    "dots written out": (get(b"/v1/%2e%2e/healthz"), [404]),
    "what is no UTF-8": (get(b"/v1/%ff%fe"), [404]),
    "half an escape": (get(b"/v1/%2"), [404]),
    "a webhook of nobody": (post(b"Content-Length: 2", body=b"{}", path=WEBHOOK), [404]),
}  # fmt: skip

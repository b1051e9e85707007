"""PayPal's signing certificates: fetched from PayPal alone, and believed by their chain alone.

A webhook names the address of the certificate that verifies it. An address that is not PayPal's own
place for certificates is refused before any request is made; what is fetched is size-limited,
without redirects, once per address however many ask, and kept as long as it is valid. PayPal serves
the signing certificate alone: what stands between it and a root is in `authorities.py`.
"""

from __future__ import annotations

import asyncio
import re
import time
import warnings
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from activities.psp.contract import WebhookRefused
from activities.psp.wire import Answer, Limits, Wire, WireError

from . import authorities

Fetch = Callable[[str], Awaitable[Answer]]

LIVE_HOSTS = frozenset({"api.paypal.com", "api-m.paypal.com"})
SANDBOX_HOSTS = frozenset({"api.sandbox.paypal.com", "api-m.sandbox.paypal.com"})
SUBJECT = ".paypal.com"

KEPT, FETCHES_A_MINUTE, RSA_BITS = 16, 60, 2048
LIMITS = Limits(deadline=5.0, connect=2.0, pool=2.0, body=100_000, connections=4)

_ADDRESS = re.compile(
    r"https://([a-z.\-]{1,40})(/v1/notifications/certs/[A-Za-z0-9_\-]{1,100})", re.ASCII
)


def host_of(url: str) -> str | None:
    """PayPal's host, where this is an address of a certificate there; None for all else."""
    found = _ADDRESS.fullmatch(url)
    return found[1] if found and found[1] in LIVE_HOSTS | SANDBOX_HOSTS else None


class FromTheirPlaces:
    """Fetches PayPal's certificates over TLS that the same authorities vouch for as for every
    call, and an authority's own from that authority."""

    def __init__(self) -> None:
        self._wires: dict[str, Wire] = {}

    async def __call__(self, url: str) -> Answer:
        """Raises WireError, or WebhookRefused for every other place."""
        if host_of(url) is None and not authorities.is_place(url):
            raise WebhookRefused("certificate_url")
        origin, path = authorities.split(url)
        if origin not in self._wires:
            self._wires[origin] = Wire(origin, limits=LIMITS)
        return await self._wires[origin].exchange("GET", path, headers={"Accept": "*/*"})

    async def aclose(self) -> None:
        for wire in self._wires.values():
            await wire.aclose()


@dataclass(frozen=True)
class Trusted:
    """A certificate whose chain was verified, and until when that counts."""

    key: RSAPublicKey
    since: datetime
    until: datetime


class Certificates:
    """Kept by those who trust the same authorities."""

    def __init__(
        self, fetch: Fetch, ca: Path | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch, self._ca, self._clock = fetch, ca, clock
        self._store: Store | None = None
        self._kept: OrderedDict[str, Trusted] = OrderedDict()
        self._flights: dict[str, asyncio.Task[Trusted]] = {}
        self._fetched: deque[float] = deque()

    async def key(self, url: str, now: datetime) -> RSAPublicKey:
        """The key to verify with at this time. Raises WebhookRefused; with 503 where PayPal could
        not be asked, so that it sends the webhook again."""
        trusted = self._kept.get(url)
        if trusted is None:
            trusted = await self._fresh(url, now)
        if not trusted.since <= now <= trusted.until:
            self._kept.pop(url, None)
            raise WebhookRefused("certificate_expired")
        if url in self._kept:
            self._kept.move_to_end(url)
        return trusted.key

    async def _fresh(self, url: str, now: datetime) -> Trusted:
        if url not in self._flights:
            self._flights[url] = asyncio.create_task(self._obtained(url, now))
            self._flights[url].add_done_callback(lambda flight: self._landed(url, flight))
        return await asyncio.shield(self._flights[url])

    def _landed(self, url: str, flight: asyncio.Task[Trusted]) -> None:
        del self._flights[url]
        if flight.cancelled() or flight.exception() is not None:
            return
        self._kept[url] = flight.result()
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def _obtained(self, url: str, now: datetime) -> Trusted:
        served = await self._read(url)
        if self._store is None:
            self._store = _store_of(self._ca)
        try:
            return _trusted(served, self._store, now)
        except WebhookRefused:
            issuer = authorities.issuer_of(served[0]) if served else None
            if issuer is None:
                raise
        # Signed by an authority that is not kept here: it says itself where it is found.
        return _trusted([*served, *await self._read(issuer)], self._store, now)

    async def _read(self, url: str) -> list[x509.Certificate]:
        """Raises WebhookRefused."""
        self._count()
        try:
            answer = await self._fetch(url)
        except WireError:
            raise WebhookRefused("certificate_unavailable", status=503) from None
        if answer.status >= 500 or answer.status in (408, 429):
            raise WebhookRefused("certificate_unavailable", status=503)
        if answer.status != 200:
            raise WebhookRefused("certificate_unknown")
        return _certificates_in(answer.body)

    def _count(self) -> None:
        """Whoever makes up addresses must not have us ask PayPal without end."""
        now = self._clock()
        while self._fetched and self._fetched[0] < now - 60:
            self._fetched.popleft()
        if len(self._fetched) >= FETCHES_A_MINUTE:
            raise WebhookRefused("certificate_unavailable", status=503)
        self._fetched.append(now)


def _certificates_in(body: bytes) -> list[x509.Certificate]:
    """As PayPal writes them, or, as an authority does, one in binary. Raises WebhookRefused."""
    try:
        if body.lstrip().startswith(b"-----"):
            return x509.load_pem_x509_certificates(body)
        return [x509.load_der_x509_certificate(body)]
    except ValueError:
        raise WebhookRefused("certificate") from None


def _trusted(served: list[x509.Certificate], store: Store, now: datetime) -> Trusted:
    """The leaf's key, once its chain, its subject and its time are right."""
    leaf, *others = served
    try:
        subject = _subject_of(leaf)
        verifier = PolicyBuilder().store(store).time(now).build_server_verifier(subject)
        chain = verifier.verify(leaf, [*others, *authorities.kept()])
    except (ValueError, VerificationError, x509.ExtensionNotFound):
        raise WebhookRefused("certificate") from None
    key = leaf.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < RSA_BITS:
        raise WebhookRefused("certificate")
    since = max(each.not_valid_before_utc for each in chain)
    return Trusted(key, since, min(each.not_valid_after_utc for each in chain))


def _subject_of(leaf: x509.Certificate) -> x509.DNSName:
    """A name of PayPal's in it, by which the verifier then judges it. Raises ValueError."""
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    for name in names.get_values_for_type(x509.DNSName):
        if name.endswith(SUBJECT) and "*" not in name:
            return x509.DNSName(name)
    raise ValueError("no name of PayPal's")


def _store_of(ca: Path | None) -> Store:
    if ca is not None:
        return Store(x509.load_pem_x509_certificates(ca.read_bytes()))
    return Store(list(_authorities()))


def _authorities() -> list[x509.Certificate]:
    """Those that every call to PayPal trusts."""
    trusted = httpx.create_ssl_context().get_ca_certs(binary_form=True)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for der in trusted:
            try:
                found.append(x509.load_der_x509_certificate(der))
            except (ValueError, CryptographyDeprecationWarning):
                # An old root that is not written by the rules vouches for nobody here.
                continue
    return found


def utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

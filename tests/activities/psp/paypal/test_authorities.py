"""PayPal serves its signing certificate alone: where the rest of the chain comes from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from activities.psp.contract import WebhookRefused
from activities.psp.plugins.paypal import authorities
from activities.psp.plugins.paypal.certification import signing as signing
from activities.psp.plugins.paypal.x509 import Certificates, FromTheirPlaces, _authorities
from activities.psp.wire import Answer, NeverSent

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ISSUER = "http://cacerts.digicert.com/NextValidationServerCA.crt"


class Places:
    """What is served at each address, and which were asked."""

    def __init__(self, **served: bytes | int) -> None:
        self._served = {signing.CERT_URL: served["paypal"], ISSUER: served.get("authority", 404)}
        self.asked: list[str] = []

    async def __call__(self, url: str) -> Answer:
        self.asked.append(url)
        found = self._served[url]
        if found == 0:
            raise NeverSent("no connection")
        return Answer(found, {}, b"") if isinstance(found, int) else Answer(200, {}, found)


@pytest.fixture(scope="module")
def root() -> signing.Issued:
    return signing.authority("A Root")


@pytest.fixture(scope="module")
def between(root: signing.Issued) -> signing.Issued:
    return signing.intermediate(root, "Next Validation Server CA")


@pytest.fixture(scope="module")
def ca_file(root: signing.Issued, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_bytes(root.pem)
    return path


def der(issued: signing.Issued) -> bytes:
    return issued.certificate.public_bytes(Encoding.DER)


async def refusal(places: Places, ca: Path) -> tuple[str, int]:
    with pytest.raises(WebhookRefused) as refused:
        await Certificates(places, ca).key(signing.CERT_URL, NOW)
    return refused.value.rule, refused.value.status


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "text"])
async def test_a_new_authority_is_found_where_the_certificate_says(
    binary: bool, between: signing.Issued, ca_file: Path
) -> None:
    leaf = signing.leaf(between, issuer_url=ISSUER)
    places = Places(paypal=leaf.pem, authority=der(between) if binary else between.pem)
    shelf = Certificates(places, ca_file)
    key = await shelf.key(signing.CERT_URL, NOW)
    assert key.public_numbers() == leaf.key.public_key().public_numbers()
    await shelf.key(signing.CERT_URL, NOW)
    assert places.asked == [signing.CERT_URL, ISSUER]


async def test_a_chain_that_is_served_whole_asks_no_authority(
    between: signing.Issued, ca_file: Path
) -> None:
    leaf = signing.leaf(between, issuer_url=ISSUER)
    places = Places(paypal=leaf.pem + between.pem)
    await Certificates(places, ca_file).key(signing.CERT_URL, NOW)
    assert places.asked == [signing.CERT_URL]


@pytest.mark.parametrize(
    "url",
    [
        "http://cacerts.digicert.com.evil.example/CA.crt",
        "http://evil.example/CA.crt",
        "http://cacerts.digicert.com@evil.example/CA.crt",
        "http://cacerts.digicert.com:8080/CA.crt",
        "http://cacerts.digicert.com/../CA.crt",
        "http://cacerts.digicert.com/CA.crt?x=1",
        "http://127.0.0.1/CA.crt",
        "file:///CA.crt",
    ],
)
async def test_an_authority_is_asked_at_its_own_place_alone(
    url: str, between: signing.Issued, ca_file: Path
) -> None:
    places = Places(paypal=signing.leaf(between, issuer_url=url).pem)
    assert await refusal(places, ca_file) == ("certificate", 401)
    assert places.asked == [signing.CERT_URL]
    with pytest.raises(WebhookRefused, match="certificate_url"):
        await FromTheirPlaces()(url)


async def test_what_an_authority_serves_is_believed_by_the_roots_alone(ca_file: Path) -> None:
    stranger = signing.intermediate(signing.authority("A Stranger"), "Next Validation Server CA")
    leaf = signing.leaf(stranger, issuer_url=ISSUER)
    for served in (der(stranger), b"<html>", b""):
        places = Places(paypal=leaf.pem, authority=served)
        assert await refusal(places, ca_file) == ("certificate", 401)


@pytest.mark.parametrize("answer", [0, 500, 429])
async def test_an_authority_that_cannot_be_asked_makes_paypal_send_again(
    answer: int, between: signing.Issued, ca_file: Path
) -> None:
    places = Places(paypal=signing.leaf(between, issuer_url=ISSUER).pem, authority=answer)
    assert await refusal(places, ca_file) == ("certificate_unavailable", 503)


# --- the one that is kept ---------------------------------------------------------------------


def test_the_kept_intermediate_is_signed_by_a_root_of_tls() -> None:
    (kept,) = authorities.kept()
    roots = {root.subject: root for root in _authorities()}
    kept.verify_directly_issued_by(roots[kept.issuer])
    assert kept.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_the_kept_intermediate_has_its_end_watched() -> None:
    assert authorities.ends() - datetime.now(UTC) > authorities.WATCHED, "renew it"
    for days, lines in ((181, 0), (179, 1), (-1, 1)):
        with structlog.testing.capture_logs() as logged:
            authorities.watch(authorities.ends() - timedelta(days=days))
        assert [line["event"] for line in logged] == ["paypal_intermediate_ends"] * lines

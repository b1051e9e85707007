"""Between PayPal's signing certificates and the roots of TLS: the authority that signs them.

The address that a webhook names serves the signing certificate alone, so the chain cannot be built
from what is there. The intermediate of its authority is kept here, as PayPal's own libraries do;
once PayPal changes it, the next one is fetched from the address in the certificate, at the
authority alone. None of them is trusted: the chain must still lead to a root of TLS.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

import structlog
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

log = structlog.get_logger("paysaga.psp")

WATCHED = timedelta(days=180)
"""Before the kept intermediate ends: then every start that needs it leaves a line."""

HOST = "cacerts.digicert.com"
_ADDRESS = re.compile(r"http://cacerts\.digicert\.com/[A-Za-z0-9_\-]{1,100}\.crt", re.ASCII)
"""Plain http, as authorities have it: what is read there proves itself by its signature."""

DIGICERT_SHA2_EV = """\
-----BEGIN CERTIFICATE-----
MIIEtjCCA56gAwIBAgIQDHmpRLCMEZUgkmFf4msdgzANBgkqhkiG9w0BAQsFADBs
MQswCQYDVQQGEwJVUzEVMBMGA1UEChMMRGlnaUNlcnQgSW5jMRkwFwYDVQQLExB3
d3cuZGlnaWNlcnQuY29tMSswKQYDVQQDEyJEaWdpQ2VydCBIaWdoIEFzc3VyYW5j
ZSBFViBSb290IENBMB4XDTEzMTAyMjEyMDAwMFoXDTI4MTAyMjEyMDAwMFowdTEL
MAkGA1UEBhMCVVMxFTATBgNVBAoTDERpZ2lDZXJ0IEluYzEZMBcGA1UECxMQd3d3
LmRpZ2ljZXJ0LmNvbTE0MDIGA1UEAxMrRGlnaUNlcnQgU0hBMiBFeHRlbmRlZCBW
YWxpZGF0aW9uIFNlcnZlciBDQTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoC
ggEBANdTpARR+JmmFkhLZyeqk0nQOe0MsLAAh/FnKIaFjI5j2ryxQDji0/XspQUY
uD0+xZkXMuwYjPrxDKZkIYXLBxA0sFKIKx9om9KxjxKws9LniB8f7zh3VFNfgHk/
LhqqqB5LKw2rt2O5Nbd9FLxZS99RStKh4gzikIKHaq7q12TWmFXo/a8aUGxUvBHy
/Urynbt/DvTVvo4WiRJV2MBxNO723C3sxIclho3YIeSwTQyJ3DkmF93215SF2AQh
cJ1vb/9cuhnhRctWVyh+HA1BV6q3uCe7seT6Ku8hI3UarS2bhjWMnHe1c63YlC3k
8wyd7sFOYn4XwHGeLN7x+RAoGTMCAwEAAaOCAUkwggFFMBIGA1UdEwEB/wQIMAYB
Af8CAQAwDgYDVR0PAQH/BAQDAgGGMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEF
BQcDAjA0BggrBgEFBQcBAQQoMCYwJAYIKwYBBQUHMAGGGGh0dHA6Ly9vY3NwLmRp
Z2ljZXJ0LmNvbTBLBgNVHR8ERDBCMECgPqA8hjpodHRwOi8vY3JsNC5kaWdpY2Vy
dC5jb20vRGlnaUNlcnRIaWdoQXNzdXJhbmNlRVZSb290Q0EuY3JsMD0GA1UdIAQ2
MDQwMgYEVR0gADAqMCgGCCsGAQUFBwIBFhxodHRwczovL3d3dy5kaWdpY2VydC5j
b20vQ1BTMB0GA1UdDgQWBBQ901Cl1qCt7vNKYApl0yHU+PjWDzAfBgNVHSMEGDAW
gBSxPsNpA/i/RwHUmCYaCALvY2QrwzANBgkqhkiG9w0BAQsFAAOCAQEAnbbQkIbh
hgLtxaDwNBx0wY12zIYKqPBKikLWP8ipTa18CK3mtlC4ohpNiAexKSHc59rGPCHg
4xFJcKx6HQGkyhE6V6t9VypAdP3THYUYUN9XR3WhfVUgLkc3UHKMf4Ib0mKPLQNa
2sPIoc4sUqIAY+tzunHISScjl2SFnjgOrWNoPLpSgVh5oywM395t6zHyuqB8bPEs
1OG9d4Q3A84ytciagRpKkk47RpqF/oOi+Z6Mo8wNXrM9zwR4jxQUezKcxwCmXMS1
oVWNWlZopCJwqjyBcdmdqEU79OX2olHdx3ti6G8MdOu42vi/hw15UJGQmxg7kVkn
8TUoE6smftX3eg==
-----END CERTIFICATE-----
"""
"""DigiCert SHA2 Extended Validation Server CA, 2013 to 2028, signed by DigiCert High Assurance EV
Root CA."""


@cache
def kept() -> tuple[x509.Certificate, ...]:
    """The intermediates that PayPal's own libraries bring along as well."""
    return tuple(x509.load_pem_x509_certificates(DIGICERT_SHA2_EV.encode()))


def ends() -> datetime:
    """When the first of those that are kept does."""
    return min(each.not_valid_after_utc for each in kept())


def watch(now: datetime | None = None) -> None:
    """Leaves a line when it is time to renew what is kept."""
    if ends() - (now or datetime.now(UTC)) < WATCHED:
        log.warning("paypal_intermediate_ends", ends=ends().isoformat())


def is_place(url: str) -> bool:
    """Whether this is an address of an intermediate at the authority."""
    return _ADDRESS.fullmatch(url) is not None


def issuer_of(certificate: x509.Certificate) -> str | None:
    """Where the authority says that its own certificate lies; None where it is elsewhere."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (x509.ExtensionNotFound, ValueError):
        return None
    for each in access.value:
        place = each.access_location
        if (
            each.access_method == AuthorityInformationAccessOID.CA_ISSUERS
            and isinstance(place, x509.UniformResourceIdentifier)
            and is_place(place.value)
        ):
            return place.value
    return None


def split(url: str) -> tuple[str, str]:
    """The origin and the path of an address that was found good."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}", parts.path

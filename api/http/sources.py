"""Where a request comes from: the peer's address, or what a proxy that we name says of it.

A proxy adds to what it was sent, so only the right end of the list is its own word: the source is
the rightmost address that is none of our proxies. Everything left of it anybody can write.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.requests import HTTPConnection

from infra.settings import Api
from workflows.domain.card_data import has_card_data

_HOPS_AT_MOST = 16
_LONGEST = 64

Address = IPv4Address | IPv6Address


def source_of(request: HTTPConnection) -> str | None:
    """An IP address in its canonical form; None where there is none, or one that would pass for a
    card number."""
    peer = address_of(request.client.host) if request.client else None
    if peer is None:
        return None
    kept = [str(peer), *(str(hop) for hop in _hops(request, peer))]
    return next((text for text in reversed(kept) if not has_card_data(text)), None)


def is_over_tls(request: HTTPConnection) -> bool:
    """Whether the caller spoke TLS to us, or to a proxy of ours that says so."""
    if request.scope["scheme"] == "https":
        return True
    at = _settings(request)
    # First what costs nothing: without proxies nobody is asked for more.
    peer = address_of(request.client.host) if at.trusted_proxies and request.client else None
    if peer is None or not _is_trusted(peer, at):
        return False
    if at.forwarded_header == "forwarded":
        lists = request.headers.getlist("forwarded")
        return bool(lists) and _named(lists[-1].rpartition(",")[2], "proto") == "https"
    return request.headers.get("x-forwarded-proto", "").strip().lower() == "https"


def address_of(text: str) -> Address | None:
    """With or without a port; an IPv4 address in IPv6 is one of IPv4."""
    text = text.strip().strip('"')
    if len(text) > _LONGEST or "%" in text:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _hops(request: HTTPConnection, peer: Address) -> list[Address]:
    """From the peer outwards: each as the one before it says, as long as that one is trusted."""
    at, believed, found = _settings(request), peer, []
    if not _is_trusted(peer, at):
        return []
    for text in _list(request, at):
        hop = address_of(text)
        if hop is None:
            break
        found.append(hop)
        believed = hop
        if not _is_trusted(believed, at):
            break
    return found


def _list(request: HTTPConnection, at: Api) -> list[str]:
    """The last entries of the header, rightmost first."""
    whole = ",".join(request.headers.getlist(at.forwarded_header))
    entries = whole.rsplit(",", _HOPS_AT_MOST)[-_HOPS_AT_MOST:][::-1] if whole else []
    if at.forwarded_header == "forwarded":
        return [_named(entry, "for") for entry in entries]
    return entries


def _named(element: str, name: str) -> str:
    """The value of a parameter of RFC 7239, without quotes."""
    for pair in element.split(";"):
        key, _, text = pair.strip().partition("=")
        if key.lower() == name:
            return text.strip().strip('"').lower()
    return ""


def _is_trusted(address: Address, at: Api) -> bool:
    return any(address in network for network in at.trusted_proxies)


def _settings(request: HTTPConnection) -> Api:
    settings: Api = request.app.state.settings.api
    return settings

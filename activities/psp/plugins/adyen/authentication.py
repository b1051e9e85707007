"""3-D Secure and card checks out of `additionalData`: texts, there only where they are switched
on in the Customer Area (Developers, Additional data)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows.domain.psp import Authentication

_SCHEMES = {
    "visa": "visa",
    "electron": "visa",
    "vpay": "visa",
    "mc": "mastercard",
    "maestro": "mastercard",
    "amex": "amex",
    "jcb": "jcb",
    "diners": "diners",
    "discover": "discover",
    "cup": "unionpay",
    "cartebancaire": "cartes_bancaires",
}
"""By how Adyen's names of brands and variants begin: `visaclassic`, `mc_applepay`."""


def scheme_of(additional: Mapping[str, Any], brand: str | None) -> str | None:
    told = (brand, additional.get("paymentMethod"), additional.get("paymentMethodVariant"))
    for text in told:
        for beginning, scheme in _SCHEMES.items():
            if isinstance(text, str) and text.lower().startswith(beginning):
                return scheme
    return None


def authentication_of(additional: Mapping[str, Any], brand: str | None) -> Authentication | None:
    """None where nothing was told."""
    scheme, cavv = scheme_of(additional, brand), _text(additional, "cavv")
    proof = Authentication(
        scheme=scheme,
        # An ECI means nothing without its scheme.
        eci=_text(additional, "eci") if scheme else None,
        cavv=cavv,
        cavv_present=_cavv_present(cavv, additional),
        version=_text(additional, "threeDSVersion"),
        ds_trans_id=_text(additional, "dsTransID"),
        liability_shift=_boolean(additional, "liabilityShift"),
        avs=_text(additional, "avsResult"),
        cvv=_text(additional, "cvcResult"),
    )
    return None if proof == Authentication(scheme=scheme) else proof


def _cavv_present(cavv: str | None, additional: Mapping[str, Any]) -> bool | None:
    """Without a CAVV in the answer it is known to be absent only where 3-D Secure did not end."""
    if cavv is not None:
        return True
    return False if _boolean(additional, "threeDAuthenticated") is False else None


def _text(additional: Mapping[str, Any], name: str) -> str | None:
    told = additional.get(name)
    return told[:64] if isinstance(told, str) and told and told != "N/A" else None


def _boolean(additional: Mapping[str, Any], name: str) -> bool | None:
    told = str(additional.get(name)).lower()
    return told == "true" if told in ("true", "false") else None

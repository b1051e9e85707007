"""3-D Secure and card checks out of `additionalData`: texts, there only where they are switched
on in the Customer Area (Developers, Additional data)."""

from __future__ import annotations

import base64
import binascii
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
    """In our words (`visa`, `mastercard`, …); None for what is no card, or not known."""
    names = (brand, additional.get("paymentMethod"), additional.get("paymentMethodVariant"))
    for text in names:
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


_STATUS = {"05": "Y", "02": "Y", "06": "A", "01": "A"}
"""The directory's answer that an ECI stands for: authenticated, or attempted with a proof."""


def proof(given: Authentication | None) -> dict[str, str] | None:
    """What another PSP's authentication proves, as `mpiData`; None for what proves nothing here.

    Whether the player was challenged is not known: so only the directory's answer is told, which
    Adyen takes without the other where there was no challenge.
    """
    if given is None or not given.is_reusable or not _is_cavv(given.cavv or ""):
        return None
    shown = {
        "cavv": given.cavv,
        "eci": given.eci,
        "dsTransID": given.ds_trans_id,
        "directoryResponse": _STATUS[given.eci or ""],
        "threeDSVersion": given.version,
    }
    return {name: text for name, text in shown.items() if text}


def _is_cavv(text: str) -> bool:
    """Twenty bytes in base64, as Adyen demands."""
    try:
        return len(base64.b64decode(text, validate=True)) == 20
    except (binascii.Error, ValueError):
        return False


def _cavv_present(cavv: str | None, additional: Mapping[str, Any]) -> bool | None:
    """Without a CAVV in the answer it is known to be absent only where 3-D Secure did not end."""
    if cavv is not None:
        return True
    return False if _boolean(additional, "threeDAuthenticated") is False else None


def _text(additional: Mapping[str, Any], name: str) -> str | None:
    text = additional.get(name)
    return text[:64] if isinstance(text, str) and text and text != "N/A" else None


def _boolean(additional: Mapping[str, Any], name: str) -> bool | None:
    word = str(additional.get(name)).lower()
    return word == "true" if word in ("true", "false") else None

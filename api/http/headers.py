"""What every answer tells a browser: run nothing, frame nothing, guess nothing, tell nobody."""

from __future__ import annotations

import base64
import hashlib

_NOTHING_ELSE = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

ON_EVERY_ANSWER = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; {_NOTHING_ELSE}",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""A page says its own Content-Security-Policy instead."""

OVER_TLS = {"Strict-Transport-Security": "max-age=63072000"}


def policy_of_page(html: str) -> str:
    """Content-Security-Policy of a page of ours: its own inline script and style, by their digest,
    and questions to where it came from."""
    scripts, styles = (_digests(_inside(html, tag)) for tag in ("script", "style"))
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; connect-src 'self'; "
        f"{_NOTHING_ELSE}"
    )


def _inside(html: str, tag: str) -> list[str]:
    return [part.partition(f"</{tag}>")[0] for part in html.split(f"<{tag}>")[1:]]


def _digests(texts: list[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()) for text in texts)
    return " ".join(f"'sha256-{digest.decode()}'" for digest in digests) or "'none'"

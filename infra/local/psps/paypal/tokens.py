"""OAuth 2 client credentials: access tokens, which expire or are revoked."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from infra.local.psps.base.profile import Credentials
from infra.local.psps.paypal.errors import Body, PayPalError, plain, respond

_SECONDS = 32_400
_SCOPES = (
    "https://uri.paypal.com/services/payments/payment/authcapture",
    "https://uri.paypal.com/services/payments/refund",
    "https://uri.paypal.com/payments/payouts",
    "https://uri.paypal.com/services/reporting/search/read",
    "https://uri.paypal.com/services/applications/webhooks",
)


class Tokens:
    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._issued: dict[str, tuple[str, float]] = {}
        self.ever: list[str] = []
        """Every one that was issued: tests look where they must not be."""
        self.expires_in = _SECONDS
        """Seconds, of the tokens from now on."""

    async def issue(self, request: Request) -> Response:
        """`POST /v1/oauth2/token`."""
        account = self._client(request.headers.get("Authorization", ""))
        if account is None:
            return _refuse("invalid_client", "Client Authentication failed", 401)
        form = parse_qs((await request.body()).decode(errors="replace"))
        if form.get("grant_type") != ["client_credentials"]:
            return _refuse("unsupported_grant_type", "Unsupported grant_type", 400)
        token = "A21AA" + secrets.token_urlsafe(48)
        self.ever.append(token)
        self._issued[token] = (account, time.monotonic() + self.expires_in)
        answer = {
            "scope": " ".join(_SCOPES),
            "access_token": token,
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": self.expires_in,
            "nonce": secrets.token_urlsafe(24),
        }
        return respond(200, answer)

    def account(self, authorization: str) -> str:
        """Whose token it is. Raises PayPalError: without one in its own words, else in OAuth's."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise PayPalError(401, plain(401))
        account, until = self._issued.get(token, ("", 0.0))
        if time.monotonic() >= until:
            body = _oauth("invalid_token", "Access Token not found in cache")
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            raise PayPalError(401, body, headers=headers)
        return account

    def revoke(self) -> int:
        """All; returns how many."""
        count = len(self._issued)
        self._issued.clear()
        return count

    def _client(self, authorization: str) -> str | None:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            pair = base64.b64decode(given, validate=True)
        except binascii.Error:
            return None
        for account, known in self._credentials.items():
            right = f"{known['client_id']}:{known['client_secret']}".encode()
            if hmac.compare_digest(pair, right):
                return account
        return None


def _oauth(error: str, description: str) -> Body:
    return {"error": error, "error_description": description}


def _refuse(error: str, description: str, status: int) -> Response:
    return respond(status, _oauth(error, description))

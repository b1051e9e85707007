"""Adyen's errors. `kept` ones were met while executing: they are replayed under the same key."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from infra.local.psps.adyen.models import new_reference
from infra.local.psps.base.wire import json_response


class AdyenError(Exception):
    def __init__(
        self, status: int, code: str, message: str, kind: str = "validation", *, kept: bool = False
    ) -> None:
        super().__init__(status)
        self.status, self.kept = status, kept
        self.body: dict[str, Any] = {
            "status": status,
            "errorCode": code,
            "message": message,
            "errorType": kind,
        }
        if status in (403, 422):
            self.body["pspReference"] = new_reference()

    @property
    def younger(self) -> dict[str, Any]:
        """As the younger interfaces write it."""
        if self.status == 401:
            return self.body
        page = f"https://docs.adyen.com/errors/{self.body['errorType']}"
        message = self.body["message"]
        problem = {"type": page, "title": message, "detail": message}
        return {**problem, "status": self.status, "errorCode": self.body["errorCode"]}


def invalid(code: str, message: str) -> AdyenError:
    return AdyenError(422, code, message, kept=True)


def missing(name: str, code: str = "130") -> AdyenError:
    return invalid(code, f"Required field '{name}' is not provided.")


def malformed(message: str) -> AdyenError:
    return AdyenError(400, "702", message)


def unauthorized() -> AdyenError:
    return AdyenError(401, "000", "HTTP Status Response - Unauthorized", "security")


def not_allowed() -> AdyenError:
    """A key of somebody who has other rights."""
    return AdyenError(403, "010", "Not allowed", "security")


def wrong_merchant_account() -> AdyenError:
    return AdyenError(403, "901", "Invalid Merchant Account", "security")


def key_reused() -> AdyenError:
    return AdyenError(422, "704", "The idempotency key belongs to a request that differs")


def no_such_payment() -> AdyenError:
    return invalid("167", "Original pspReference required for this operation")


def answer(status: int) -> Response:
    """For a status that says nothing about the request."""
    response = json_response(_plain(status).body, status)
    if status in (409, 429, 503):
        # Not executed, and to be tried again under the same key.
        response.headers["transient-error"] = "true"
    return response


def _plain(status: int) -> AdyenError:
    match status:
        case 404 | 405:
            return AdyenError(status, "000", "HTTP Status Response - Not Found", "validation")
        case 409:
            return AdyenError(status, "704", "request already processed or in progress")
        case 429:
            return AdyenError(status, "000", "Too many requests", "security")
        case _:
            return AdyenError(status, "905", "Internal error", "internal")

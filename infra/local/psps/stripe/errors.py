"""Stripe's errors. `kept` ones were met while executing: they are replayed under the same key."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from infra.local.psps.base.wire import json_response

Body = dict[str, Any]
_DOCS = "https://stripe.com/docs/error-codes/"


class StripeError(Exception):
    def __init__(self, status: int, error: Body, *, kept: bool = False) -> None:
        super().__init__(status)
        code = error.get("code")
        self.status, self.kept = status, kept
        self.body: Body = {
            "error": {**error, **({"doc_url": _DOCS + code.replace("_", "-")} if code else {})}
        }


def invalid(message: str, *, code: str | None = None, param: str | None = None) -> StripeError:
    fields = {"type": "invalid_request_error", "message": message, "code": code, "param": param}
    return StripeError(400, {name: value for name, value in fields.items() if value is not None})


def unexpected_state(message: str, intent: Body) -> StripeError:
    code = "payment_intent_unexpected_state"
    error = {"type": "invalid_request_error", "code": code, "message": message}
    return StripeError(400, {**error, "payment_intent": intent}, kept=True)


def missing(kind: str, id_: str, *, param: str, status: int = 404) -> StripeError:
    error = {"type": "invalid_request_error", "code": "resource_missing", "param": param}
    return StripeError(status, {**error, "message": f"No such {kind}: '{id_}'"})


def unauthorized() -> StripeError:
    message = "Invalid API Key provided: sk_test_********"
    return StripeError(401, {"type": "invalid_request_error", "message": message})


def key_reused() -> StripeError:
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first "
        "used with. Try using a key other than the one given if you meant to execute a different "
        "request."
    )
    return StripeError(400, {"type": "idempotency_error", "message": message})


def failure() -> StripeError:
    """Stripe's own: whatever was done before it."""
    return _plain(500)


def answer(status: int) -> Response:
    """For a status that says nothing about the request."""
    return json_response(_plain(status).body, status)


def _plain(status: int) -> StripeError:
    match status:
        case 409:
            error = {
                "type": "idempotency_error",
                "code": "idempotency_key_in_use",
                "message": "There is currently another in-progress request using this key.",
            }
        case 429:
            error = {
                "type": "invalid_request_error",
                "code": "rate_limit",
                "message": "Request rate limit exceeded.",
            }
        case 404 | 405:
            error = {
                "type": "invalid_request_error",
                "message": "Unrecognized request URL. Please see https://stripe.com/docs.",
            }
        case _:
            error = {"type": "api_error", "message": "Sorry! There was an error on our side."}
    return StripeError(status, error)

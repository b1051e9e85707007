"""PayPal's errors. `kept` ones were met while executing: they are repeated under the same key."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

Body = dict[str, Any]
_DOCS = "https://developer.paypal.com/api/rest/reference/orders/v2/errors/#"
_MESSAGES = {
    400: (
        "INVALID_REQUEST",
        "Request is not well-formed, syntactically incorrect, or violates schema.",
    ),
    401: (
        "AUTHENTICATION_FAILURE",
        "Authentication failed due to missing authorization header, or invalid authentication "
        "credentials.",
    ),
    403: (
        "NOT_AUTHORIZED",
        "Authorization failed due to insufficient permissions.",
    ),
    404: ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
    405: (
        "METHOD_NOT_SUPPORTED",
        "The server does not implement the requested HTTP method.",
    ),
    409: (
        "RESOURCE_CONFLICT",
        "The server has detected a conflict while processing this request.",
    ),
    415: (
        "UNSUPPORTED_MEDIA_TYPE",
        "The server does not support the request payload's media type.",
    ),
    422: (
        "UNPROCESSABLE_ENTITY",
        "The requested action could not be performed, semantically incorrect, or failed business "
        "validation.",
    ),
    429: ("RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting."),
    500: ("INTERNAL_SERVER_ERROR", "An internal server error occurred."),
    503: ("SERVICE_UNAVAILABLE", "Service Unavailable."),
}


class PayPalError(Exception):
    def __init__(
        self,
        status: int,
        body: Body,
        *,
        kept: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status)
        self.status, self.body, self.kept, self.headers = status, body, kept, headers

    def response(self) -> Response:
        return respond(self.status, self.body, self.headers)


def respond(status: int, body: Body | None, headers: Mapping[str, str] | None = None) -> Response:
    all_headers = {"Paypal-Debug-Id": new_debug_id(), **(headers or {})}
    if body is None:
        return Response(status_code=status, headers=all_headers)
    return Response(orjson.dumps(body), status, all_headers, "application/json")


def new_debug_id() -> str:
    return secrets.token_hex(7)[:13]


def refused(
    issue: str, texts: Mapping[str, str], *, links: Sequence[Body] = (), kept: bool = False
) -> PayPalError:
    """Not for business reasons."""
    return _detailed(422, [{"issue": issue, "description": texts[issue]}], links, kept=kept)


def invalid(issue: str, texts: Mapping[str, str], field: str = "") -> PayPalError:
    """`field` is a JSON pointer into the body."""
    where = {"field": field, "location": "body"} if field else {}
    return _detailed(400, [{**where, "issue": issue, "description": texts[issue]}], ())


def not_found() -> PayPalError:
    description = (
        "Specified resource ID does not exist. Please check the resource ID and try again."
    )
    return _detailed(404, [{"issue": "INVALID_RESOURCE_ID", "description": description}], ())


def _detailed(
    status: int, details: list[Body], links: Sequence[Body], *, kept: bool = False
) -> PayPalError:
    about = {"href": _DOCS + details[0]["issue"], "rel": "information_link", "method": "GET"}
    body = {**plain(status), "details": details, "links": [about, *links]}
    return PayPalError(status, body, kept=kept)


def plain(status: int) -> Body:
    name, message = _MESSAGES.get(status, _MESSAGES[500])
    return {"name": name, "message": message, "debug_id": new_debug_id()}


def v1(
    status: int, name: str, message: str, *, details: Sequence[Body] = (), api: str = "payouts"
) -> PayPalError:
    """As the older APIs say it: a name of its own for each error."""
    body = {
        "name": name,
        "message": message,
        "debug_id": new_debug_id(),
        "information_link": f"https://developer.paypal.com/docs/api/{api}/v1/#errors",
    }
    return PayPalError(status, {**body, "details": list(details)} if details else body)


def answer(status: int) -> Response:
    """For a status that says nothing about the request."""
    return respond(status, plain(status))

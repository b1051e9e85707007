"""The PSPs' own OpenAPI descriptions as judges of what we send them and of what we play to us.

    from tests.activities.psp.descriptions import check_request, description, needs_descriptions

    pytestmark = needs_descriptions            # skips with a reason where the folder is absent

    orders = description("paypal/checkout_orders_v2.json")      # cheap after the first time
    check_request(orders, "POST", "/v2/checkout/orders", "", headers, body)   # or AssertionError
    check_response(orders, "POST", "/v2/checkout/orders", 201, headers, body)
    check_webhook(description("adyen/Webhooks-v1.json"), "CAPTURE", body)     # Adyen's batches
    check_component(description("stripe/openapi.json"), "event", body)        # any named schema
    refuses_mutations(orders, Request("POST", path, query, headers, body))    # negative controls

`path` is without the host and with the server's base path (`/v71/payments` for Adyen's Checkout);
`query` is the raw text behind `?`; `headers` any mapping; `body` the raw bytes, of JSON or of a
form as their media type says. Beyond JSON Schema: a member, form field or query parameter that
nobody describes is an error, so is a `readOnly` member in a request, a request without the
credentials of its operation, a duplicate member; an integer is never written as 1.0.
`check_response(..., made_up=False)` lets members pass that the description does not know: for
replies recorded from the PSP, which may be younger than the description.
"""

from tests.activities.psp.descriptions.checking import (
    Request,
    check_component,
    check_request,
    check_response,
    check_webhook,
)
from tests.activities.psp.descriptions.loading import Description, description, needs_descriptions
from tests.activities.psp.descriptions.mutating import mutations, refuses_mutations

__all__ = [
    "Description",
    "Request",
    "check_component",
    "check_request",
    "check_response",
    "check_webhook",
    "description",
    "mutations",
    "needs_descriptions",
    "refuses_mutations",
]

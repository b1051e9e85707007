"""Right requests, written by hand from the PSPs' documents: what the negative controls spoil."""

from __future__ import annotations

from urllib.parse import urlencode

import orjson

from tests.activities.psp.descriptions.checking import FORM, JSON, Request

ORDERS, PAYMENTS = "paypal/checkout_orders_v2.json", "paypal/payments_payment_v2.json"
PAYOUTS = "paypal/payments_payouts_batch_v1.json"
REPORTING = "paypal/reporting_transactions_v1.json"
NOTIFICATIONS = "paypal/notifications_webhooks_v1.json"
CHECKOUT, THIRD_PARTY = "adyen/CheckoutService-v71.json", "adyen/PayoutService-v68.json"
EVENTS, STRIPE = "adyen/Webhooks-v1.json", "stripe/openapi.json"

BEARER, KEY = {"Authorization": "Bearer token"}, {"X-API-Key": "key"}
EUR = {"currency_code": "EUR", "value": "10.00"}
MINOR = {"currency": "EUR", "value": 1000}


def _json(headers: dict[str, str], path: str, body: object) -> Request:
    return Request("POST", path, "", {**headers, "Content-Type": JSON}, orjson.dumps(body))


def _form(path: str, fields: dict[str, str]) -> Request:
    headers = {**BEARER, "Content-Type": FORM, "Idempotency-Key": "deposit-1:authorize"}
    return Request("POST", path, "", headers, urlencode(fields).encode())


def _get(path: str, query: str = "") -> Request:
    return Request("GET", path, query, BEARER, b"")


_PAYPAL = {**BEARER, "PayPal-Request-Id": "deposit-1:authorize", "Prefer": "return=representation"}
_ADYEN = {**KEY, "Idempotency-Key": "deposit-1:authorize"}
_PAYMENT = {
    "amount": MINOR,
    "merchantAccount": "Brand_EU",
    "reference": "deposit-1",
    "returnUrl": "https://cashier.example/return?intent=1",
    "shopperReference": "player-1",
    "shopperInteraction": "Ecommerce",
    "channel": "Web",
    "paymentMethod": {"type": "scheme", "storedPaymentMethodId": "M5N7TQ4TG5PFWR50"},
    "metadata": {"intent": "deposit-1"},
    "additionalData": {"manualCapture": "true"},
}
_MODIFICATION = {"merchantAccount": "Brand_EU", "reference": "deposit-1:capture", "amount": MINOR}
_THIRD_PARTY = {
    "amount": MINOR,
    "merchantAccount": "Brand_EU",
    "reference": "payout-1",
    "shopperReference": "player-1",
    "shopperEmail": "player@example.com",
    "shopperName": {"firstName": "A", "lastName": "Player"},
    "dateOfBirth": "1990-01-31",
    "entityType": "NaturalPerson",
    "nationality": "NL",
    "recurring": {"contract": "PAYOUT"},
    "selectedRecurringDetailReference": "LATEST",
}

RIGHT: dict[str, tuple[str, Request]] = {
    "paypal order": (
        ORDERS,
        _json(
            _PAYPAL,
            "/v2/checkout/orders",
            {
                "intent": "AUTHORIZE",
                "purchase_units": [
                    {"reference_id": "deposit-1", "custom_id": "deposit-1", "amount": EUR}
                ],
                "payment_source": {
                    "paypal": {
                        "experience_context": {
                            "user_action": "PAY_NOW",
                            "return_url": "https://cashier.example/return",
                            "cancel_url": "https://cashier.example/cancel",
                        }
                    }
                },
            },
        ),
    ),
    "paypal order is authorized": (ORDERS, _json(_PAYPAL, "/v2/checkout/orders/5O1/authorize", {})),
    "paypal order is read": (ORDERS, _get("/v2/checkout/orders/5O1")),
    "paypal capture": (
        PAYMENTS,
        _json(
            _PAYPAL,
            "/v2/payments/authorizations/0VF/capture",
            {"amount": EUR, "invoice_id": "deposit-1", "final_capture": True},
        ),
    ),
    "paypal refund": (
        PAYMENTS,
        _json(
            _PAYPAL,
            "/v2/payments/captures/2GG/refund",
            {"amount": EUR, "custom_id": "refund-1", "note_to_payer": "Back to you"},
        ),
    ),
    "paypal void": (
        PAYMENTS,
        _json(_PAYPAL, "/v2/payments/authorizations/0VF/void", {})._replace(body=b""),
    ),
    "paypal payout": (
        PAYOUTS,
        _json(
            _PAYPAL,
            "/v1/payments/payouts",
            {
                "sender_batch_header": {"sender_batch_id": "payout-1"},
                "items": [
                    {
                        "recipient_type": "PAYPAL_ID",
                        "amount": {"currency": "EUR", "value": "10.00"},
                        "receiver": "G83JXTJ5EHCQ2",
                        "sender_item_id": "payout-1",
                    }
                ],
            },
        ),
    ),
    "paypal payout item is read": (PAYOUTS, _get("/v1/payments/payouts-item/8AL")),
    "paypal transactions": (
        REPORTING,
        _get(
            "/v1/reporting/transactions",
            "start_date=2026-01-01T00:00:00Z&end_date=2026-01-02T00:00:00Z&fields=all&page_size=100",
        ),
    ),
    "paypal webhook is verified": (
        NOTIFICATIONS,
        _json(
            _PAYPAL,
            "/v1/notifications/verify-webhook-signature",
            {
                "auth_algo": "SHA256withRSA",
                "cert_url": "https://api.paypal.com/v1/notifications/certs/CERT-360",
                "transmission_id": "b2f1-11e5",
                "transmission_sig": "lmI95Jx3Y9nhR5SJ",
                "transmission_time": "2026-02-18T20:01:35Z",
                "webhook_id": "1JE4291016473214C",
                "webhook_event": {"id": "WH-1", "resource": {"id": "2GG"}},
            },
        ),
    ),
    "paypal webhook is made": (
        NOTIFICATIONS,
        _json(
            _PAYPAL,
            "/v1/notifications/webhooks",
            {
                "url": "https://cashier.example/webhooks/paypal",
                "event_types": [{"name": "PAYMENT.CAPTURE.COMPLETED"}],
            },
        ),
    ),
    "adyen payment": (CHECKOUT, _json(_ADYEN, "/v71/payments", _PAYMENT)),
    "adyen details": (
        CHECKOUT,
        _json(_ADYEN, "/v71/payments/details", {"details": {"redirectResult": "X6XtfGC3"}}),
    ),
    "adyen capture": (CHECKOUT, _json(_ADYEN, "/v71/payments/8835/captures", _MODIFICATION)),
    "adyen refund": (CHECKOUT, _json(_ADYEN, "/v71/payments/8835/refunds", _MODIFICATION)),
    "adyen cancel": (
        CHECKOUT,
        _json(_ADYEN, "/v71/payments/8835/cancels", {"merchantAccount": "Brand_EU"}),
    ),
    "adyen payout": (
        THIRD_PARTY,
        _json(_ADYEN, "/pal/servlet/Payout/v68/submitThirdParty", _THIRD_PARTY),
    ),
    "adyen payout is confirmed": (
        THIRD_PARTY,
        _json(
            _ADYEN,
            "/pal/servlet/Payout/v68/confirmThirdParty",
            {"merchantAccount": "Brand_EU", "originalReference": "8835"},
        ),
    ),
    "stripe payment": (
        STRIPE,
        _form(
            "/v1/payment_intents",
            {
                "amount": "1000",
                "currency": "eur",
                "confirm": "true",
                "capture_method": "manual",
                "payment_method": "pm_1",
                "return_url": "https://cashier.example/return",
                "metadata[intent]": "deposit-1",
                "payment_method_options[card][request_three_d_secure]": "any",
                "expand[]": "latest_charge",
            },
        ),
    ),
    "stripe capture": (
        STRIPE,
        _form("/v1/payment_intents/pi_1/capture", {"amount_to_capture": "600"}),
    ),
    "stripe cancel": (
        STRIPE,
        _form("/v1/payment_intents/pi_1/cancel", {"cancellation_reason": "abandoned"}),
    ),
    "stripe refund": (
        STRIPE,
        _form(
            "/v1/refunds",
            {"payment_intent": "pi_1", "amount": "400", "reason": "requested_by_customer"},
        ),
    ),
    "stripe payment is read": (STRIPE, _get("/v1/payment_intents/pi_1", "expand[]=latest_charge")),
}

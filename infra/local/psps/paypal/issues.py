"""PayPal's sentences for its issues: each API has its own, sometimes for the same issue."""

from __future__ import annotations

_PRECISION = "If the currency supports decimals, only two decimal place precision is supported."
_CURRENCY = (
    "Currency code is invalid or is not currently supported. Please refer "
    "https://developer.paypal.com/{}/reference/currency-codes/ for list of supported currency "
    "codes."
)
_SYNTAX = "The value of a field does not conform to the expected format."

ORDERS = {
    "MALFORMED_REQUEST_JSON": "The request JSON is not well formed.",
    "MISSING_REQUIRED_PARAMETER": "A required parameter is missing.",
    "INVALID_PARAMETER_SYNTAX": _SYNTAX,
    "INVALID_PARAMETER_VALUE": "A parameter value is not valid.",
    "INVALID_STRING_LENGTH": "The value of a field is either too short or too long",
    "INVALID_ARRAY_MAX_ITEMS": "The number of items in an array parameter is too large.",
    "INVALID_ARRAY_MIN_ITEMS": "The number of items in an array parameter is too small.",
    "NOT_SUPPORTED": "This field is not currently supported.",
    "PAYPAL_REQUEST_ID_REQUIRED": (
        "A PayPal-Request-Id is required if you are trying to process payment for an Order. Please "
        "specify a PayPal-Request-Id or Create the Order without a 'payment_source' specified."
    ),
    "INVALID_CURRENCY_CODE": _CURRENCY.format("api/rest"),
    "DECIMAL_PRECISION": _PRECISION,
    "CANNOT_BE_ZERO_OR_NEGATIVE": "Must be greater than zero. " + _PRECISION,
    "ORDER_NOT_APPROVED": (
        "Payer has not yet approved the Order for payment. Please redirect the payer to the "
        "'rel':'approve' url returned as part of the HATEOAS links within the Create Order call."
    ),
    "ORDER_ALREADY_AUTHORIZED": (
        "Order already authorized.If 'intent=AUTHORIZE' only one authorization per order is "
        "allowed."
    ),
    "ORDER_ALREADY_CAPTURED": (
        "Order already captured.If 'intent=CAPTURE' only one capture per order is allowed."
    ),
    "ACTION_DOES_NOT_MATCH_INTENT": (
        "Order was created with an intent to 'CAPTURE'. Please use "
        "v2/checkout/orders/order_id/capture to complete the transaction or alternately Create an "
        "order with an intent of 'AUTHORIZE'."
    ),
    "INSTRUMENT_DECLINED": (
        "The instrument presented  was either declined by the processor or bank, or it can't be "
        "used for this payment."
    ),
    "TOKEN_ID_NOT_FOUND": (
        "Specified token was not found. Verify the token and try the request again."
    ),
    "TRANSACTION_REFUSED": "The request was refused.",
    "TRANSACTION_LIMIT_EXCEEDED": "Total payment amount exceeded transaction limit.",
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED": "The payer account cannot be used for this transaction.",
}

PAYMENTS = {
    "MISSING_REQUIRED_PARAMETER": "A required field / parameter is missing.",
    "INVALID_PARAMETER_SYNTAX": _SYNTAX,
    "INVALID_STRING_LENGTH": "The value of a field is either too short or too long.",
    "INVALID_CURRENCY_CODE": _CURRENCY.format("docs/api"),
    "DECIMAL_PRECISION": _PRECISION,
    "DECIMALS_NOT_SUPPORTED": (
        "Currency does not support decimals. Please refer to "
        "https://developer.paypal.com/docs/api/reference/currency-codes/ for more information."
    ),
    "CANNOT_BE_ZERO_OR_NEGATIVE": "Must be greater than zero. " + _PRECISION,
    "TRANSACTION_REFUSED": "PayPal's internal controls prevent authorization from being captured.",
    "AUTHORIZATION_DENIED": "An denied authorization cannot be captured.",
    # With the blank at its end.
    "AUTHORIZATION_VOIDED": "A voided authorization cannot be captured or reauthorized. ",
    "AUTHORIZATION_ALREADY_CAPTURED": "Authorization has previously been captured.",
    "AUTH_CAPTURE_CURRENCY_MISMATCH": (
        "Currency of capture must be the same as currency of authorization."
    ),
    "AUTH_CURRENCY_MISMATCH": (
        "The currency specified during reauthorization should be the same as the currency "
        "specified in the original authorization. Please check the currency of the authorization "
        "for which you are trying to reauthorize and try again."
    ),
    "MAX_CAPTURE_AMOUNT_EXCEEDED": (
        "Capture amount exceeds allowable limit. Please contact customer service or your account "
        "manager to request the change to your overage limit. The default overage limit is 115%, "
        "which allows the sum of all captures to be up to 115% of the order amount. The ability "
        "to over capture is subjected to regulatory approvals."
    ),
    "REAUTHORIZATION_NOT_SUPPORTED": (
        "A reauthorize cannot be attempted on an authorization_id that is the result of a prior "
        "reauthorization or on an authorization made on an Order saved using the "
        "`v2/orders/id/save` API."
    ),
    "PREVIOUSLY_CAPTURED": (
        "Authorization has been previously captured and hence cannot be voided."
    ),
    "PREVIOUSLY_VOIDED": (
        "Authorization has been previously voided and hence cannot be voided again."
    ),
    "CANNOT_BE_VOIDED": (
        "A reauthorization cannot be voided. Please void the original parent authorization."
    ),
    "REFUND_CAPTURE_CURRENCY_MISMATCH": "Refund must be in the same currency as the capture",
    "REFUND_AMOUNT_EXCEEDED": (
        "The refund amount must be less than or equal to the capture amount that has not yet been "
        "refunded."
    ),
    "REFUND_NOT_ALLOWED": "Capture cannot be refunded.",
    "CAPTURE_FULLY_REFUNDED": "The capture has already been fully refunded",
    "PENDING_CAPTURE": (
        "Cannot initiate a refund as the capture is pending. Capture is typically pending when "
        "the payer has funded the transaction using e-check/bank funded."
    ),
}

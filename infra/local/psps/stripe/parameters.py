"""The parameters each call has, by the description; any other is refused as Stripe refuses it."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CONFIRMING = (
    "allowed_payment_method_types capture_method error_on_requires_action expand mandate "
    "mandate_data off_session "
    "payment_method payment_method_data payment_method_options payment_method_types "
    "radar_options receipt_email return_url setup_future_usage shipping use_stripe_sdk "
)
_PAGING = "created ending_before expand limit starting_after "

CREATE = _words(
    _CONFIRMING + "amount application_fee_amount automatic_payment_methods confirm "
    "confirmation_method currency customer description metadata on_behalf_of "
    "statement_descriptor statement_descriptor_suffix transfer_data transfer_group"
)
CONFIRM = _words(_CONFIRMING + "client_secret")
CAPTURE = _words(
    "amount_to_capture application_fee_amount expand metadata statement_descriptor "
    "statement_descriptor_suffix transfer_data"
)
SESSION = _words(
    "adaptive_pricing allowed_payment_method_types cancel_url client_reference_id currency "
    "customer customer_email expand expires_at line_items locale metadata mode payment_intent_data "
    "payment_method_options payment_method_types submit_type success_url ui_mode"
)
EXPIRE = _words("expand")
SESSIONS = _words(_PAGING + "customer payment_intent status")
SEARCH = _words("expand limit page query")
CANCEL = _words("cancellation_reason expand")
REFUND = _words(
    "amount charge currency customer expand instructions_email metadata origin payment_intent "
    "reason refund_application_fee reverse_transfer"
)
RETRIEVE = _words("client_secret expand")
INTENTS = _words(_PAGING + "customer")
REFUNDS = _words(_PAGING + "charge payment_intent")
TRANSACTIONS = _words(_PAGING + "currency payout source type")

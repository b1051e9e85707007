"""Every type of event that Stripe has (2026-10-28): translated, or known and passed over.

What is passed over moves no money, or is told by another type that is translated; it is counted.
What is in neither is unknown: it is counted too, and fails no delivery.
"""

from __future__ import annotations

import re

CHARGES = frozenset({"charge.expired", "charge.refunded", "charge.succeeded"})
"""The last has the 3-D Secure of an authorization."""
DISPUTES = frozenset(
    f"charge.dispute.{kind}"
    for kind in ("closed", "created", "funds_reinstated", "funds_withdrawn")
)
SESSIONS = frozenset(
    f"checkout.session.{kind}"
    for kind in ("async_payment_failed", "async_payment_succeeded", "completed", "expired")
)
INTENTS = frozenset(
    f"payment_intent.{kind}"
    for kind in (
        "amount_capturable_updated",
        "canceled",
        "payment_failed",
        "processing",
        "requires_action",
        "succeeded",
    )
)
REFUNDS = frozenset({"charge.refund.updated", "refund.created", "refund.failed", "refund.updated"})

_RETIRED = """
bitcoin.receiver: created filled updated
bitcoin.receiver.transaction: created
issuer_fraud_record: created
order: created payment_failed payment_succeeded updated
order_return: created
payment_method: card_automatically_updated
recipient: created deleted updated
sku: created deleted updated
transfer: failed paid
"""
"""Names that old endpoints still send; none of them is about money of ours."""

_PASSED_OVER = """
account: updated
account.application: authorized deauthorized
account.external_account: created deleted updated
application_fee: created refunded
application_fee.refund: updated
apps.install: created deleted updated
balance: available
balance_settings: updated
billing.alert: triggered
billing.credit_balance_transaction: created
billing.credit_grant: created updated
billing.meter: created deactivated reactivated updated
billing_portal.configuration: created updated
billing_portal.session: created
capability: updated
cash_balance: funds_available
charge: captured failed pending updated
charge.dispute: updated
climate.order: canceled created delayed delivered product_substituted
climate.product: created pricing_updated
coupon: created deleted updated
credit_note: created updated voided
customer: created deleted updated
customer.discount: created deleted updated
customer.source: created deleted expiring updated
customer.subscription: created deleted paused pending_update_applied pending_update_expired
    resumed trial_will_end updated
customer.tax_id: created deleted updated
customer_cash_balance_transaction: created
entitlements.active_entitlement_summary: updated
file: created
financial_connections.account: account_numbers_updated created deactivated disconnected
    expected_deactivation_date_updated reactivated refreshed_balance refreshed_ownership
    refreshed_transactions supported_payment_method_types_updated upcoming_account_number_expiry
    upcoming_deactivation
financial_connections.authorization: expected_deactivation_date_updated upcoming_deactivation
identity.verification_session: canceled created processing redacted requires_input verified
invoice: created deleted finalization_failed finalized marked_uncollectible overdue overpaid
    paid payment_action_required payment_attempt_required payment_failed payment_succeeded sent
    upcoming updated voided will_be_due
invoice_payment: paid
invoiceitem: created deleted
issuing_authorization: created request updated
issuing_card: created updated
issuing_cardholder: created updated
issuing_dispute: closed created funds_reinstated funds_rescinded submitted updated
issuing_personalization_design: activated deactivated rejected updated
issuing_token: created updated
issuing_transaction: created purchase_details_receipt_updated updated
mandate: updated
payment_intent: created partially_funded
payment_link: created updated
payment_method: attached automatically_updated detached updated
payout: canceled created failed paid reconciliation_completed updated
person: created deleted updated
plan: created deleted updated
price: created deleted updated
product: created deleted updated
promotion_code: created updated
quote: accepted canceled created finalized
radar.early_fraud_warning: created updated
reporting.report_run: failed succeeded
reporting.report_type: updated
reserve.hold: created updated
reserve.plan: created disabled expired updated
reserve.release: created
review: closed opened
setup_intent: canceled created requires_action setup_failed succeeded
sigma.scheduled_query_run: created
source: canceled chargeable failed mandate_notification refund_attributes_required
source.transaction: created updated
subscription_schedule: aborted canceled completed created expiring released updated
tax.settings: updated
tax_rate: created updated
terminal.reader: action_failed action_succeeded action_updated
test_helpers.test_clock: advancing created deleted internal_failure ready
three_d_secure.authentication: canceled challenge_started errored failed requires_challenge
    requires_submission succeeded
topup: canceled created failed reversed succeeded
transfer: created reversed updated
treasury.credit_reversal: created posted
treasury.debit_reversal: completed created initial_credit_granted
treasury.financial_account: closed created features_status_updated
treasury.inbound_transfer: canceled created failed succeeded
treasury.outbound_payment: canceled created expected_arrival_date_updated failed posted returned
    tracking_details_updated
treasury.outbound_transfer: canceled created expected_arrival_date_updated failed posted
    returned tracking_details_updated
treasury.received_credit: created failed succeeded
treasury.received_debit: created
"""


def _names(text: str) -> frozenset[str]:
    """`charge: captured expired` is charge.captured and charge.expired; deeper lines go on."""
    lines = re.sub(r"\n +", " ", text).strip().splitlines()
    named = (line.split(": ") for line in lines)
    return frozenset(f"{thing}.{kind}" for thing, kinds in named for kind in kinds.split())


RETIRED = _names(_RETIRED)
IGNORED = _names(_PASSED_OVER) | RETIRED
TRANSLATED = CHARGES | DISPUTES | INTENTS | REFUNDS | SESSIONS

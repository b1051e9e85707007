"""A lookalike of Stripe: PaymentIntents, refunds, balance transactions, as api.stripe.com has them.

What only the lookalike has: payment methods named `pm_card_lookalike…` (see `cards`), hosted pages
of its own, and that time passes faster.
"""

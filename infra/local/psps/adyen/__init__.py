"""A lookalike of Adyen: Checkout v71, Payout v68, standard webhooks, the settlement report.

What only the lookalike has: stored payment methods with names (see `cards`), hosted pages of its
own, that time passes faster, and the commands under `/_control/adyen` (see `commands`).
"""

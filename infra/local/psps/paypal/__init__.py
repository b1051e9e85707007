"""A lookalike of PayPal: OAuth 2, orders, payments, payouts, reports and webhooks of its REST API.

What only the lookalike has: choices on the approval page (see `funding`), receivers of payouts
(see `receivers`), commands under `/_control` (see `commands`), and that time passes faster.
Its reading where PayPal leaves a choice: no capture above the authorization, as PSD2 demands; one
purchase unit; the same invoice_id twice is allowed; the answer to a repeated PayPal-Request-Id is
the present state of what the first one made, whatever the body says.
"""

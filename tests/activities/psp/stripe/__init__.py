"""Stripe's plugin against Stripe's own description, library and tables."""

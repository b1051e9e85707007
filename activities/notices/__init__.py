"""Notices: what happened to a payment, told to the platform in order, until it has heard."""

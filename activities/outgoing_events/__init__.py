"""Outgoing events: what became of payments, told to the platform in order until it has heard."""

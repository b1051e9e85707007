"""Seals: made for what the API orders and the inbox tells, checked for the runs that get it."""

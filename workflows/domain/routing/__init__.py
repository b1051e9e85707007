"""Routing: which merchant accounts are asked, in which order, why, and when to stop asking."""

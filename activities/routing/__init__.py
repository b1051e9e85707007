"""Routing: which merchant accounts are asked, in which order."""

"""Routing: which merchant accounts are asked, in which order, why, and when to stop asking."""

from .cascade import may_cascade

__all__ = ["may_cascade"]

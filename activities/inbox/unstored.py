"""Why a webhook is not stored, or not all of it."""

from __future__ import annotations


class NonceUsed(Exception):
    """A webhook was replayed: nothing of it was stored."""


class Forged(Exception):
    """Another body came under the name of a sending before: nothing of this one was stored."""


class Contested(Exception):
    """An event was told again with other facts: the first telling counts, a case has both.

    Other events of the same webhook were stored.
    """


class Unstorable(Exception):
    """A name is too long, or a text has a NUL character. Nothing was stored."""

"""Events as the columns that are stored."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from activities.inbox.meanings import gist_of, meaning_of
from activities.inbox.unstored import Unstorable
from workflows.domain.events import PspEvent

_NUL = b"\\u0000"
_LONGEST_NAME = 255


def columns_of(events: Sequence[PspEvent]) -> tuple[list[str], ...]:
    """PSPs, event ids, payments, events as JSON, what they mean and in short. Raises Unstorable."""
    texts = [orjson.dumps(event) for event in events]
    names = [name for event in events for name in (event.event_id, event.key)]
    if any(_NUL in text for text in texts) or any(len(name) > _LONGEST_NAME for name in names):
        raise Unstorable
    return (
        [event.psp for event in events],
        [event.event_id for event in events],
        [event.payment_id for event in events],
        [text.decode() for text in texts],
        [meaning_of(event) for event in events],
        [gist_of(event) for event in events],
    )

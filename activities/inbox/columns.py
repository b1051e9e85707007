"""Webhooks as the columns that are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import orjson

from activities.inbox.meanings import gist_of, meaning_of
from activities.inbox.sending import Sending
from activities.inbox.unstored import Unstorable
from workflows.domain.events import PspEvent

_NUL = b"\\u0000"
_LONGEST_NAME = 255


Columns = tuple[list[str], list[str], list[str], list[str], list[str], list[str]]
"""PSPs, event ids, payments, events as JSON, what they mean and in short."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """What is stored of one, and by what it is known beside its events."""

    psp: str
    nonce: str | None
    sending: Sending | None
    events: Columns

    @property
    def weight(self) -> int:
        """In characters, about."""
        return sum(map(len, self.events[3]))


def columns_of(events: Sequence[PspEvent]) -> Columns:
    """Raises Unstorable."""
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


def columns_together(webhooks: Sequence[Webhook]) -> list[list[Any]]:
    """Four columns of webhooks, and behind them those of all their events, whose first is the place
    of the webhook, from 1."""
    sendings = [webhook.sending for webhook in webhooks]
    places = [n for n, w in enumerate(webhooks, 1) for _ in w.events[0]]
    return [
        [webhook.psp for webhook in webhooks],
        [webhook.nonce for webhook in webhooks],
        [sending and sending.name for sending in sendings],
        [sending and sending.body_sha256 for sending in sendings],
        places,
        *(
            list(chain.from_iterable(each))
            for each in zip(*(w.events for w in webhooks), strict=True)
        ),
    ]

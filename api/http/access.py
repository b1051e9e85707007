"""Who gets in, what is written down of it, and what they share in this process."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg

from activities.access.credentials import Credentials
from activities.registry.versions import Versions
from activities.security.log import SecurityLog
from activities.settings import Settings
from api.http.auth import Door
from api.http.shares import Seats, Turns
from api.http.streams import Streams


@dataclass(frozen=True)
class Access:
    """Once in a process: what brands share is counted here, not in the database."""

    door: Door
    turns: Turns
    """Of requests at the database, by brand."""
    streams: Streams
    security: SecurityLog

    @classmethod
    def of(cls, settings: Settings, house: asyncpg.Pool, stack: AsyncExitStack) -> Access:
        """Asked before anybody is the caller. What it opens is closed with the stack."""
        at, credentials = settings.api, Credentials(house)
        streams = Streams(
            Versions(settings.postgres, house),
            credentials,
            Seats("streams", each=at.streams_per_brand, most=at.streams),
            at.credential_cache_seconds,
        )
        security = SecurityLog(house, settings.inbox.security_seconds)
        stack.push_async_callback(security.aclose)
        stack.push_async_callback(streams.aclose)
        return cls(
            door=Door(credentials, at.credential_cache_seconds, at.wrong_tokens_per_minute),
            turns=Turns(settings.postgres.pool_size, waiting=at.waiting_per_brand),
            streams=streams,
            security=security,
        )

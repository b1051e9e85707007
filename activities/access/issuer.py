"""Issuing, rotating and ending credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from activities.access.credential import ALL_ROUTES, By, Issued, NothingToRotate, Role
from activities.access.names import require_distinct
from activities.access.tokens import hash_of, new_token, prefix_of

LASTS = timedelta(days=365)
LIVE_AT_MOST = 2
"""Of a name that is rotated: the new one, and the old one for a while."""

_NAMES = "SELECT DISTINCT name, person FROM credentials"
_ADD = """
INSERT INTO credentials
    (name, person, prefix, token_hash, roles, brands, routes, at_most, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_TO_ROTATE = """
SELECT * FROM credentials
WHERE name = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
ORDER BY id DESC
"""
_SHORTEN = """
UPDATE credentials SET expires_at = least(expires_at, now() + $2::interval) WHERE id = $1
"""
_ACT = """
INSERT INTO actions (actor, person, brand, remote, what, subject, reason, trace_id)
VALUES ($1, $1, '*', $2, $3, $4, $5, '')
"""


class Issuer:
    """Only the owner may change credentials."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def issue(
        self,
        name: str,
        roles: Sequence[Role],
        brands: Sequence[str],
        *,
        person: str | None = None,
        routes: Sequence[str] = (ALL_ROUTES,),
        at_most: Mapping[str, str] | None = None,
        lasts: timedelta | None = LASTS,
        by: By | None = None,
    ) -> str:
        """Make a credential and give its token, which cannot be read again.

        Without a person it belongs to the program of that name. Raises NameRefused.
        """
        token = new_token()
        expires_at = datetime.now(UTC) + lasts if lasts is not None else None
        whose = person or name
        chosen = [list(map(str, roles)), list(brands), list(routes), dict(at_most or {})]
        async with self._pool.acquire() as connection, connection.transaction():
            # One after the other: two that look alike may be issued at the same moment.
            await connection.execute("LOCK TABLE credentials IN SHARE ROW EXCLUSIVE MODE")
            rows = await connection.fetch(_NAMES)
            require_distinct(name, whose, [(row["name"], row["person"]) for row in rows])
            await connection.execute(
                _ADD, name, whose, prefix_of(token), hash_of(token), *chosen, expires_at
            )
            await _act(connection, "issue", name, by)
        return token

    async def rotate(self, name: str, overlap: timedelta, *, by: By | None = None) -> str:
        """A new token like the newest of that name, which ends after the overlap.

        Raises NothingToRotate.
        """
        token = new_token()
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("LOCK TABLE credentials IN SHARE ROW EXCLUSIVE MODE")
            live = await connection.fetch(_TO_ROTATE, name)
            if not live:
                raise NothingToRotate(f"no token of {name} is valid: issue one")
            if len(live) >= LIVE_AT_MOST:
                raise NothingToRotate(
                    f"{len(live)} tokens of {name} are valid: wait until the older one has ended"
                )
            await connection.execute(_ADD, *_like(live[0], token))
            await connection.execute(_SHORTEN, live[0]["id"], overlap)
            await _act(connection, "rotate", name, by)
        return token

    async def revoke(self, name: str, *, by: By | None = None) -> int:
        """End every token of that name; give how many there were."""
        async with self._pool.acquire() as connection, connection.transaction():
            ended = await connection.fetch(
                "UPDATE credentials SET revoked_at = now() "
                "WHERE name = $1 AND revoked_at IS NULL RETURNING id",
                name,
            )
            if ended:
                await _act(connection, "revoke", name, by)
        return len(ended)

    async def list(self) -> Sequence[Issued]:
        """All that were ever issued, oldest first."""
        rows = await self._pool.fetch(
            "SELECT name, person, prefix, roles, brands, routes, at_most, created_at, expires_at, "
            "last_used_at, revoked_at FROM credentials ORDER BY id"
        )
        return [Issued(**dict(row)) for row in rows]


def _like(old: asyncpg.Record, token: str) -> Sequence[Any]:
    """It lasts as long as the old one was to."""
    expires_at = None
    if old["expires_at"] is not None:
        expires_at = datetime.now(UTC) + (old["expires_at"] - old["created_at"])
    kept = [old[name] for name in ("roles", "brands", "routes", "at_most")]
    return [old["name"], old["person"], prefix_of(token), hash_of(token), *kept, expires_at]


async def _act(connection: Any, what: str, name: str, by: By | None) -> None:
    who = by or By()
    await connection.execute(
        _ACT, who.actor, who.remote, f"credentials {what}", f"credential:{name}", who.reason
    )

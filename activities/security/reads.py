"""Reading what was refused at our doors."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.security.tables import SecurityRow


class SecurityReads:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def list(
        self,
        *,
        psp: str | None = None,
        rule: str | None = None,
        actor: str | None = None,
        limit: int = 50,
    ) -> Sequence[SecurityRow]:
        """The newest rows."""
        query = select(SecurityRow).order_by(col(SecurityRow.id).desc()).limit(limit)
        if psp is not None:
            query = query.where(col(SecurityRow.psp) == psp)
        if rule is not None:
            query = query.where(col(SecurityRow.rule) == rule)
        if actor is not None:
            query = query.where(col(SecurityRow.actor) == actor)
        async with AsyncSession(self._engine) as session:
            return (await session.exec(query)).all()

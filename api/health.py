"""Whether this process lives, and whether what it needs can be reached."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.dependencies import Parts, PartsOf
from api.errors import unavailable
from api.listing import shown
from api.outages import problem_of

router = APIRouter(tags=["Health"])


class Health(BaseModel):
    status: str


@router.get("/healthz", summary="The process lives", response_model=Health)
async def healthz() -> Response:
    return shown(Health(status="ok"))


@router.get("/readyz", summary="The database and Temporal can be reached", response_model=Health)
async def readyz(parts: PartsOf) -> Response:
    database, temporal = await asyncio.gather(_database(parts), parts.runs.reachable())
    missing = [
        name for name, there in (("the database", database), ("Temporal", temporal)) if not there
    ]
    if missing:
        raise unavailable(" and ".join(missing))
    return shown(Health(status="ready"))


async def _database(parts: Parts) -> bool:
    try:
        async with asyncio.timeout(2.0):
            await parts.pool.fetchval("SELECT 1")
    except Exception as error:
        if problem_of(error) is None:
            raise
        return False
    return True

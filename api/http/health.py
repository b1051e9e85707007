"""Whether this process lives, and whether what it needs can be reached."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from activities.registry.left_behind import still_left_behind
from api.http.errors import Problem
from api.http.ground import Ground, ground_of
from api.http.listing import shown
from api.http.outages import problem_of

router = APIRouter(tags=["Health"])


class Health(BaseModel):
    status: Literal["ok", "ready"]
    psps_not_connected: list[str] | None = Field(
        None,
        description="payments are under way there, and it is not among the PSPs of the settings; "
        "only told where there is one",
    )


@router.get("/healthz", summary="The process lives", response_model=Health)
async def healthz() -> Response:
    return shown(Health(status="ok"))


@router.get(
    "/readyz",
    summary="The database and Temporal can be reached, and have what payments need",
    response_model=Health,
)
async def readyz(ground: Annotated[Ground, Depends(ground_of)]) -> Response:
    lacking = await asyncio.gather(_database(ground), ground.runs.lacks())
    if missing := [what for what in lacking if what]:
        raise Problem(
            503,
            "unavailable",
            "Not ready",
            "; ".join(missing),
            headers={"Retry-After": "1"},
        )
    absent = await still_left_behind(ground.house, ground.left_behind)
    return shown(
        Health(status="ready", psps_not_connected=list(absent))
        if absent
        else Health(status="ready")
    )


async def _database(ground: Ground) -> str | None:
    try:
        async with asyncio.timeout(2.0):
            await ground.house.fetchval("SELECT 1")
    except Exception as error:
        if problem_of(error) is None:
            raise
        return "the database is out of reach"
    return None

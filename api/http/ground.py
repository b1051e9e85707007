"""What every folder builds its own parts on, made once at start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.psp.catalog import Catalog
from activities.registry.requests import Requests
from activities.settings import Settings
from api.http.access import Access
from api.http.runs import Runs


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What folders share: two pools with different sight, Temporal, the door, the keys."""

    settings: Settings
    pool: asyncpg.Pool
    """Sees the rows of the caller's brands alone, as `engine` does."""
    house: asyncpg.Pool
    """Sees every brand: for what is asked before a caller is known, by nobody, or for all (tokens,
    webhooks, health, policies kept in memory). What it reads is shown to nobody as it is."""
    engine: AsyncEngine
    temporal: Client
    runs: Runs
    access: Access
    requests: Requests
    catalog: Catalog
    left_behind: Sequence[str]
    """PSPs that were not connected at the start although payments were under way there."""


def ground_of(request: Request) -> Ground:
    ground: Ground = request.app.state.ground
    return ground

"""Whether a deposit may go on and where: asked together, just before the first PSP is."""

from __future__ import annotations

from dataclasses import dataclass

from .payments import Route, RouteRequest
from .risk import ScreenRequest, Verdict


@dataclass(frozen=True, kw_only=True)
class ClearanceRequest:
    screen: ScreenRequest
    route: RouteRequest


@dataclass(frozen=True, kw_only=True)
class ClearedRoute:
    verdict: Verdict
    route: Route | None
    """None: it may not go on, and nobody was chosen."""

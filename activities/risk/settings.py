"""What payments are screened by, for everybody."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from infra.settings import Section


class Limits(Section):
    """Decimal strings by currency; `default` is in units of whichever currency it is."""

    deposit_minimum: dict[str, Decimal] = {"default": Decimal(0)}
    """A smaller deposit is refused."""
    deposit_maximum: dict[str, Decimal] = {"default": Decimal(50000)}
    """A larger one too."""
    payout_minimum: dict[str, Decimal] = {"default": Decimal(0)}
    """A smaller payout is refused."""
    payout_maximum: dict[str, Decimal] = {"default": Decimal(100000)}
    """A larger one too."""


class RiskSettings(Section):
    limits: Limits = Limits()
    """What a player may pay in and be paid, by currency: `{"deposit_maximum": {"EUR": "2000"}}`."""
    approval_above: dict[str, Decimal] = {"default": Decimal(1000)}
    """A payout above this needs a second person, and so does one that is above it together with the
    player's other payouts of the window."""
    approval_window_hours: Annotated[float, Field(gt=0, le=24 * 366)] = 24.0
    """How far back a player's payouts are added up."""
    blocked_regions: list[str] = []
    """Regions whose players neither pay nor are paid."""
    payout_requires_kyc: bool | None = None
    """Whether a player is paid only once the platform has verified who it is. Unset: yes in
    production, no in the sandbox profile."""

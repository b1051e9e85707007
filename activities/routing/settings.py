"""Merchant accounts, and how they are chosen until a policy says otherwise."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from infra.settings import Section


class Account(Section):
    """A merchant account: our contract with one PSP. `*` stands for all."""

    psp: str
    """The plugin's name."""
    id: str
    """Ours for it: the PSP's credentials are kept under it."""
    brands: list[str] = ["*"]
    """Whose payments it may take."""
    regions: list[str] = ["*"]
    """Of players."""
    methods: list[str] = ["*"]
    """What they may pay with there."""
    currencies: list[str] = ["*"]
    """What it takes."""
    holds: list[str] = []
    """Methods by which money is always held first and captured then. By the others it is taken at
    once, where the order says that it is captured automatically and the PSP can."""


class RoutingSettings(Section):
    methods: list[str] = ["card", "bank_transfer", "ewallet", "mobile", "voucher", "crypto"]
    """What a player can pay with; any other word is refused, so that a switch cannot be missed."""
    accounts: list[Account] = []
    """In the order in which they are asked, until a policy says otherwise; what is changed through
    the API counts before what is listed here."""
    psps: list[str] = []
    """PSPs to connect beside those of the accounts: merchant accounts at them are added live."""
    window_hours: Annotated[float, Field(gt=0, le=24 * 90)] = 24.0
    """How far back the counts look by which a policy learns where payments succeed."""
    statistics_seconds: Annotated[float, Field(gt=0)] = 30.0
    """How often these counts are renewed, by one worker at a time."""
    slow_seconds: Annotated[float, Field(gt=0)] = 5.0
    """A PSP's answer that takes longer counts as none for its circuit breaker."""

"""How the PSP behaves, changeable while it runs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from infra.sandbox_psp.signing import Form
from infra.sandbox_psp.store import Store

Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]


class Modes(BaseModel):
    """The idempotency regimes of real PSPs:

    honoured: the effect's answer is kept · replays_500: so is a 500 · only_success: what was not
    answered with 2xx is executed again · conflict_in_flight: 409 while the first is unanswered ·
    forgetful: kept for `forget_seconds` · ignores_body: another body gets the first one's answer ·
    off: every request is executed.

    `signing` is the form in which webhooks are signed from now on, repeats included.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    webhooks: Literal["promised", "all", "none"] = "promised"
    signing: Form = "standard_hmac"
    async_seconds: Seconds = 0.3
    slow_seconds: Seconds = 5.0
    forget_seconds: Seconds = 1.0
    idempotency: Literal[
        "honoured",
        "replays_500",
        "only_success",
        "conflict_in_flight",
        "forgetful",
        "ignores_body",
        "off",
    ] = "honoured"


class CurrentModes:
    """Survive a restart, like everything the PSP was told."""

    def __init__(self, store: Store) -> None:
        self._store = store
        kept = store.kept("modes")
        self.now = Modes() if kept is None else Modes.model_validate_json(kept)

    def change(self, modes: Modes) -> None:
        self._store.keep("modes", modes.model_dump_json())
        self.now = modes

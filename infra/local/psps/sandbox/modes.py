"""How the PSP behaves, changeable while it runs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.psps.base.orders import from_loopback
from infra.local.psps.base.wire import json_response
from infra.local.psps.sandbox.bodies import read
from infra.local.psps.sandbox.database import Database
from infra.local.psps.sandbox.errors import SandboxError
from infra.local.psps.sandbox.signing import Form, Signer

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
    """Survive a restart, like everything the PSP was told. `GET` and `PUT /_control/settings`."""

    def __init__(self, database: Database, signer: Signer) -> None:
        self._database, self._signer = database, signer
        kept = database.kept("modes")
        self.now = Modes() if kept is None else Modes.model_validate_json(kept)

    def routes(self) -> list[Route]:
        return [
            Route("/_control/settings", from_loopback(handler, SandboxError), methods=[method])
            for method, handler in (("GET", self.show), ("PUT", self.change))
        ]

    async def show(self, _: Request) -> Response:
        return json_response(self.now.model_dump())

    async def change(self, request: Request) -> Response:
        """What is not named stays."""
        asked = await read(request, Modes)
        if not self._signer.can(asked.signing):
            raise SandboxError(409, "no_key", "it was started without a key for this form")
        changed = {name: getattr(asked, name) for name in asked.model_fields_set}
        modes = self.now.model_copy(update=changed)
        self._database.keep("modes", modes.model_dump_json())
        self.now = modes
        return json_response(modes.model_dump())

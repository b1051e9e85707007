"""The platform's own ear: what it is told of its payments, checked as it comes."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from activities.psp.certification import Canned, Heard
from tests.activities.psp.peer import listening, says


@dataclass
class Ear:
    secret: str
    url: str = ""
    sequences: dict[str, list[int]] = field(default_factory=dict)
    """By payment, what was heard of it, in the order in which it came; repetitions left out."""
    repeated: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def settings(self) -> dict[str, str]:
        """What a worker must be told, so that it tells us."""
        return {
            "PAYSAGA_OUTGOING_EVENTS_ENDPOINTS": orjson.dumps({"*": f"{self.url}/events"}).decode(),
            "PAYSAGA_OUTGOING_EVENTS_SECRETS": orjson.dumps({"*": self.secret}).decode(),
        }

    def hear(self, request: Heard) -> Canned:
        try:
            Webhook(self.secret).verify(request.body, dict(request.headers))
        except WebhookVerificationError as error:
            self.wrong.append(f"an event came that we did not sign: {error}")
            return Canned(401, b"{}")
        event = orjson.loads(request.body)
        self._note(str(event["payment_id"]), int(event["sequence"]))
        return Canned(204, b"")

    def missed(self, versions: Mapping[str, int]) -> list[str]:
        """Payments of which not every version was heard."""
        return [
            f"of {payment_id} the platform heard {self.sequences.get(payment_id)}, not 1 to {last}"
            for payment_id, last in versions.items()
            if self.sequences.get(payment_id) != list(range(1, last + 1))
        ]

    def _note(self, payment_id: str, sequence: int) -> None:
        before = self.sequences.setdefault(payment_id, [])
        if sequence in before:
            self.repeated += 1
            return
        if sequence != len(before) + 1:
            self.wrong.append(f"event {sequence} of {payment_id} came after {before}")
        before.append(sequence)


@asynccontextmanager
async def listening_ear() -> AsyncIterator[Ear]:
    ear = Ear("whsec_" + base64.b64encode(secrets.token_bytes(24)).decode())
    async with listening(says(ear.hear)) as peer:
        ear.url = peer.url
        yield ear

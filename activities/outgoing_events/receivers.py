"""Who is told: for each brand one address, the secrets that sign for it, and its circuit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from activities.outgoing_events.circuit import Circuit
from activities.outgoing_events.settings import OutgoingEventsSettings

ANY = "*"


class Receiver:
    def __init__(self, url: str, secrets: Sequence[str], circuit: Circuit) -> None:
        self.url = url
        self.circuit = circuit
        self._signers = [Webhook(secret) for secret in secrets]

    def headers(self, event_id: str, body: str) -> dict[str, str]:
        """Standard Webhooks, signed now with every secret there is."""
        now = datetime.now(UTC)
        return {
            "Content-Type": "application/json",
            "User-Agent": "paysaga",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(s.sign(event_id, now, body) for s in self._signers),
        }


class Receivers:
    """A brand has a circuit of its own also where it shares an address: nobody waits for another.

    `new_circuit` makes them.
    """

    def __init__(
        self, settings: OutgoingEventsSettings, new_circuit: type[Circuit] = Circuit
    ) -> None:
        self._settings = settings
        self._new_circuit = new_circuit
        self._known: dict[str, Receiver] = {}

    def of(self, brand: str) -> Receiver | None:
        """None when nobody is to be told."""
        named = brand if brand in self._settings.endpoints else ANY
        url = self._settings.endpoints.get(named)
        if url is None:
            return None
        if brand not in self._known:
            secrets = [s.get_secret_value() for s in self._settings.secrets[named]]
            self._known[brand] = Receiver(url, secrets, self._new_circuit())
        return self._known[brand]

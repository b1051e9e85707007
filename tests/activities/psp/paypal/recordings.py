"""Messages that PayPal itself signed, with the one certificate that it served for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from activities.psp.contract import WebhookRequest
from activities.psp.wire import Answer
from tests.activities.psp.descriptions.loading import folder

_PLACE = folder().parent / "cases" / "psp"
NAMES = ("live_simulator", "sandbox_2015")

needs_recordings = pytest.mark.skipif(
    not _PLACE.is_dir(), reason="PayPal's recorded webhooks are not at hand: set PAYSAGA_SPECS_DIR"
)


@dataclass(frozen=True)
class Recording:
    webhook_id: str
    headers: dict[str, str]
    body: bytes
    pem: bytes

    @property
    def at(self) -> float:
        """Unix seconds, when it was sent."""
        return datetime.fromisoformat(self.headers["paypal-transmission-time"]).timestamp()

    def request(self, body: bytes | None = None) -> WebhookRequest:
        return WebhookRequest(self.headers, self.body if body is None else body, self.at)

    async def served(self, url: str) -> Answer:
        assert url == self.headers["paypal-cert-url"]
        return Answer(200, {}, self.pem)


def recording(name: str) -> Recording:
    kept: dict[str, Any] = json.loads((_PLACE / f"paypal_webhook_{name}.json").read_text())
    return Recording(
        webhook_id=kept["webhook_id"],
        headers=kept["headers"],
        body=kept["body"].encode(),
        pem=kept["served_certificate"].encode(),
    )

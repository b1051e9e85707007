"""PayPal's side of the wire, for the certification suite."""

# ruff: noqa: TID252 - a plugin is a folder that may stand anywhere
from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from activities.psp.certification import Canned, Counted, Heard, Signed, Verdict
from activities.psp.contract import Adapter, WebhookRefused
from activities.psp.wire import Answer
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount, Operation

from ..adapter import PaypalAdapter
from ..client import TOKEN_PATH, Client
from ..heard import EventHead
from ..orders import ORDERS
from ..payouts import PAYOUTS
from ..settings import PaypalAccount, PaypalSettings
from ..verification import BEHIND_SECONDS
from .replies import reply_to
from .signing import CERT_URL, authorities, chain, of_one_checksum, signature
from .things import EUR

ACCESS_TOKEN = "A21AAcertified-access-token"  # noqa: S105 - made up


class PaypalCertification:
    """Its certificates are made up once per process, and it tells of every event that it has
    signed: the plugin asks PayPal for them."""

    def __init__(self) -> None:
        self._ordered = EUR
        self._account = PaypalAccount(
            url="http://127.0.0.1:1",
            client_id="certified-client",
            client_secret=SecretStr("EcertifiedClientSecret"),
            webhook_id="5WC1CERTIFIED0001",
            merchant_id="C3RT7F4EDMCHA",
            brand_name="Certified Casino",
            # By certificate: the suite forges and alters, and asks nobody for it.
            webhook_verification="certificate",
            webhook_ca=authorities(),
        )

    @property
    def account(self) -> MerchantAccount:
        return MerchantAccount("paypal", "casino-eu")

    @property
    def secrets(self) -> Sequence[str]:
        return [self._account.client_secret.get_secret_value(), ACCESS_TOKEN]

    @property
    def examples(self) -> Path:
        return Path(__file__).parents[1] / "examples"

    def connect(self, base_url: str) -> Adapter:
        """With made-up ways to fetch certificates and to ask for events."""
        account = self._account.model_copy(update={"url": base_url})
        settings = PaypalSettings(accounts={self.account.id: account})
        return PaypalAdapter(settings, _fetched, _confirmed)

    def answers(self, operation: str) -> Collection[Verdict]:
        """All, but that of a payout nothing is done at once."""
        if operation == Operation.PAYOUT:
            # Of a batch PayPal tells at once that it has it, and no amount.
            return set(Verdict) - {
                Verdict.APPROVED,
                Verdict.OTHER_AMOUNT,
                Verdict.OTHER_CURRENCY,
            }
        return tuple(Verdict)

    def answer(self, request: Heard, verdict: Verdict) -> Canned:
        if request.path == ORDERS:
            self._ordered = json.loads(request.body)["purchase_units"][0]["amount"]
        return reply_to(request, verdict, self._ordered)

    def before(self, request: Heard) -> Canned | None:
        if request.path != TOKEN_PATH:
            return None
        token = {
            "scope": "https://uri.paypal.com/services/payments/payment",
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": 32400,
        }
        return Canned(200, json.dumps(token).encode())

    def idempotency_key(self, request: Heard) -> str | None:
        """Of a batch of payouts PayPal keeps its own reference for thirty days."""
        if request.path == PAYOUTS:
            key: str = json.loads(request.body)["sender_batch_header"]["sender_batch_id"]
            return key
        return request.headers.get("paypal-request-id")

    @property
    def counted(self) -> Sequence[Counted]:
        """HUF and TWD have no decimals at PayPal; the others are as in ISO 4217."""
        return [
            Counted(Money(500_000, "HUF"), "5000"),
            Counted(Money(5050, "HUF"), None),
            Counted(Money(500_000, "TWD"), "5000"),
            Counted(Money(5050, "TWD"), None),
            Counted(Money(5000, "JPY"), "5000"),
            Counted(Money(5, "EUR"), "0.05"),
        ]

    def addressed_elsewhere(self, body: bytes) -> bytes | None:
        """Of a payment, which names its payee; a payout names none."""
        event = json.loads(body)
        things = [event["resource"], *event["resource"].get("purchase_units", ())]
        named = [thing for thing in things if "payee" in thing]
        for thing in named:
            thing["payee"] = {"merchant_id": "SQMEBQDYE7SES"}
        return json.dumps(event).encode() if named else None

    @property
    def timestamped(self) -> bool:
        return True

    @property
    def repeats_for(self) -> int:
        """As long as PayPal sends again under the time that it signed first."""
        return BEHIND_SECONDS

    def sign(self, body: bytes, at: int, *, stranger: bool = False) -> Signed:
        """Over ids, time and the CRC-32 of the body; the event is remembered as it was signed."""
        with suppress(ValueError):
            head = EventHead.model_validate(json.loads(body))
            _SENT[head.id] = head
        sent_id = "b2f1e330-95a2-11f0-8c0a-3f1c2a6f1d11"
        sent_at = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        signed = signature(sent_id, sent_at, self._account.webhook_id, body, stranger=stranger)
        headers = {
            "paypal-transmission-id": sent_id,
            "paypal-transmission-time": sent_at,
            "paypal-transmission-sig": signed,
            "paypal-cert-url": CERT_URL,
            "paypal-auth-algo": "SHA256withRSA",
        }
        return Signed(headers, body)

    def tampered(self, signed: Signed) -> Sequence[Signed]:
        """What the checksum notices; `unsigned` has another body of the same checksum."""
        turned = signed.body.replace(b"COMPLETED", b"DECLINED").replace(b"CREATED", b"DENIED")
        spaced = json.dumps(json.loads(signed.body), indent=1).encode()
        return [Signed(signed.headers, body) for body in (turned, spaced)]

    def unsigned(self, signed: Signed) -> Sequence[Signed]:
        """Other bodies under the same checksum."""
        genuine = json.loads(signed.body)
        forged = [
            {**genuine, "id": "WH-FORGED"},
            {**genuine, "create_time": "2031-01-01T00:00:00Z"},
            {**genuine, "resource": {**genuine["resource"], "status": "COMPLETED", "id": "FORGED"}},
        ]
        return [Signed(signed.headers, of_one_checksum(signed.body, each)) for each in forged]


_SENT: dict[str, EventHead] = {}
"""What was signed here, by its id."""


async def _fetched(url: str) -> Answer:
    """As PayPal's place for certificates: it has this one and no other."""
    if url != CERT_URL:
        return Answer(404, {}, b"")
    return Answer(200, {}, chain())


async def _confirmed(_: Client, head: EventHead) -> EventHead:
    """As PayPal about an event that it sent, and about one that it did not."""
    try:
        return _SENT[head.id]
    except KeyError:
        raise WebhookRefused("unconfirmed") from None

"""A receiver can prove who speaks and what was said, also while secrets change."""

from __future__ import annotations

import asyncpg
import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from activities.outgoing_events.receivers import Receivers
from activities.outgoing_events.settings import OutgoingEventsSettings
from activities.settings import Settings
from infra.reading import SettingsError, read
from infra.settings import Postgres
from tests.activities.outgoing_events.platform import (
    NEXT_SECRET,
    SECRET,
    a_brand,
    come,
    opened,
    platform,
    settings,
    telling,
)


async def test_an_event_is_signed_as_standard_webhooks_says(pool: asyncpg.Pool) -> None:
    brand = a_brand()
    payment = await opened(pool, brand)
    async with platform() as heard, telling(pool, {brand: heard.url}):
        await come(pool, payment, "delivered")
    (request,) = heard.heard
    event = Webhook(SECRET).verify(request.body, dict(request.headers))
    assert event["id"] == request.headers["webhook-id"] == f"evt_{payment}_1"
    assert request.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(NEXT_SECRET).verify(request.body, dict(request.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body + b" ", dict(request.headers))


def test_while_a_secret_is_replaced_both_sign() -> None:
    receiver = Receivers(settings({"acme": "https://platform.example"}, [SECRET, NEXT_SECRET]))
    acme = receiver.of("acme")
    assert acme is not None
    headers = acme.headers("evt_1", "{}")
    for secret in (SECRET, NEXT_SECRET):
        Webhook(secret).verify("{}", headers)


def test_a_brand_that_is_not_named_is_everybodys() -> None:
    receivers = Receivers(settings({"acme": "https://acme.example", "*": "https://rest.example"}))
    acme, bravo, charlie = receivers.of("acme"), receivers.of("bravo"), receivers.of("charlie")
    assert acme and bravo and charlie
    assert (acme.url, bravo.url) == ("https://acme.example", "https://rest.example")
    assert bravo is receivers.of("bravo")
    assert bravo.circuit is not charlie.circuit
    assert Receivers(settings({"acme": "https://acme.example"})).of("bravo") is None


@pytest.mark.parametrize(
    "url",
    [
        "http://platform.example/hooks",
        "https://user:word@platform.example",
        "https://",
        "ftp://platform.example",
        "https://platform.example/a b",
        "https://platform.example/#part",
        "http://localhost.platform.example",
        "https://platform.example:99999",
    ],
)
def test_an_address_that_is_not_safe_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings({"acme": url})
    messages = "".join(error["msg"] for error in refused.value.errors())
    assert "acme" in messages
    assert "word" not in messages


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", SECRET.removeprefix("whsec_")])
def test_a_secret_that_signs_nothing_is_refused(secret: str) -> None:
    with pytest.raises(ValidationError):
        settings({"acme": "https://platform.example"}, [secret])


def test_one_secret_needs_no_list_and_no_endpoint_goes_without() -> None:
    at = {"acme": "https://platform.example"}
    given = OutgoingEventsSettings.model_validate({"endpoints": at, "secrets": {"acme": SECRET}})
    assert len(given.secrets) == 1
    with pytest.raises(ValidationError):
        OutgoingEventsSettings.model_validate({"endpoints": at})


def test_they_are_read_from_the_environment_though_their_name_has_two_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PAYSAGA_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("PAYSAGA_PROFILE", "sandbox")
    monkeypatch.setenv("PAYSAGA_OUTGOING_EVENTS_ENDPOINTS", '{"acme": "https://platform.example"}')
    with pytest.raises(SettingsError, match="PAYSAGA_OUTGOING_EVENTS: acme has an endpoint and no"):
        read(Settings)
    monkeypatch.setenv("PAYSAGA_OUTGOING_EVENTS_SECRETS", f'{{"acme": "{SECRET}"}}')
    found = read(Settings).outgoing_events
    assert found.endpoints == {"acme": "https://platform.example"}
    assert [secret.get_secret_value() for secret in found.secrets["acme"]] == [SECRET]
    monkeypatch.setenv("PAYSAGA_OUTGOING_EVENTS_SECRETS", "acme")
    with pytest.raises(SettingsError, match="PAYSAGA_OUTGOING_EVENTS_SECRETS: must be JSON"):
        read(Settings)


def test_production_speaks_tls_even_to_its_own_machine() -> None:
    near = settings({"acme": "http://127.0.0.1:9000/hooks"})
    postgres = Postgres.model_validate({"url": "postgresql://nobody@127.0.0.1:1/none"})
    assert Settings(profile="sandbox", postgres=postgres, outgoing_events=near)
    explicit = {
        "api": {"return_url_hosts": ["casino.example"]},
        "routing": {"accounts": [{"psp": "sandbox", "id": "primary"}]},
    }
    with pytest.raises(ValidationError, match="PAYSAGA_OUTGOING_EVENTS_ENDPOINTS"):
        Settings.model_validate({"postgres": postgres, "outgoing_events": near, **explicit})

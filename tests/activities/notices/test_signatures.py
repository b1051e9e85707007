"""A receiver can prove who speaks and what was said, also while secrets change."""

from __future__ import annotations

import asyncpg
import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from activities.notices.receivers import Receivers
from infra.settings import Notices, Postgres, Settings
from tests.activities.notices.platform import (
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
    told = Webhook(SECRET).verify(request.body, dict(request.headers))
    assert told["id"] == request.headers["webhook-id"] == f"evt_{payment}_1"
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
    told = "".join(error["msg"] for error in refused.value.errors())
    assert "acme" in told
    assert "word" not in told


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", SECRET.removeprefix("whsec_")])
def test_a_secret_that_signs_nothing_is_refused(secret: str) -> None:
    with pytest.raises(ValidationError):
        settings({"acme": "https://platform.example"}, [secret])


def test_one_secret_needs_no_list_and_no_endpoint_goes_without() -> None:
    at = {"acme": "https://platform.example"}
    assert len(Notices.model_validate({"endpoints": at, "secrets": {"acme": SECRET}}).secrets) == 1
    with pytest.raises(ValidationError):
        Notices.model_validate({"endpoints": at})


def test_production_speaks_tls_even_to_its_own_machine() -> None:
    near = settings({"acme": "http://127.0.0.1:9000/hooks"})
    postgres = Postgres.model_validate({"url": "postgresql://nobody@127.0.0.1:1/none"})
    assert Settings(profile="sandbox", postgres=postgres, notices=near)
    explicit = {
        "api": {"return_url_hosts": ["casino.example"]},
        "routing": {"accounts": [{"psp": "sandbox", "id": "primary"}]},
    }
    with pytest.raises(ValidationError, match="PAYSAGA_NOTICES_ENDPOINTS"):
        Settings.model_validate({"postgres": postgres, "notices": near, **explicit})

"""What the sandbox PSP's dialect promises, beyond what every plugin is certified for."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from pydantic import SecretStr, ValidationError
from standardwebhooks.webhooks import Webhook

from activities.psp.certification import Canned, Heard, Verdict
from activities.psp.contract import WebhookRefused, WebhookRequest
from activities.psp.plugins.sandbox.adapter import SandboxAdapter
from activities.psp.plugins.sandbox.certification.suite import SandboxCertification
from activities.psp.plugins.sandbox.settings import SandboxSettings
from activities.psp.plugins.sandbox.webhooks import Ear
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp import peer
from tests.activities.psp.orders import instructions, lookup_of
from workflows.domain.psp import Declined, MerchantAccount, NotFound, Operation

NOW = 1_800_000_000
CURRENT = "whsec_" + base64.b64encode(b"c" * 32).decode()
PREVIOUS = "whsec_" + base64.b64encode(b"p" * 32).decode()
ORDERS: Any = instructions(MerchantAccount("sandbox", "primary"))
WORDS = {"error": {"code": "some_word", "message": "and why"}}


def settings(url: str = "http://127.0.0.1:1", **more: Any) -> SandboxSettings:
    return SandboxSettings(
        url=url,
        key_primary=SecretStr("sk_primary"),
        key_secondary=SecretStr("sk_secondary"),
        webhook_secret=SecretStr(CURRENT),
        **more,
    )


@asynccontextmanager
async def adapter_hearing(canned: Callable[[Heard], Canned]) -> AsyncIterator[SandboxAdapter]:
    async with peer.listening(peer.says(canned)) as far:
        adapter = SandboxAdapter(settings(far.url))
        yield adapter
        await adapter.aclose()


async def captured(status: int, body: Any, **headers: str) -> Any:
    """What comes of a capture that is answered so."""
    canned = Canned(status, json.dumps(body).encode(), headers)
    async with adapter_hearing(lambda _: canned) as adapter:
        return await adapter.capture(ORDERS[Operation.CAPTURE])


def altered(**members: Any) -> Callable[[Heard], Canned]:
    """Approved, but for these members."""

    def answer(request: Heard) -> Canned:
        operation = json.loads(SandboxCertification().answer(request, Verdict.APPROVED).body)
        return Canned(200, json.dumps(operation | members).encode())

    return answer


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_psp_guarantees_that_it_did_nothing(status: int) -> None:
    with pytest.raises(NeverSent):
        await captured(status, WORDS, **{"retry-after": "1"})
    with pytest.raises(InDoubt):
        await captured(status, WORDS)


async def test_a_key_that_the_psp_does_not_know_sent_nothing() -> None:
    with pytest.raises(NeverSent):
        await captured(401, WORDS)


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_a_malformed_request_is_declined_for_certain(status: int) -> None:
    assert await captured(status, WORDS) == Declined("invalid_request", False, "some_word")
    with pytest.raises(InDoubt):
        await captured(status, {"detail": "Not Found"})


@pytest.mark.parametrize("status", [403, 409, 413, 500])
async def test_any_other_refusal_leaves_doubt(status: int) -> None:
    with pytest.raises(InDoubt):
        await captured(status, WORDS)


MISMATCHES: dict[str, Any] = {
    "reference": "in_other:capture",
    "merchant_account": "secondary",
    "currency": "USD",
    "operation": "refund",
    "authorization_id": "auth_other",
    "amount": 50.0,
    "id": "../payouts",
}


@pytest.mark.parametrize("member", MISMATCHES)
async def test_an_answer_that_disagrees_is_not_believed(member: str) -> None:
    async with adapter_hearing(altered(**{member: MISMATCHES[member]})) as adapter:
        with pytest.raises(InDoubt):
            await adapter.capture(ORDERS[Operation.CAPTURE])


async def test_a_refund_of_another_capture_is_not_believed() -> None:
    async with adapter_hearing(altered(capture_id="cap_other")) as adapter:
        with pytest.raises(InDoubt):
            await adapter.refund(ORDERS[Operation.REFUND])


@pytest.mark.parametrize("member", ["reference", "merchant_account", "operation", "id"])
async def test_a_lookup_that_disagrees_is_not_believed(member: str) -> None:
    lookup = lookup_of(ORDERS[Operation.CAPTURE], Operation.CAPTURE, "cap_certified")
    async with adapter_hearing(altered(**{member: "other"})) as adapter:
        with pytest.raises(InDoubt):
            await adapter.look_up(lookup)


async def test_only_the_psp_itself_can_say_that_it_knows_nothing() -> None:
    lookup = lookup_of(ORDERS[Operation.CAPTURE], Operation.CAPTURE)
    never = Canned(404, b'{"error": {"code": "not_found", "message": "no"}}')
    async with adapter_hearing(lambda _: never) as adapter:
        assert await adapter.look_up(lookup) == NotFound(safe_to_repeat=True)
    no_call = Canned(404, json.dumps(WORDS).encode())
    async with adapter_hearing(lambda _: no_call) as adapter:
        with pytest.raises(InDoubt):
            await adapter.look_up(lookup)


async def test_a_merchant_account_without_a_key_is_sent_nothing() -> None:
    adapter = SandboxAdapter(settings())
    (other,) = (instructions(MerchantAccount("sandbox", "third"))[Operation.CAPTURE],)
    with pytest.raises(NeverSent, match="no merchant account third"):
        await adapter.capture(other)  # type: ignore[arg-type]
    await adapter.aclose()


async def test_an_unmapped_decline_is_counted() -> None:
    with structlog.testing.capture_logs() as lines:
        async with adapter_hearing(altered(status="declined", decline={"code": "Z9"})) as adapter:
            declined = await adapter.capture(ORDERS[Operation.CAPTURE])
    assert declined == Declined("declined", False, "Z9")
    assert [line["event"] for line in lines] == ["psp_decline_unmapped"]


# --- webhooks ---------------------------------------------------------------------------------


def event(**more: Any) -> bytes:
    request = Heard("POST", "/v1/payouts", {}, b'{"reference": "po_1:payout", "amount": 5}')
    payout = json.loads(SandboxCertification().answer(request, Verdict.APPROVED).body)
    whole = {"id": "evt_1", "type": "payout.approved", "created_at": "2026-01-02T03:04:05Z"}
    return json.dumps({**whole, "data": payout, **more}).encode()


def signed(body: bytes, secret: str = CURRENT, event_id: str = "evt_1") -> dict[str, str]:
    """By the reference implementation: a second opinion."""
    at = datetime.fromtimestamp(NOW, UTC)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(NOW),
        "webhook-signature": Webhook(secret).sign(event_id, at, body.decode()),
    }


def heard(body: bytes, headers: dict[str, str], previous: str | None = None) -> list[Any]:
    kept = None if previous is None else SecretStr(previous)
    ear = Ear(settings(webhook_secret_previous=kept).webhook_keys)
    return list(ear.hear(WebhookRequest(headers, body, NOW)).events)


def rule_against(body: bytes, headers: dict[str, str], previous: str | None = None) -> str:
    with pytest.raises(WebhookRefused) as refused:
        heard(body, headers, previous)
    return refused.value.rule


def test_the_reference_implementation_signs_as_we_verify() -> None:
    (fact,) = heard(event(), signed(event()))
    assert (fact.event_id, fact.key, fact.operation) == ("evt_1", "po_1:payout", "payout")


def test_the_previous_secret_counts_while_it_is_rotated_and_not_after() -> None:
    assert heard(event(), signed(event(), PREVIOUS), previous=PREVIOUS)
    assert rule_against(event(), signed(event(), PREVIOUS)) == "signature"


def test_any_good_signature_of_several_counts() -> None:
    headers = signed(event())
    good = headers["webhook-signature"]
    assert heard(event(), {**headers, "webhook-signature": f"v1a,AAAA v1,AAAA {good}"})
    for bad in (f"v0,{good[3:]}", f"V1,{good[3:]}", good[3:], f"{good},", "v1," * 500, "\u00e9"):
        assert rule_against(event(), {**headers, "webhook-signature": bad}) == "signature", bad


def test_an_id_that_could_be_read_in_two_ways_is_refused() -> None:
    for odd in ("evt.1", "evt 1", "evt_1\n", "\u0665", "x" * 129):
        assert rule_against(event(), signed(event(), event_id=odd)) == "malformed_id"


def test_a_timestamp_that_is_no_plain_number_is_refused() -> None:
    for odd in ("1.8e9", "1800000000.5", "-1", " 1800000000", "\u0661", "9" * 20, "nan"):
        headers = {**signed(event()), "webhook-timestamp": odd}
        assert rule_against(event(), headers) == "malformed_timestamp"


def test_a_right_signature_under_nonsense_is_refused_as_nonsense() -> None:
    payout = json.loads(event())["data"]
    nonsense = {
        "malformed": [b"no json", b"[]", event(data={}), event(data={**payout, "currency": "ZZZ"})],
        "contradictory": [event(id="evt_2"), event(type="capture.approved")],
    }
    for rule, bodies in nonsense.items():
        for body in bodies:
            assert rule_against(body, signed(body)) == rule


def test_a_webhook_secret_must_be_one() -> None:
    for weak in ("hunter2", "whsec_AAAA", "whsec_!!", CURRENT.removeprefix("whsec_")):
        with pytest.raises(ValidationError, match="whsec_ and the base64") as raised:
            settings(webhook_secret_previous=SecretStr(weak))
        assert weak not in str(raised.value)

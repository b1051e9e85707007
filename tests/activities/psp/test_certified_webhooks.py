"""What is forged, stale, from the future or altered is refused, whoever the PSP is."""

from __future__ import annotations

import json

import pytest

from activities.psp.certification import RepeatsLate, Signed
from activities.psp.contract import HearsWebhooks, Plugin, WebhookRefused, WebhookRequest
from tests.activities.psp.certifying import catalog_of, certification_of, certifies

pytestmark = [
    pytest.mark.usefixtures("nothing_private_is_logged"),
    certifies(HearsWebhooks),
]

NOW = 1_800_000_000


def a_body(plugin: Plugin) -> bytes:
    """The first webhook among the examples that tells of money."""
    for path in sorted(certification_of(plugin).examples.glob("*.json")):
        example = json.loads(path.read_text())
        if "webhook" in example and example["becomes"]:
            return json.dumps(example["webhook"]).encode()
    raise AssertionError(f"{plugin.name} declares no webhook")


async def hear(plugin: Plugin, sent: Signed, received_at: float = NOW) -> int:
    request = WebhookRequest(sent.headers, sent.body, received_at)
    return len((await catalog_of(plugin).hear(plugin.name, request)).events)


async def refusal_of(plugin: Plugin, sent: Signed, received_at: float = NOW) -> int:
    with pytest.raises(WebhookRefused) as refused:
        await hear(plugin, sent, received_at)
    assert refused.value.rule
    return refused.value.status


async def test_a_webhook_rightly_signed_is_heard(plugin: Plugin) -> None:
    assert await hear(plugin, certification_of(plugin).sign(a_body(plugin), NOW))


async def test_a_forged_webhook_is_refused(plugin: Plugin) -> None:
    forged = certification_of(plugin).sign(a_body(plugin), NOW, stranger=True)
    assert await refusal_of(plugin, forged) == 401


async def test_an_altered_webhook_is_refused(plugin: Plugin) -> None:
    certification = certification_of(plugin)
    altered = certification.tampered(certification.sign(a_body(plugin), NOW))
    assert altered
    for sent in altered:
        assert await refusal_of(plugin, sent) == 401, sent.body


async def test_a_webhook_without_one_of_its_headers_is_refused(plugin: Plugin) -> None:
    sent = certification_of(plugin).sign(a_body(plugin), NOW)
    for name, value in sent.headers.items():
        rest = {other: told for other, told in sent.headers.items() if other != name}
        assert await refusal_of(plugin, Signed(rest, sent.body)) == 401, name
        for other in other_than(value):
            altered = Signed({**sent.headers, name: other}, sent.body)
            assert await refusal_of(plugin, altered) == 401, (name, other)


def other_than(value: str) -> list[str]:
    """Empty, cut, longer, and each character another one."""
    swapped = [
        value[:n] + ("A" if value[n] != "A" else "B") + value[n + 1 :] for n in range(len(value))
    ]
    others = ["", value[:-1], value + "x", value.swapcase(), *swapped]
    return [other for other in others if other != value]


@pytest.mark.parametrize("seconds", [301, 3600, 10**8])
async def test_a_stale_webhook_and_one_from_the_future_are_refused(
    plugin: Plugin, seconds: int
) -> None:
    certification = certification_of(plugin)
    sent = certification.sign(a_body(plugin), NOW)
    late = certification.repeats_for if isinstance(certification, RepeatsLate) else 0
    for received_at in (NOW + seconds, NOW - seconds):
        if certification.timestamped and not NOW <= received_at <= NOW + late:
            assert await refusal_of(plugin, sent, received_at) == 401
        else:
            # The inbox takes each event once: that is all there is against a replay, then.
            assert await hear(plugin, sent, received_at)


async def test_clocks_may_disagree_by_minutes(plugin: Plugin) -> None:
    sent = certification_of(plugin).sign(a_body(plugin), NOW)
    assert await hear(plugin, sent, NOW + 295)
    assert await hear(plugin, sent, NOW - 295)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}", b'"x"'])
async def test_what_nobody_signed_is_refused_whatever_it_is(plugin: Plugin, body: bytes) -> None:
    sent = certification_of(plugin).sign(a_body(plugin), NOW)
    assert await refusal_of(plugin, Signed(sent.headers, body)) == 401

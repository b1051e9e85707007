"""What is forged, stale, from the future or altered is refused, whoever the PSP is."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

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


def hear(plugin: Plugin, headers: Mapping[str, str], body: bytes, received_at: float = NOW) -> int:
    return len(catalog_of(plugin).hear(plugin.name, WebhookRequest(headers, body, received_at)))


def refusal_of(
    plugin: Plugin, headers: Mapping[str, str], body: bytes, received_at: float = NOW
) -> int:
    with pytest.raises(WebhookRefused) as refused:
        hear(plugin, headers, body, received_at)
    assert refused.value.rule
    return refused.value.status


def test_a_webhook_rightly_signed_is_heard(plugin: Plugin) -> None:
    body = a_body(plugin)
    assert hear(plugin, certification_of(plugin).sign(body, NOW), body)


def test_a_forged_webhook_is_refused(plugin: Plugin) -> None:
    body = a_body(plugin)
    assert refusal_of(plugin, certification_of(plugin).sign(body, NOW, stranger=True), body) == 401


def test_an_altered_body_is_refused(plugin: Plugin) -> None:
    body = a_body(plugin)
    headers = certification_of(plugin).sign(body, NOW)
    assert refusal_of(plugin, headers, body.replace(b"approved", b"declined")) == 401
    assert refusal_of(plugin, headers, json.dumps(json.loads(body), indent=1).encode()) == 401


def test_a_webhook_without_one_of_its_headers_is_refused(plugin: Plugin) -> None:
    body = a_body(plugin)
    headers = certification_of(plugin).sign(body, NOW)
    for name in headers:
        rest = {other: value for other, value in headers.items() if other != name}
        assert refusal_of(plugin, rest, body) == 401, name
        for other in other_than(headers[name]):
            assert refusal_of(plugin, {**headers, name: other}, body) == 401, (name, other)


def other_than(value: str) -> list[str]:
    """Empty, cut, longer, and each character another one."""
    swapped = [
        value[:n] + ("A" if value[n] != "A" else "B") + value[n + 1 :] for n in range(len(value))
    ]
    others = ["", value[:-1], value + "x", value.swapcase(), *swapped]
    return [other for other in others if other != value]


@pytest.mark.parametrize("seconds", [301, 3600, 10**8])
def test_a_stale_webhook_and_one_from_the_future_are_refused(plugin: Plugin, seconds: int) -> None:
    body = a_body(plugin)
    headers = certification_of(plugin).sign(body, NOW)
    assert refusal_of(plugin, headers, body, NOW + seconds) == 401
    assert refusal_of(plugin, headers, body, NOW - seconds) == 401


def test_clocks_may_disagree_by_minutes(plugin: Plugin) -> None:
    body = a_body(plugin)
    headers = certification_of(plugin).sign(body, NOW)
    assert hear(plugin, headers, body, NOW + 295)
    assert hear(plugin, headers, body, NOW - 295)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}", b'"x"'])
def test_what_nobody_signed_is_refused_whatever_it_is(plugin: Plugin, body: bytes) -> None:
    headers = certification_of(plugin).sign(a_body(plugin), NOW)
    assert refusal_of(plugin, headers, body) == 401

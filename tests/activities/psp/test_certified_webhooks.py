"""What is forged, stale, from the future or altered is refused, whoever the PSP is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from activities.psp.catalog import Catalog
from activities.psp.certification import Certification, RepeatsLate, Signed, SignsAPart
from activities.psp.contract import (
    Delivery,
    HearsWebhooks,
    Plugin,
    WebhookRefused,
    WebhookRequest,
)
from tests.activities.psp.certifying import catalog_of, certification_of, certifies
from workflows.domain.late_events import said_by

pytestmark = [
    pytest.mark.usefixtures("nothing_private_is_logged"),
    certifies(HearsWebhooks),
]

NOW = 1_800_000_000


def a_body(plugin: Plugin) -> bytes:
    """The first webhook among the examples that tells of money."""
    return bodies(plugin)[0]


def bodies(plugin: Plugin) -> list[bytes]:
    """Of the webhooks among the examples that tell of money."""
    paths = sorted(certification_of(plugin).examples.glob("*.json"))
    examples = [json.loads(path.read_text()) for path in paths]
    webhooks = [each["webhook"] for each in examples if "webhook" in each and each["becomes"]]
    assert webhooks, f"{plugin.name} declares no webhook"
    return [json.dumps(each).encode() for each in webhooks]


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
        rest = {other: text for other, text in sent.headers.items() if other != name}
        assert await refusal_of(plugin, Signed(rest, sent.body)) == 401, name
        for other in other_than(value):
            altered = Signed({**sent.headers, name: other}, sent.body)
            assert await refusal_of(plugin, altered) == 401, (name, other)


async def test_what_the_signature_does_not_cover_decides_nothing(plugin: Plugin) -> None:
    """Nor is it a part of what names the event: told in other words it is the same again. What no
    signature vouches for at all is hearsay, of a sending whose name is bound to one body."""
    certification, catalog = certification_of(plugin), catalog_of(plugin)
    for body in bodies(plugin):
        sent = certification.sign(body, NOW)
        genuine = await heard(catalog, plugin, sent)
        assert genuine is not None
        for each in otherwise(certification, sent):
            forged = await heard(catalog, plugin, each)
            if forged is None or says_no_more(forged, genuine):
                continue
            assert all(event.hearsay for event in forged.events), each.body
            assert forged.sent_as and forged.sent_as == genuine.sent_as, each.body
    await catalog.aclose()


async def heard(catalog: Catalog, plugin: Plugin, sent: Signed) -> Delivery | None:
    try:
        return await catalog.hear(plugin.name, WebhookRequest(sent.headers, sent.body, NOW))
    except WebhookRefused:
        return None


def says_no_more(forged: Delivery, genuine: Delivery) -> bool:
    """The same, or less where what could not be read was put aside and counted."""
    ours, theirs = deciding(forged), deciding(genuine)
    put_aside = len(forged.unknown) > len(genuine.unknown)
    return ours == theirs or (put_aside and all(each in theirs for each in ours))


def deciding(delivery: Delivery) -> list[tuple[object, ...]]:
    """All of an event but the words that come from what is not signed, and no other than words."""
    assert {name for event in delivery.events for name in event.unsigned} <= WORDS
    return [
        (
            event.event_id,
            (event.key, event.operation, event.amount, event.unasked, event.about, event.account),
            (event.occurred_at if "occurred_at" not in event.unsigned else "", event.hearsay),
            (event.reply.kind, said_by(event.reply), getattr(event.reply, "soft", None)),
            (getattr(event.reply, "psp_ref", None), getattr(event.reply, "amount", None)),
            (getattr(event.reply, "captured", None), getattr(event.reply, "redirect_url", None)),
        )
        for event in delivery.events
    ]


WORDS = {
    "operation",
    "occurred_at",
    "reply.reason",
    "reply.code",
    "reply.advice",
    "reply.authentication",
}
"""Of `operation` the run judges by what it knows; it is compared all the same."""


def otherwise(certification: Certification, sent: Signed) -> Iterator[Signed]:
    """Each member of the body another, one after the other, headers beside the signed ones, and
    what else the plugin knows that its PSP does not sign."""
    yield Signed({**sent.headers, "content-type": "application/vnd.api+json"}, sent.body)
    yield Signed({**sent.headers, "x-forwarded-for": "203.0.113.7", "user-agent": "x"}, sent.body)
    for document in with_one_other(json.loads(sent.body)):
        yield Signed(sent.headers, json.dumps(document).encode())
    if isinstance(certification, SignsAPart):
        yield from certification.unsigned(sent)


def with_one_other(value: Any) -> Iterator[Any]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from ({**value, name: other} for other in with_one_other(inner))
        case list():
            for n, inner in enumerate(value):
                yield from ([*value[:n], o, *value[n + 1 :]] for o in with_one_other(inner))
        case bool():
            yield not value
        case int():
            yield value + 1
        case str():
            yield value + "x"
            yield {"true": "false", "false": "true"}.get(value, "")


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

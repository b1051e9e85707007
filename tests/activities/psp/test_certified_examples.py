"""Every example that a plugin declares is what it sends, and is understood as it says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest

from activities.psp.certification import Canned, Heard, NamesItsAccounts, Verdict
from activities.psp.contract import HearsWebhooks, Plugin, WebhookRefused, WebhookRequest
from tests.activities.psp import peer
from tests.activities.psp.certifying import (
    asking,
    catalog_of,
    certification_of,
    certifies,
    every_question,
    exponents_of,
    questions,
)
from workflows.domain.identity import SALE
from workflows.domain.money import Money, exponent
from workflows.domain.psp import COMPLETE, Operation, VoidInstruction

pytestmark = pytest.mark.usefixtures("nothing_private_is_logged")

SENT_AT = 1_800_000_000


def examples_of(plugin: Plugin) -> dict[str, dict[str, Any]]:
    folder = certification_of(plugin).examples
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


@certifies()
async def test_every_exchange_is_sent_and_understood_as_declared(plugin: Plugin) -> None:
    for name, example in examples_of(plugin).items():
        if "call" in example:
            sent, outcome = await exchange(plugin, example)
            assert sent.method == example["request"]["method"], name
            assert differences(sent.headers, example["request"]["headers"]) == [], name
            assert body_of(sent, example["request"]["body"]) == example["request"]["body"], name
            assert differences(plain(outcome), example["becomes"]) == [], name


@certifies()
def test_examples_cover_every_operation_in_every_kind_of_currency(plugin: Plugin) -> None:
    calls = [example for example in examples_of(plugin).values() if "call" in example]
    for operation, instruction in questions(plugin).items():
        mine = [example for example in calls if example["call"] == operation]
        assert mine, f"no example of {operation}"
        if not isinstance(instruction, VoidInstruction):
            told_in = {exponent(example["currency"]) for example in mine}
            assert told_in >= exponents_of(plugin), operation


@certifies(HearsWebhooks)
async def test_every_webhook_is_heard_as_declared(plugin: Plugin) -> None:
    webhooks = {n: e for n, e in examples_of(plugin).items() if "webhook" in e}
    assert any(example["becomes"] for example in webhooks.values())
    for name, example in webhooks.items():
        body = json.dumps(example["webhook"]).encode()
        sent = certification_of(plugin).sign(body, SENT_AT)
        request = WebhookRequest(sent.headers, sent.body, SENT_AT)
        events = (await catalog_of(plugin).hear(plugin.name, request)).events
        assert all(event.psp == plugin.name for event in events), name
        assert len(events) == len(example["becomes"]), name
        for event, becomes in zip(events, example["becomes"], strict=True):
            assert differences(plain(event), becomes) == [], name


@certifies(HearsWebhooks)
def test_an_event_and_the_answer_about_the_same_thing_carry_the_same_id_of_the_psp(
    plugin: Plugin,
) -> None:
    """Else a webhook about what was answered would be a second thing done under one key."""
    examples = examples_of(plugin).values()
    examples_found = [
        event
        for example in examples
        for event in example.get("becomes", ())
        if "webhook" in example and not event.get("unasked")
    ]
    compared = 0
    for operation in (Operation.AUTHORIZE, Operation.CAPTURE, Operation.REFUND, Operation.PAYOUT):
        done = {ref_in(e["reply"]) for e in examples_found if e.get("operation") == operation}
        by_call = [e for e in examples if _STEPS.get(e.get("call", "")) == operation]
        answered = {ref_in(e["becomes"]) for e in by_call}
        if operation is not Operation.PAYOUT:
            # What is promised is a batch at some PSPs, and the payout one item of it.
            answered |= {e["becomes"].get("psp_ref") for e in by_call}
        if done - {None} and answered - {None}:
            compared += 1
            assert done & answered - {None}, (operation, done, answered)
    assert compared, "no example of a webhook about what is answered at once"


def ref_in(reply: Mapping[str, Any]) -> str | None:
    return reply.get("psp_ref") if reply.get("kind") == "approved" else None


_STEPS = {each: each for each in Operation} | {
    COMPLETE: Operation.AUTHORIZE,
    SALE: Operation.AUTHORIZE,
}


@certifies(HearsWebhooks, tells=NamesItsAccounts)
async def test_a_webhook_about_another_account_is_not_told_as_ours(plugin: Plugin) -> None:
    certification: Any = certification_of(plugin)
    webhooks = [
        e["webhook"] for e in examples_of(plugin).values() if "webhook" in e and e["becomes"]
    ]
    bodies = [
        certification.addressed_elsewhere(json.dumps(webhook).encode()) for webhook in webhooks
    ]
    assert any(bodies)
    for body in filter(None, bodies):
        sent = certification.sign(body, SENT_AT)
        request = WebhookRequest(sent.headers, sent.body, SENT_AT)
        try:
            events = (await catalog_of(plugin).hear(plugin.name, request)).events
        except WebhookRefused:
            continue
        ours = (None, certification.account.id)
        assert not [event for event in events if event.account in ours], body


async def exchange(plugin: Plugin, example: Mapping[str, Any]) -> tuple[Heard, Any]:
    operation = str(example["call"])
    amount = Money.parse(example["amount"], example["currency"])
    certification = certification_of(plugin)
    instruction = every_question(plugin, amount, example["psp_ref"])[operation]
    given = example["answer"]
    canned = Canned(given["status"], json.dumps(given["body"]).encode())
    path = example["request"]["path"]

    def answer(request: Heard) -> Canned:
        if request.path == path:
            return canned
        approved = Verdict.APPROVED
        return certification.before(request) or certification.answer(request, approved)

    async with peer.listening(peer.says(answer)) as far, asking(plugin, far.url) as ask:
        outcome = await ask(operation, instruction)
    (sent,) = (request for request in far.heard if request.path == path)
    return sent, outcome


def body_of(sent: Heard, declared: Any) -> Any:
    return sent.body.decode() if isinstance(declared, str) else json.loads(sent.body)


def plain(value: Any) -> Any:
    """As an example writes it: money as "50.00 EUR", a list as a list, the rest as members."""
    members = asdict(value).items()
    examples = {name: list(each) if isinstance(each, tuple) else each for name, each in members}
    examples["amount"] = str(value.amount) if hasattr(value, "amount") else None
    if "reply" in examples:
        examples["reply"] = plain(value.reply)
        examples["about"] = list(value.about)
    return examples


def differences(found: Mapping[str, Any], declared: Mapping[str, Any]) -> list[str]:
    """The members that are not as declared; what is not declared is not looked at."""
    wrong = []
    for name, value in declared.items():
        mine = found.get(name)
        if isinstance(value, dict) and isinstance(mine, dict):
            wrong += [f"{name}.{inner}" for inner in differences(mine, value)]
        elif name not in found or mine != value:
            wrong.append(f"{name}: {mine!r} instead of {value!r}")
    return wrong

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
    questions,
)
from workflows.domain.money import Money, exponent
from workflows.domain.psp import VoidInstruction

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
    told = [example for example in examples_of(plugin).values() if "call" in example]
    for operation, instruction in questions(plugin).items():
        mine = [example for example in told if example["call"] == operation]
        assert mine, f"no example of {operation}"
        if not isinstance(instruction, VoidInstruction):
            assert {exponent(example["currency"]) for example in mine} >= {0, 2, 3}, operation


@certifies(HearsWebhooks)
async def test_every_webhook_is_heard_as_declared(plugin: Plugin) -> None:
    told = {n: e for n, e in examples_of(plugin).items() if "webhook" in e}
    assert any(example["becomes"] for example in told.values())
    for name, example in told.items():
        body = json.dumps(example["webhook"]).encode()
        sent = certification_of(plugin).sign(body, SENT_AT)
        request = WebhookRequest(sent.headers, sent.body, SENT_AT)
        events = (await catalog_of(plugin).hear(plugin.name, request)).events
        assert all(event.psp == plugin.name for event in events), name
        assert len(events) == len(example["becomes"]), name
        for event, becomes in zip(events, example["becomes"], strict=True):
            assert differences(plain(event), becomes) == [], name


@certifies(HearsWebhooks, tells=NamesItsAccounts)
async def test_a_webhook_about_another_account_is_not_told_as_ours(plugin: Plugin) -> None:
    certification: Any = certification_of(plugin)
    told = [e["webhook"] for e in examples_of(plugin).values() if "webhook" in e and e["becomes"]]
    bodies = [certification.addressed_elsewhere(json.dumps(webhook).encode()) for webhook in told]
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
    said = example["answer"]
    canned = Canned(said["status"], json.dumps(said["body"]).encode())
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
    """As an example writes it: money as "50.00 EUR", the rest as members."""
    told = asdict(value)
    told["amount"] = str(value.amount) if hasattr(value, "amount") else None
    if "reply" in told:
        told["reply"] = plain(value.reply)
    return told


def differences(told: Mapping[str, Any], declared: Mapping[str, Any]) -> list[str]:
    """The members that are not as declared; what is not declared is not looked at."""
    wrong = []
    for name, value in declared.items():
        mine = told.get(name)
        if isinstance(value, dict) and isinstance(mine, dict):
            wrong += [f"{name}.{inner}" for inner in differences(mine, value)]
        elif name not in told or mine != value:
            wrong.append(f"{name}: {mine!r} instead of {value!r}")
    return wrong

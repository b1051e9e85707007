"""What nobody here asked for, as the sandbox PSP tells it: by our reference, or by its own ids."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from activities.psp.contract import Delivery, Takes, WebhookRequest
from activities.psp.plugins.sandbox.methods import METHODS
from activities.psp.plugins.sandbox.webhooks import Ear
from infra.local.psps.sandbox import cards
from tests.activities.psp.test_sandbox import NOW, settings, signed
from tests.infra.local.psps.sandbox.client import SandboxPsp, fresh, sandbox_psp, until
from workflows.domain.declines import DeclineReason
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, Operation

FIFTY = Money(5000, "EUR")
COMMANDS = {
    "refund": Operation.REFUND,
    "capture": Operation.CAPTURE,
    "void": Operation.VOID,
    "lapse": Operation.VOID,
    "chargeback": Operation.CHARGEBACK,
    "chargeback-reversed": Operation.CHARGEBACK_REVERSED,
}
OF_A_HOLD = {"capture", "void", "lapse"}


@pytest.fixture(scope="module")
async def psp(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxPsp]:
    async with sandbox_psp(tmp_path_factory.mktemp("of_others")) as running:
        yield running


def delivered(body: bytes) -> Delivery:
    event_id = json.loads(body)["id"]
    request = WebhookRequest(signed(body, event_id=event_id), body, NOW)
    return Ear(settings().webhook_keys).hear(request)


async def event_of(psp: SandboxPsp, done: dict[str, Any], kind: str) -> PspEvent:
    """What the plugin makes of the webhook about it."""

    def bodies() -> list[bytes]:
        heard = psp.receiver.heard
        return [e.body for e in heard if e.operation["id"] == done["id"] and e.type == kind]

    async def came() -> bool:
        return bool(bodies())

    await until(came)
    [event] = delivered(bodies()[-1]).events
    return event


async def held(psp: SandboxPsp) -> dict[str, Any]:
    return await psp.authorize(reference=f"{fresh('in')}:authorize:1")


async def order(psp: SandboxPsp, command: str, of: dict[str, Any], **more: Any) -> dict[str, Any]:
    return await psp.control("POST", f"sandbox/{command}", {"reference": of["reference"], **more})


async def done_by_hand(
    psp: SandboxPsp, command: str, *, named: bool
) -> tuple[dict[str, Any], dict[str, Any] | None, PspEvent]:
    """The hold, its capture, and the fact."""
    hold = await held(psp)
    capture = None if command in OF_A_HOLD else await psp.capture(hold, 5000)
    if command == "chargeback-reversed":
        await order(psp, "chargeback", hold)
    done = await order(psp, command, hold, named=named)
    event = await event_of(psp, done, f"{done['operation']}.approved")
    assert event.reply == Approved(done["id"], FIFTY)
    return hold, capture, event


@pytest.mark.parametrize("command", COMMANDS)
async def test_what_others_did_is_a_fact_about_our_authorization(
    psp: SandboxPsp, command: str
) -> None:
    hold, capture, event = await done_by_hand(psp, command, named=True)
    assert (event.unasked, event.operation, event.amount) == (True, COMMANDS[command], FIFTY)
    assert event.key == hold["reference"]
    assert event.about == ((capture["id"], hold["id"]) if capture else (hold["id"],))
    assert event.account == "primary"


@pytest.mark.parametrize("command", COMMANDS)
async def test_without_our_reference_the_ids_of_the_psp_tell_what_it_is_about(
    psp: SandboxPsp, command: str
) -> None:
    hold, _, event = await done_by_hand(psp, command, named=False)
    assert (event.unasked, event.key) == (True, "")
    assert hold["id"] in event.about


async def test_a_refund_by_hand_that_failed_names_itself_first(psp: SandboxPsp) -> None:
    hold = await held(psp)
    capture = await psp.capture(hold, 5000)
    made = await order(psp, "refund", hold, amount=2000)
    await order(psp, "refund-fails", hold)
    event = await event_of(psp, made, "refund.declined")
    assert event.about == (made["id"], capture["id"], hold["id"])
    assert event.reply == Declined(DeclineReason.RETURNED, soft=False, code="refund_failed")
    assert (event.unasked, event.amount) == (True, Money(2000, "EUR"))


async def test_what_we_asked_for_is_told_as_ours(psp: SandboxPsp) -> None:
    async with psp.behaving(webhooks="all"):
        hold = await held(psp)
        capture = await psp.capture(hold, 5000, reference=fresh("in") + ":capture")
    event = await event_of(psp, capture, "capture.approved")
    assert (event.unasked, event.key, event.about) == (False, capture["reference"], ())
    assert event.reply == Approved(capture["id"], FIFTY)


def unasked(**members: Any) -> bytes:
    refund = {
        "id": "ref_1",
        "operation": "refund",
        "status": "approved",
        "reference": "",
        "initiated_by": "dashboard",
        "payment_reference": "in_1:authorize:1",
        "merchant_account": "primary",
        "amount": 5000,
        "currency": "EUR",
        "authorization_id": "auth_1",
        "capture_id": "cap_1",
    } | members
    kind = f"{refund['operation']}.{refund['status']}"
    created = "2026-01-02T03:04:05Z"
    return json.dumps({"id": "evt_1", "type": kind, "created_at": created, "data": refund}).encode()


@pytest.mark.parametrize("by", ["issuer", "expiry", "a_word_of_next_year"])
def test_whoever_did_it_who_is_not_the_merchant_did_it_without_us(by: str) -> None:
    [event] = delivered(unasked(initiated_by=by)).events
    assert (event.unasked, event.key) == (True, "in_1:authorize:1")


@pytest.mark.parametrize("operation", ["chargeback", "chargeback_reversed"])
def test_a_chargeback_is_never_ours(operation: str) -> None:
    [event] = delivered(unasked(operation=operation, initiated_by="merchant")).events
    assert event.unasked


@pytest.mark.parametrize("reference", ["in_1", "in_1:capture", "re_1:refund", "an order of theirs"])
def test_a_reference_that_is_no_authorization_of_ours_is_no_key(reference: str) -> None:
    [event] = delivered(unasked(payment_reference=reference)).events
    assert (event.key, event.about) == ("", ("cap_1", "auth_1"))


@pytest.mark.parametrize("status", ["pending", "requires_action", "a_word_of_next_year"])
def test_what_is_not_decided_is_no_fact(status: str) -> None:
    delivery = delivered(unasked(status=status))
    assert (list(delivery.events), list(delivery.ignored)) == ([], [f"refund.{status}"])


@pytest.mark.parametrize("operation", ["capture", "void", "chargeback"])
def test_what_came_to_nothing_and_was_no_refund_is_no_fact(operation: str) -> None:
    no = {"operation": operation, "status": "declined", "decline": {"code": "51"}}
    assert list(delivered(unasked(**no)).events) == []


# --- methods ----------------------------------------------------------------------------------


def test_the_table_has_the_methods_that_the_psp_has() -> None:
    takes = {name: method.takes for name, method in METHODS.items() if method.takes}
    assert {name for name, how in takes.items() if how is Takes.HOLD} == cards.HOLDS
    assert {name for name, how in takes.items() if how is Takes.SALE} == cards.SALES
    assert {name for name, method in METHODS.items() if method.pays_out} == cards.PAYS_OUT


async def test_a_sale_is_told_as_taken_by_the_same_id_as_it_was_answered(psp: SandboxPsp) -> None:
    async with psp.behaving(webhooks="all"):
        sale = await psp.authorize(method="ideal", reference=f"{fresh('in')}:authorize:1")
    event = await event_of(psp, sale, "authorization.approved")
    assert isinstance(event.reply, Approved)
    assert (event.reply.psp_ref, event.reply.captured) == (sale["id"], True)

"""What is done at the sandbox PSP without the API: by hand, by the payer's bank, by time; twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.infra.local.psps.sandbox.client import (
    SandboxPsp,
    authorization,
    fresh,
    sandbox_psp,
    until,
)


@pytest.fixture(scope="module")
async def psp(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxPsp]:
    async with sandbox_psp(tmp_path_factory.mktemp("by_hand")) as running:
        yield running


async def order(psp: SandboxPsp, command: str, of: dict[str, Any], **more: Any) -> dict[str, Any]:
    return await psp.control("POST", f"sandbox/{command}", {"reference": of["reference"], **more})


async def refused(psp: SandboxPsp, command: str, of: dict[str, Any], **more: Any) -> int:
    body = {"reference": of["reference"], **more}
    return (await psp.http.post(f"/_control/sandbox/{command}", json=body)).status_code


async def webhook(psp: SandboxPsp, done: dict[str, Any], kind: str) -> dict[str, Any]:
    """The webhook about it."""

    async def came() -> bool:
        return any(e.operation["id"] == done["id"] and e.type == kind for e in psp.receiver.heard)

    await until(came)
    return next(
        e.operation
        for e in psp.receiver.heard
        if e.operation["id"] == done["id"] and e.type == kind
    )


async def captured(psp: SandboxPsp, amount: int = 5000) -> dict[str, Any]:
    held = await psp.authorize(amount=amount, reference=fresh("in"))
    await psp.capture(held, amount)
    return held


async def written(psp: SandboxPsp, of: dict[str, Any]) -> list[tuple[str, int]]:
    return [(e["operation"], e["amount"]) for e in await psp.journal(of["reference"])]


async def test_a_refund_by_hand_takes_what_was_captured_and_says_who_made_it(
    psp: SandboxPsp,
) -> None:
    held = await captured(psp)
    first = await order(psp, "refund", held, amount=2000)
    event = await webhook(psp, first, "refund.approved")
    assert (event["reference"], event["initiated_by"], event["amount"]) == ("", "dashboard", 2000)
    assert (event["payment_reference"], event["authorization_id"]) == (
        held["reference"],
        held["id"],
    )
    assert await refused(psp, "refund", held, amount=3001) == 409
    assert (await order(psp, "refund", held))["amount"] == 3000
    assert (await written(psp, held))[1:] == [("refund", 2000), ("refund", 3000)]


async def test_the_merchant_cannot_refund_what_was_refunded_by_hand(psp: SandboxPsp) -> None:
    held = await psp.authorize()
    capture = await psp.capture(held, 5000)
    await order(psp, "refund", held, amount=2000)
    assert (await psp.refund(capture, 3001))["status"] == "declined"
    assert (await psp.refund(capture, 3000))["status"] == "approved"


async def test_a_refund_by_hand_that_fails_is_told_under_its_own_id_and_may_be_made_again(
    psp: SandboxPsp,
) -> None:
    held = await captured(psp)
    assert await refused(psp, "refund-fails", held) == 409
    made = await order(psp, "refund", held)
    failed = await order(psp, "refund-fails", held)
    assert failed["id"] == made["id"]
    event = await webhook(psp, failed, "refund.declined")
    assert event["decline"]["code"] == "refund_failed"
    assert await refused(psp, "refund-fails", held) == 409
    assert (await order(psp, "refund", held))["amount"] == 5000
    assert (await written(psp, held))[1:] == [
        ("refund", 5000),
        ("refund_failed", 5000),
        ("refund", 5000),
    ]


async def test_a_chargeback_takes_the_money_until_it_is_reversed(psp: SandboxPsp) -> None:
    held = await captured(psp)
    assert await refused(psp, "chargeback-reversed", held) == 409
    lost = await order(psp, "chargeback", held, amount=4000)
    assert (await webhook(psp, lost, "chargeback.approved"))["initiated_by"] == "issuer"
    assert await refused(psp, "refund", held, amount=1001) == 409
    won = await order(psp, "chargeback-reversed", held)
    assert (await webhook(psp, won, "chargeback_reversed.approved"))["amount"] == 4000
    assert (await order(psp, "refund", held))["amount"] == 5000


@pytest.mark.parametrize(("command", "by"), [("void", "dashboard"), ("lapse", "expiry")])
async def test_a_hold_that_is_let_go_of_cannot_be_captured_any_more(
    psp: SandboxPsp, command: str, by: str
) -> None:
    held = await psp.authorize()
    gone = await order(psp, command, held)
    event = await webhook(psp, gone, "void.approved")
    assert (event["initiated_by"], event["amount"]) == (by, 5000)
    assert (await psp.capture(held, 5000))["status"] == "declined"
    assert await refused(psp, command, held) == 409


async def test_a_capture_by_hand_leaves_the_rest_of_the_hold(psp: SandboxPsp) -> None:
    held = await psp.authorize()
    taken = await order(psp, "capture", held, amount=2000)
    assert (await webhook(psp, taken, "capture.approved"))["initiated_by"] == "dashboard"
    assert (await psp.capture(held, 3001))["status"] == "declined"
    assert (await psp.capture(held, 3000))["status"] == "approved"


async def test_it_can_be_told_without_the_merchant_s_reference(psp: SandboxPsp) -> None:
    held = await captured(psp)
    event = await webhook(psp, await order(psp, "refund", held, named=False), "refund.approved")
    assert event["payment_reference"] is None
    assert event["authorization_id"] == held["id"]


async def test_a_capture_that_is_done_twice_has_a_second_hold_behind_it(psp: SandboxPsp) -> None:
    held = await psp.authorize()
    reference = fresh("cap")
    first = await psp.capture(held, 5000, reference=reference)
    second = await order(psp, "twice", first)
    assert (second["id"] != first["id"], second["reference"]) == (True, reference)
    await webhook(psp, second, "capture.approved")
    assert [e["operation"] for e in await psp.journal(held["reference"])] == ["authorization"] * 2
    assert [e["operation"] for e in await psp.journal(reference)] == ["capture"] * 2


async def test_a_hold_that_is_done_twice_can_be_voided_by_its_own_id(psp: SandboxPsp) -> None:
    held = await psp.authorize()
    second = await order(psp, "twice", held)
    await webhook(psp, second, "authorization.approved")
    assert (await psp.void(second))["amount"] == 5000
    assert (await psp.capture(held, 5000))["status"] == "approved"


async def test_what_there_is_not_cannot_be_done_by_hand(psp: SandboxPsp) -> None:
    held = await psp.authorize()
    assert await refused(psp, "refund", held) == 409
    assert await refused(psp, "chargeback", held) == 409
    assert await refused(psp, "void", {"reference": "in_nobody"}) == 404
    assert await refused(psp, "refund", held, amount=0) == 422
    assert [e["operation"] for e in await psp.journal(held["reference"])] == ["authorization"]


async def test_a_payout_that_was_declined_is_paid_after_all_and_told_by_its_name(
    psp: SandboxPsp,
) -> None:
    reference = fresh("po")
    asked = {"amount": 5000, "currency": "EUR", "player_id": "p", "method": "bank"}
    paid = await psp.do("/payouts", reference=reference, **asked, destination="dst_none")
    assert paid["status"] == "declined"
    after_all = await order(psp, "after-all", paid)
    assert (after_all["id"], after_all["status"]) == (paid["id"], "approved")
    assert (await webhook(psp, paid, "payout.approved"))["reference"] == reference
    assert [e["outcome"] for e in await psp.journal(reference)] == ["declined", "approved"]
    assert await refused(psp, "after-all", paid) == 409


# --- methods ----------------------------------------------------------------------------------


async def test_a_sale_is_taken_at_once_and_refunded_under_its_own_id(psp: SandboxPsp) -> None:
    sale = await psp.authorize(method="ideal", reference=fresh("in"))
    assert (sale["status"], sale["captured"]) == ("approved", True)
    assert (await psp.capture(sale, 5000))["status"] == "declined"
    assert (await psp.void(sale))["status"] == "declined"
    assert (await psp.refund(sale, 2000))["capture_id"] == sale["id"]
    assert (await order(psp, "refund", sale))["amount"] == 3000
    assert await written(psp, sale) == [
        ("authorization", 5000),
        ("capture", 5000),
        ("refund", 3000),
    ]


async def test_a_sale_on_the_page_is_taken_when_the_player_has_paid(psp: SandboxPsp) -> None:
    asked = await psp.authorize(None, method="ideal")
    assert (asked["status"], asked["captured"]) == ("requires_action", False)
    await psp.http.post(f"/pay/{asked['id']}", data={"action": "approve", "card": "ok"})
    event = await webhook(psp, asked, "authorization.approved")
    assert event["captured"] is True


async def test_a_card_is_held_and_not_taken(psp: SandboxPsp) -> None:
    assert (await psp.authorize())["captured"] is False


@pytest.mark.parametrize("method", ["sofort", "bank"])
async def test_a_method_that_it_does_not_have_takes_nothing(psp: SandboxPsp, method: str) -> None:
    done = await psp.authorize(method=method)
    assert done["decline"]["code"] == "method_not_supported"


async def test_a_method_that_pays_nobody_out_pays_nothing(psp: SandboxPsp) -> None:
    asked = authorization()
    body = {name: asked[name] for name in ("reference", "amount", "currency", "player_id")}
    paid = await psp.do("/payouts", **body, method="ideal", destination="dst_ok")
    assert paid["decline"]["code"] == "method_not_supported"

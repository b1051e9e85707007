"""What a PSP did a second time, or after all: a person is told, and the books can agree again."""

from __future__ import annotations

from dataclasses import replace

from tests.workflows.asking import accepted, capture, refusal_of
from tests.workflows.fake_books import case_id_of
from tests.workflows.orders import FIFTY, payout
from tests.workflows.resolving import propose
from tests.workflows.test_unasked import captured, kinds, last, tell, waiting
from tests.workflows.world import HARD, World
from workflows.domain.cases import Action
from workflows.domain.declines import DeclineReason
from workflows.domain.escalations import CaseKind
from workflows.domain.orders import PaymentOrder, id_of
from workflows.domain.psp import Approved, Declined, MerchantAccount, Operation

RETURNED = Declined(DeclineReason.RETURNED, soft=False, code="AC04")


async def test_a_second_capture_under_our_key_is_a_case_whose_refund_names_the_second(
    world: World,
) -> None:
    payment_id = await captured(world)
    key = f"{payment_id}:capture"
    await tell(world, world.event(key, Operation.CAPTURE, Approved("psp-2", FIFTY)))
    [case] = world.books.cases.values()
    assert (case.kind, case.facts["our_psp_ref"]) == (CaseKind.DOUBLE, "psp-1")
    _, resolved = await propose(world, case, Action.REFUND)
    assert resolved.status == "CASE_RESOLVED"
    assert world.psp.done[-1] == "case-refund"
    assert getattr(world.psp.asked[-1], "psp_ref", None) == "psp-2"
    assert world.wallet.commands == ["credit"]


async def test_a_second_hold_under_our_key_is_voided_and_told(world: World) -> None:
    payment_id = await captured(world)
    key = f"{payment_id}:authorize:1"
    second = world.event(key, Operation.AUTHORIZE, Approved("psp-2", FIFTY))
    await tell(world, second, replace(second, event_id="again"))
    assert set(kinds(world)) == {CaseKind.DOUBLE}
    assert world.psp.done == ["authorize:1", "capture", "void:1"]
    assert getattr(world.psp.asked[-1], "psp_ref", None) == "psp-2"
    assert last(world).status == "CAPTURED"


async def test_a_second_hold_that_comes_while_the_run_waits_is_voided_and_told(
    world: World,
) -> None:
    order, handle = await waiting(world)
    key = f"{order.intent_id}:authorize:1"
    second = world.event(key, Operation.AUTHORIZE, Approved("psp-2", FIFTY))
    await handle.signal("psp_event", second)
    await capture(handle)
    await handle.result()
    assert kinds(world) == [CaseKind.DOUBLE]
    assert sorted(world.psp.done) == ["authorize:1", "capture", "void:1"]
    assert world.wallet.amounts == {"credit": FIFTY}


# --- paid after all ---------------------------------------------------------------------------


async def over(world: World, order: PaymentOrder) -> str:
    handle = await world.start(order)
    await accepted(handle)
    await handle.result()
    return id_of(order)


async def test_a_payout_that_is_settled_returned_and_settled_again_is_clawed_back(
    world: World,
) -> None:
    payout_id = await over(world, payout())
    key = f"{payout_id}:payout:1"
    back = world.event(key, Operation.PAYOUT, RETURNED)
    again = world.event(key, Operation.PAYOUT, Approved("psp-1", FIFTY))
    await tell(
        world,
        replace(back, occurred_at="2026-11-03T10:00:00Z"),
        replace(again, occurred_at="2026-11-02T10:00:00Z"),
    )
    assert kinds(world) == [], "what was said before it came back is old"
    await tell(world, replace(again, event_id="b", occurred_at="2026-11-04T10:00:00Z"))
    [case] = world.books.cases.values()
    account = MerchantAccount(world.name, "first")
    assert case.facts["account"] == account.id
    _, resolved = await propose(world, case, Action.CLAW_BACK)
    assert resolved.status == "CASE_RESOLVED"
    assert world.wallet.commands == ["hold", "capture_hold", "credit", "claw_back"]
    assert (last(world).status, last(world).facts.account) == ("PAYOUT_SETTLED", account)
    assert (case_id_of(case.key), "resolved") in world.books.noted


async def test_a_payout_that_was_paid_after_it_failed_is_clawed_back_once(world: World) -> None:
    world.psp.will_answer(Operation.PAYOUT, HARD)
    payout_id = await over(world, payout())
    paid = world.event(f"{payout_id}:payout:1", Operation.PAYOUT, Approved("psp-1", FIFTY))
    await tell(world, paid, replace(paid, event_id="again"))
    first, second = world.books.cases.values()
    _, resolved = await propose(world, first, Action.CLAW_BACK)
    assert resolved.status == "CASE_RESOLVED"
    refused = await refusal_of(propose(world, second, Action.CLAW_BACK))
    assert refused.type == "IllegalState"
    assert world.wallet.commands == ["hold", "release", "claw_back"]
    assert last(world).status == "PAYOUT_SETTLED"

"""A payout that came back is given back once for each fact that tells it, whatever follows."""

from __future__ import annotations

from dataclasses import replace

from workflows.domain.events import PspEvent
from workflows.domain.identity import Kind
from workflows.domain.late_events import Means, decide
from workflows.domain.money import Money
from workflows.domain.payments import Attempt, Facts
from workflows.domain.psp import Declined, MerchantAccount, Operation
from workflows.domain.records import Recalled
from workflows.domain.wallet import Player

AT, FIFTY = MerchantAccount("adyen", "eu"), Money(5000, "EUR")
RETURNED = PspEvent(
    psp="adyen",
    event_id="evt-1",
    key="po_1:payout:1",
    operation=Operation.PAYOUT,
    reply=Declined("returned", soft=False, code="R03"),
    amount=FIFTY,
)
SETTLED = Recalled(
    payment_id="po_1",
    kind=Kind.PAYOUT,
    player=Player("acme", "ann"),
    amount=FIFTY,
    status="PAYOUT_SETTLED",
    version=7,
    final=True,
    facts=Facts(attempts=(Attempt("po_1:payout:1", AT, "approved", psp_ref="psp-1"),)),
    trace_id="trace-1",
)


def test_a_return_is_given_back_and_its_replay_after_a_claw_back_is_not() -> None:
    assert decide(RETURNED, SETTLED).means is Means.GIVE_BACK
    again = replace(SETTLED, facts=replace(SETTLED.facts, returned_by=(RETURNED.name,)))
    assert decide(RETURNED, again).means is Means.NOTHING
    assert decide(replace(RETURNED, event_id="evt-2"), again).means is Means.GIVE_BACK

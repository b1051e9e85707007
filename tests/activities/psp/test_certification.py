"""Every plugin that is found is judged alike; nothing here names one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from activities.psp.certification import Verdict
from activities.psp.contract import (
    Authorizes,
    Captures,
    HearsWebhooks,
    Plugin,
    Refunds,
    Resolves,
    Sells,
    Voids,
)
from tests.activities.psp import peer
from tests.activities.psp.certifying import (
    NOWHERE,
    answering,
    asking,
    certification_of,
    certifies,
    every_question,
    outcomes,
    questions,
    verdicts,
    with_preliminaries,
)
from tests.activities.psp.orders import lookup_of
from workflows.domain.identity import SALE
from workflows.domain.money import Money
from workflows.domain.psp import (
    COMPLETE,
    Approved,
    Declined,
    Instruction,
    NoStatus,
    NotFound,
    NotSent,
    Operation,
    Pending,
    Unknown,
    VoidInstruction,
)

pytestmark = pytest.mark.usefixtures("nothing_private_is_logged")

HALF = Money(2500, "EUR")
"""What is told of the AMOUNT that was asked."""


@certifies()
def test_its_capabilities_fit_together(plugin: Plugin) -> None:
    certification = certification_of(plugin)
    adapter = certification.connect(NOWHERE)
    assert certification.account.psp == plugin.name
    assert questions(plugin), "it can do nothing"
    assert isinstance(adapter, Resolves | HearsWebhooks), "no doubt could ever end"
    if isinstance(adapter, Captures):
        assert isinstance(adapter, Authorizes)
        assert isinstance(adapter, Voids), "what is not captured could not be released"
    if isinstance(adapter, Sells):
        assert isinstance(adapter, Authorizes), "while captures are stopped it could not be held"
        assert isinstance(adapter, Voids), "what is sold too late could not be given back"
        assert isinstance(adapter, Refunds), "what was sold could not be refunded"
    if isinstance(adapter, Refunds):
        assert isinstance(adapter, Captures)


@certifies()
async def test_an_unheard_of_status_is_pending(plugin: Plugin) -> None:
    for operation, outcome in (await verdicts(plugin, Verdict.UNHEARD_OF)).items():
        assert isinstance(outcome, Pending), operation


@certifies()
async def test_a_promise_is_pending(plugin: Plugin) -> None:
    for operation, outcome in (await verdicts(plugin, Verdict.PENDING)).items():
        assert isinstance(outcome, Pending), operation


@certifies()
async def test_a_decline_is_certain_and_keeps_its_code(plugin: Plugin) -> None:
    for operation, outcome in (await verdicts(plugin, Verdict.DECLINED)).items():
        assert isinstance(outcome, Declined), operation
        assert outcome.code
        assert outcome.reason != "declined"


@certifies()
async def test_an_unmapped_decline_never_cascades(plugin: Plugin) -> None:
    for operation, outcome in (await verdicts(plugin, Verdict.DECLINED_UNMAPPED)).items():
        assert isinstance(outcome, Declined), operation
        assert (outcome.reason, outcome.soft) == ("declined", False)


@certifies()
async def test_an_answer_about_another_payment_is_not_believed(plugin: Plugin) -> None:
    answers = await verdicts(plugin, Verdict.MISMATCHED)
    # What a browser brought back may be of another payment: ours is then pending as before.
    if isinstance(answers.get(COMPLETE), Pending):
        del answers[COMPLETE]
    assert all(isinstance(outcome, Unknown) for outcome in answers.values()), answers


@certifies()
async def test_an_approval_is_of_the_amount_that_the_psp_tells(plugin: Plugin) -> None:
    for operation, outcome in (await verdicts(plugin, Verdict.OTHER_AMOUNT)).items():
        if not isinstance(outcome, Unknown):
            assert isinstance(outcome, Approved), operation
            assert outcome.amount == HALF, operation


@certifies()
async def test_an_answer_in_another_currency_is_not_believed(plugin: Plugin) -> None:
    answers = await verdicts(plugin, Verdict.OTHER_CURRENCY)
    assert all(isinstance(outcome, Unknown) for outcome in answers.values()), answers


@certifies()
async def test_a_psp_that_is_too_busy_has_decided_nothing(plugin: Plugin) -> None:
    answers = await verdicts(plugin, Verdict.BUSY)
    assert answers, "every PSP can be too busy"
    assert all(isinstance(outcome, NotSent | Unknown) for outcome in answers.values()), answers


@certifies()
async def test_a_psp_that_refuses_connections_was_sent_nothing(plugin: Plugin) -> None:
    async with asking(plugin, peer.refusing_url()) as ask:
        for operation, instruction in questions(plugin).items():
            assert isinstance(await ask(operation, instruction), NotSent), operation


FAULTS: dict[str, peer.Behaviour] = {
    "lost": peer.loses_the_answer,
    "reset": peer.resets,
    "garbage": peer.sends(peer.response(200, b'{"id": ')),
    "html": peer.sends(peer.response(200, b"<html>", {"content-type": "text/html"})),
    "empty": peer.sends(peer.response(200, b"{}")),
    "204": peer.sends(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"),
    "truncated": peer.sends(peer.response(200, b'{"id": "x"}', length=500)),
    "oversized": peer.sends(peer.response(200, b" " * 1_100_000)),
    "500": peer.sends(peer.response(500, b"{}")),
    "502": peer.sends(peer.response(502, b"<html>bad gateway")),
    "503 of a gateway": peer.sends(peer.response(503, b"<html>unavailable")),
    "404 of a gateway": peer.sends(peer.response(404, b"<html>no such page")),
    "redirect": peer.sends(peer.response(307, b"", {"location": "/elsewhere"})),
}


@certifies()
@pytest.mark.parametrize("fault", FAULTS)
async def test_an_answer_that_cannot_be_believed_leaves_doubt(plugin: Plugin, fault: str) -> None:
    answers = await outcomes(plugin, FAULTS[fault])
    assert all(isinstance(outcome, Unknown) for outcome in answers.values()), answers


@certifies(Sells)
async def test_a_sale_takes_the_money_and_a_hold_does_not(plugin: Plugin) -> None:
    answers = await verdicts(plugin, Verdict.APPROVED)
    for operation, taken in {Operation.AUTHORIZE: False, SALE: True}.items():
        outcome = answers.get(operation, Pending(""))
        assert isinstance(outcome, Pending) or outcome.captured is taken, (operation, outcome)


@certifies(Sells)
async def test_what_a_sale_took_can_be_given_back(plugin: Plugin) -> None:
    """Once, under the key of that instruction: no hold is released by it."""
    asked = every_question(plugin, psp_ref="ref_sold")[Operation.VOID]
    assert isinstance(asked, VoidInstruction)
    given = replace(asked, authorize_key="in_cert:sale:1", sale=True)
    certification = certification_of(plugin)
    async with (
        peer.listening(answering(plugin, Verdict.APPROVED)) as far,
        asking(plugin, far.url) as ask,
    ):
        outcome = await ask(Operation.VOID, given)
        writes = [r for r in far.heard if r.method != "GET" and not certification.before(r)]
        assert isinstance(outcome, Approved | Pending), outcome
        keys = [certification.idempotency_key(write) for write in writes]
        assert [key and key.startswith(given.key) for key in keys] == [True], keys


@certifies(Resolves)
async def test_a_lookup_finds_what_was_done(plugin: Plugin) -> None:
    for verdict, kind in {
        Verdict.APPROVED: Approved,
        Verdict.DECLINED: Declined,
        Verdict.PENDING: Pending,
        Verdict.UNHEARD_OF: Pending,
        Verdict.MISMATCHED: Unknown,
        Verdict.OTHER_CURRENCY: Unknown,
        Verdict.BUSY: Unknown,
        Verdict.NOT_FOUND: NotFound,
    }.items():
        async with (
            peer.listening(answering(plugin, verdict)) as far,
            asking(plugin, far.url) as ask,
        ):
            for operation, instruction in looked_up(plugin).items():
                finding = await ask(operation, lookup_of(instruction, operation))
                if isinstance(finding, NoStatus):
                    finding = await ask(operation, lookup_of(instruction, operation, "ref_1"))
                assert isinstance(finding, kind | NoStatus), (verdict, operation, finding)


@certifies(Resolves)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_lookup_that_fails_found_nothing_out(plugin: Plugin, fault: str) -> None:
    behaviour = with_preliminaries(plugin, FAULTS[fault])
    async with peer.listening(behaviour) as far, asking(plugin, far.url) as ask:
        for operation, instruction in looked_up(plugin).items():
            for psp_ref in (None, "ref_1"):
                finding = await ask(operation, lookup_of(instruction, operation, psp_ref))
                assert isinstance(finding, Unknown | NoStatus), operation


def looked_up(plugin: Plugin) -> dict[str, Instruction]:
    """A completion is looked up as the authorization that it belongs to."""
    return {o: i for o, i in questions(plugin).items() if o is not COMPLETE}

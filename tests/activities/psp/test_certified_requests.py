"""What a plugin sends: under which key, with which reference, and how much of which currency."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import pytest

from activities.psp.certification import Counted, CountsInItsWay, Heard, Verdict
from activities.psp.contract import ListsMethods, Method, Plugin
from tests.activities.psp import peer
from tests.activities.psp.certifying import (
    NOWHERE,
    answering,
    asking,
    certification_of,
    certifies,
    questions,
    said_at_once,
)
from tests.activities.psp.orders import AMOUNT
from workflows.domain.declines import DeclineReason
from workflows.domain.identity import SALE
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, Instruction, NotSent, Operation, Pending

pytestmark = pytest.mark.usefixtures("nothing_private_is_logged")

AMOUNTS = [Money(1, "JPY"), Money(5000, "JPY"), Money(5001, "EUR"), Money(1, "KWD")]
BEGINS = (Operation.AUTHORIZE, SALE, Operation.REFUND, Operation.PAYOUT)
"""What makes a thing of its own at the PSP, that is found again by our reference alone."""
ELSEWHERE = {"ISK", "KWD", "UYU"}
"""Currencies in use that few methods take."""
SAYS_HOW_MUCH = (*BEGINS, Operation.CAPTURE)


async def sent(plugin: Plugin, amount: Money = AMOUNT) -> dict[str, tuple[Any, list[Heard]]]:
    """What came of every instruction, and the writes that it took: what moves no money is left
    out."""
    certification = certification_of(plugin)
    done = {}
    async with (
        peer.listening(answering(plugin, Verdict.APPROVED)) as far,
        asking(plugin, far.url) as ask,
    ):
        for operation, instruction in questions(plugin, amount).items():
            far.heard.clear()
            outcome = await ask(operation, instruction)
            writes = [r for r in far.heard if r.method != "GET" and not certification.before(r)]
            done[operation] = (outcome, writes)
    return done


@certifies()
async def test_every_instruction_carries_its_key_and_trace(plugin: Plugin) -> None:
    done = await sent(plugin)
    for operation, instruction in questions(plugin).items():
        outcome, writes = done[operation]
        assert isinstance(outcome, Approved | Pending), operation
        assert any(carries(write, instruction.key) for write in writes), operation
        for write in writes:
            trace = instruction.trace_id
            assert trace in write.headers.values() or trace.encode() in write.body, operation


@certifies()
async def test_every_write_is_done_once_under_the_key_of_its_instruction(plugin: Plugin) -> None:
    """Of several steps one is under the key itself; those of the others are made of it."""
    certification, done = certification_of(plugin), await sent(plugin)
    for operation, instruction in questions(plugin).items():
        keys = [certification.idempotency_key(write) for write in done[operation][1]]
        assert instruction.key in keys, (operation, keys)
        assert all(key and key.startswith(instruction.key) for key in keys), (operation, keys)
        assert len(set(keys)) == len(keys), "two steps under one key"


@certifies()
async def test_what_is_begun_carries_our_reference(plugin: Plugin) -> None:
    """Beside a header, that is: webhooks and lookups come back by what the PSP keeps."""
    done, asked = await sent(plugin), questions(plugin)
    for operation in asked.keys() & set(BEGINS):
        key, writes = asked[operation].key, done[operation][1]
        assert any(key in unquote_plus(write.path) or key in body(write) for write in writes), (
            operation
        )


@certifies()
@pytest.mark.parametrize("amount", AMOUNTS, ids=str)
async def test_amounts_are_exact_in_every_currency_or_refused_before_anything_is_sent(
    plugin: Plugin, amount: Money
) -> None:
    moved = set(said_at_once(plugin, Verdict.APPROVED)) - {Operation.VOID}
    everything = await sent(plugin, amount)
    begun, written = everything.get(Operation.AUTHORIZE, (None, []))
    if isinstance(begun, Declined) and not written:
        # Its table knows that the PSP does not take it: what is never begun is never gone on with.
        return
    for operation, (outcome, writes) in everything.items():
        if isinstance(outcome, NotSent) or not writes:
            assert isinstance(outcome, NotSent | Declined) and not writes, operation
        elif operation in moved:
            assert outcome.amount == amount, operation


@certifies(tells=CountsInItsWay)
async def test_currencies_are_written_in_the_units_of_the_psp(plugin: Plugin) -> None:
    certification: Any = certification_of(plugin)
    cases: Sequence[Counted] = certification.counted
    assert cases
    for case in cases:
        done = await sent(plugin, case.amount)
        for operation in done.keys() & set(SAYS_HOW_MUCH):
            outcome, writes = done[operation]
            if case.written is None:
                assert isinstance(outcome, NotSent | Declined) and not writes, (case, operation)
                continue
            written = (type(case.written), case.written)
            assert any(written in values(write) for write in writes), (case, operation)
            if isinstance(outcome, Approved):
                assert outcome.amount == case.amount, (case, operation)


@certifies(ListsMethods)
async def test_what_its_method_table_does_not_know_is_refused_before_anything_is_sent(
    plugin: Plugin,
) -> None:
    async with (
        peer.listening(answering(plugin, Verdict.APPROVED)) as far,
        asking(plugin, far.url) as ask,
    ):
        for reason, operation, instruction in unknown_to_the_table(plugin):
            outcome = await ask(operation, instruction)
            assert outcome == Declined(reason, soft=True, code=reason), instruction
    assert not far.heard


def unknown_to_the_table(plugin: Plugin) -> Iterator[tuple[DeclineReason, str, Instruction]]:
    """A word that is no method, and of each method what is beyond its bounds."""
    adapter: Any = certification_of(plugin).connect(NOWHERE)
    asked: dict[Any, Any] = dict(questions(plugin))
    for operation in (Operation.AUTHORIZE, SALE, Operation.PAYOUT):
        if operation not in asked:
            continue
        no_method = replace(asked[operation], method="a_method_of_next_year")
        yield DeclineReason.METHOD_NOT_SUPPORTED, operation, no_method
        for name, method in adapter.methods.items():
            right = replace(asked[operation], method=name)
            for reason, wrong in beyond(method, operation, right):
                yield reason, operation, wrong


def beyond(method: Method, operation: str, right: Any) -> Iterator[tuple[DeclineReason, Any]]:
    taken = method.currencies
    much = Money(1_000_000, "EUR" if taken is None or "EUR" in taken else min(taken))
    does_it = method.pays_out if operation is Operation.PAYOUT else method.takes is not None
    if not does_it:
        yield DeclineReason.METHOD_NOT_SUPPORTED, replace(right, amount=much)
        return
    for currency in ELSEWHERE - set(taken or ELSEWHERE):
        yield DeclineReason.CURRENCY_NOT_SUPPORTED, replace(right, amount=Money(10_000, currency))
    if operation is Operation.PAYOUT:
        return
    if method.countries is not None:
        yield DeclineReason.COUNTRY_NOT_SUPPORTED, replace(right, amount=much, country="ZZ")
    for currency, least in method.minimum.items():
        if least > 1 and (taken is None or currency in taken):
            yield DeclineReason.AMOUNT_TOO_SMALL, replace(right, amount=Money(least - 1, currency))


def carries(write: Heard, key: str) -> bool:
    return key in write.headers.values() or key in unquote_plus(write.path) or key in body(write)


def body(write: Heard) -> str:
    return unquote_plus(write.body.decode())


def values(write: Heard) -> list[tuple[type, Any]]:
    """Every text and number of the body, with its type: 5000 is neither "5000" nor 5000.0."""
    try:
        found = list(leaves(json.loads(write.body)))
    except json.JSONDecodeError:
        found = [value for _, value in parse_qsl(write.body.decode())]
    return [(type(value), value) for value in found]


def leaves(node: Any) -> Iterator[Any]:
    if isinstance(node, dict | list):
        for each in node.values() if isinstance(node, dict) else node:
            yield from leaves(each)
    else:
        yield node

"""What the certification of all plugins shares: the plugins, and asking them over a real wire."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.psp.calls import PspCalls
from activities.psp.catalog import Catalog, found
from activities.psp.certification import Certifiable, Certification, Heard, Verdict
from activities.psp.contract import (
    Adapter,
    Authorizes,
    Captures,
    Completes,
    ListsMethods,
    PaysOut,
    Plugin,
    Refunds,
    Sells,
    Voids,
)
from tests.activities.psp import peer
from tests.activities.psp.orders import AMOUNT, instructions
from workflows.domain.identity import SALE
from workflows.domain.money import Money, exponent
from workflows.domain.psp import (
    COMPLETE,
    AuthorizeInstruction,
    Instruction,
    Lookup,
    Operation,
    PayoutInstruction,
)

NOWHERE = "http://127.0.0.1:1"
CAPABILITIES: dict[str, type] = {
    Operation.AUTHORIZE: Authorizes,
    SALE: Sells,
    COMPLETE: Completes,
    Operation.CAPTURE: Captures,
    Operation.VOID: Voids,
    Operation.REFUND: Refunds,
    Operation.PAYOUT: PaysOut,
}

Ask = Callable[[str, Instruction | Lookup], Awaitable[Any]]


def certification_of(plugin: Plugin) -> Certification:
    assert isinstance(plugin, Certifiable), f"{plugin.name} brings no certification"
    return plugin.certification()


def certifies(capability: type = object, tells: type = object) -> pytest.MarkDecorator:
    """Over every plugin that is found and can do this, by its own name; where its certification
    has to tell something for that, over those that tell it."""
    able = {
        name: plugin
        for name, plugin in found().items()
        if isinstance(certification_of(plugin).connect(NOWHERE), capability)
        and isinstance(certification_of(plugin), tells)
    }
    return pytest.mark.parametrize("plugin", able.values(), ids=able)


class Connected:
    """A plugin that speaks to a peer, so that the catalog and the calls take part."""

    def __init__(self, plugin: Plugin, url: str) -> None:
        self.name = plugin.name
        self._certification, self._url = certification_of(plugin), url

    def connect(self) -> Adapter:
        return self._certification.connect(self._url)


def catalog_of(plugin: Plugin, url: str = NOWHERE) -> Catalog:
    return Catalog({plugin.name: Connected(plugin, url)})


@asynccontextmanager
async def asking(plugin: Plugin, url: str) -> AsyncIterator[Ask]:
    catalog = catalog_of(plugin, url)
    psp = PspCalls(catalog)

    async def ask(operation: str, question: Instruction | Lookup) -> Any:
        name = "sell" if operation == SALE else str(operation)
        name = "look_up" if isinstance(question, Lookup) else name
        return await ActivityEnvironment().run(getattr(psp, name), question)

    yield ask
    await catalog.aclose()


def questions(plugin: Plugin, amount: Money = AMOUNT) -> dict[str, Instruction]:
    """What this PSP can be asked."""
    adapter = certification_of(plugin).connect(NOWHERE)
    every = every_question(plugin, amount)
    return {o: i for o, i in every.items() if isinstance(adapter, CAPABILITIES[o])}


def every_question(
    plugin: Plugin, amount: Money = AMOUNT, psp_ref: str = "ref_1"
) -> dict[str, Instruction]:
    """Also what it cannot be asked. A player brings back what its adapter says that it needs."""
    certification = certification_of(plugin)
    adapter = certification.connect(NOWHERE)
    needed = adapter.parameters if isinstance(adapter, Completes) else ()
    asked = instructions(certification.account, amount, psp_ref, needed)
    return {operation: _by_its_method(adapter, each) for operation, each in asked.items()}


def _by_its_method(adapter: Adapter, instruction: Instruction) -> Instruction:
    """By one that this PSP has, where it does not have the method that all are asked by."""
    methods = adapter.methods if isinstance(adapter, ListsMethods) else {}
    match instruction:
        case AuthorizeInstruction() if methods:
            able = [name for name, method in methods.items() if method.takes is not None]
        case PayoutInstruction() if methods:
            able = [name for name, method in methods.items() if method.pays_out]
        case _:
            return instruction
    if instruction.method in able or not able:
        return instruction
    return replace(instruction, method=able[0])


def exponents_of(plugin: Plugin) -> set[int]:
    """The decimal places of 0, 2 and 3 that currencies of this PSP have."""
    adapter = certification_of(plugin).connect(NOWHERE)
    methods = adapter.methods.values() if isinstance(adapter, ListsMethods) else ()
    currencies = [each.currencies for each in methods]
    if not currencies or None in currencies:
        return {0, 2, 3}
    return {0, 2, 3} & {exponent(each) for known in currencies for each in known or ()}


def answering(plugin: Plugin, verdict: Verdict) -> peer.Behaviour:
    certification = certification_of(plugin)
    return with_preliminaries(
        plugin, peer.says(lambda request: certification.answer(request, verdict))
    )


def with_preliminaries(plugin: Plugin, behaviour: peer.Behaviour) -> peer.Behaviour:
    """What moves no money is answered rightly, whatever happens to the rest."""
    certification = certification_of(plugin)

    async def behave(request: Heard, ends: peer.Ends) -> None:
        first = certification.before(request)
        if first is not None:
            await peer.says(lambda _: first)(request, ends)
        else:
            await behaviour(request, ends)

    return behave


def said_at_once(plugin: Plugin, verdict: Verdict) -> dict[str, Instruction]:
    """The questions to which this PSP can say this at once."""
    certification = certification_of(plugin)
    return {o: i for o, i in questions(plugin).items() if verdict in certification.answers(o)}


async def outcomes(
    plugin: Plugin, behaviour: peer.Behaviour, asked: dict[str, Instruction] | None = None
) -> dict[str, Any]:
    asked = questions(plugin) if asked is None else asked
    behaviour = with_preliminaries(plugin, behaviour)
    async with peer.listening(behaviour) as far, asking(plugin, far.url) as ask:
        return {o: await ask(o, i) for o, i in asked.items()}


async def verdicts(plugin: Plugin, verdict: Verdict) -> dict[str, Any]:
    """What is heard where the PSP can say this at once."""
    return await outcomes(plugin, answering(plugin, verdict), said_at_once(plugin, verdict))

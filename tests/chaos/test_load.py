"""Repeatable: the seed alone says which payments there are and what their players do."""

from __future__ import annotations

from collections import Counter

import httpx

from infra.local.demo.sandbox import SandboxPsp
from tests.chaos.flows import FLOWS
from tests.chaos.load import Load
from tests.chaos.platform import Diary, Platform


def dealt(seed: int, hands: int) -> list[str]:
    """The flows in their order, each with the first amount its player would ask for."""
    nobody = httpx.AsyncClient()
    load = Load(Platform(nobody, {}, Diary()), SandboxPsp(nobody), seed, 1.0)
    return [
        f"{flow.name} {errand.some_amount()}"
        for flow, errand in (load.deal() for _ in range(hands))
    ]


def test_a_seed_deals_the_same_payments_again_and_another_seed_others() -> None:
    assert dealt(7, 80) == dealt(7, 80) != dealt(8, 80)


def test_a_deck_holds_every_flow_as_often_as_it_weighs() -> None:
    nobody = httpx.AsyncClient()
    load = Load(Platform(nobody, {}, Diary()), SandboxPsp(nobody), 7, 1.0)
    deck = sum(flow.weight for flow in FLOWS)
    dealt_flows = Counter(load.deal()[0].name for _ in range(2 * deck))
    assert dealt_flows == {flow.name: 2 * flow.weight for flow in FLOWS}

"""A seal is about all that a message says, and about nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import orjson
import pytest

from activities.seals.keys import SealKeys
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, Fact, Operation, Pending, Ready
from workflows.domain.seals import Presented, canonical, digest_of, sealed_text

FACT = PspEvent(
    psp="adyen",
    event_id="evt-1",
    key="po_1:payout:1",
    operation=Operation.PAYOUT,
    reply=Approved("psp-1", Money(5000, "EUR")),
    amount=Money(5000, "EUR"),
)
FIRST, SECOND, GONE = (bytes([number]) * 32 for number in (1, 2, 3))


def _presented(keys: SealKeys, content: object = FACT) -> Presented:
    seal = keys.seal("po_1", "psp_event", content, by="inbox", row=7)
    return Presented(subject="po_1", message="psp_event", content=canonical(content), seal=seal)


def test_a_fact_says_the_same_as_a_value_and_as_the_json_that_is_kept() -> None:
    kept = orjson.loads(orjson.dumps(FACT))
    assert canonical(kept) == canonical(FACT)
    newer = kept | {"of_a_later_version": None, "and_another": [], "unasked": False}
    assert canonical(newer) == canonical(FACT)


def test_facts_that_say_different_things_have_different_texts() -> None:
    replies: list[Fact] = [
        Approved("psp-1", Money(5000, "EUR")),
        Approved("psp-1", Money(5000, "USD")),
        Approved("psp-1", Money(0, "EUR")),
        Approved("psp-1", Money(5000, "EUR"), captured=True),
        Declined("returned", soft=False, code=""),
        Declined("returned", soft=True, code=""),
        Pending("psp-1"),
        Ready("psp-1"),
    ]
    texts = [canonical(replace(FACT, reply=reply)) for reply in replies]
    assert all(one != other for one, other in combinations(texts, 2))


def test_no_part_of_a_message_can_be_taken_for_another() -> None:
    parts = [("a", "b", "c", "d", 1), ("a", "b", "c", "d", None), ("b", "a", "c", "d", 1)]
    parts += [("ab", "", "c", "d", 1), ("a", "b", "d", "c", 1), ('a","b', "", "c", "d", 1)]
    texts = [sealed_text(*each) for each in parts]
    assert len(set(texts)) == len(texts)


def test_the_newest_key_seals_and_every_live_key_checks() -> None:
    both = SealKeys([SECOND, FIRST])
    assert both.is_genuine(_presented(SealKeys([FIRST])))
    assert both.is_genuine(_presented(both))
    assert SealKeys([SECOND]).is_genuine(_presented(both))
    assert not SealKeys([FIRST]).is_genuine(_presented(both))
    assert not both.is_genuine(_presented(SealKeys([GONE])))


@pytest.mark.parametrize(
    "changes", [{"subject": "po_2"}, {"message": "approve"}, {"content": "{}"}, {"seal": None}]
)
def test_a_seal_is_for_one_message_alone(changes: dict[str, object]) -> None:
    keys = SealKeys([FIRST])
    presented = _presented(keys)
    assert keys.is_genuine(presented)
    assert not keys.is_genuine(replace(presented, **changes))  # type: ignore[arg-type]
    assert presented.seal is not None
    for seal in ({"by": "ann"}, {"row": 8}, {"row": None}, {"mac": ""}, {"mac": "ключ"}):
        other = replace(presented.seal, **seal)
        assert not keys.is_genuine(replace(presented, seal=other)), seal


def test_an_order_is_the_same_for_the_run_that_takes_over() -> None:
    order = {"payout_id": "po_1", "destination": "dst_1", "rebuilt": False}
    assert digest_of(order | {"rebuilt": True}) == digest_of(order)
    assert digest_of(order | {"destination": "dst_2"}) != digest_of(order)

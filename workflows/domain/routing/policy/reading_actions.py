"""The actions of a policy from a plain JSON document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workflows.domain.routing.learning.experiments import Arm, Experiment, Guardrail, Metric, Unit

from .fields import Field
from .reader import MISSING, Reader
from .rules import Action, Bandit, Cheapest, Order, Refuse, Share, Split, Target

MOST_WEIGHT = 1_000_000


def read_action(reader: Reader, document: object, place: str) -> Action:
    """An object of one key, the kind of the action."""
    keys = list(document) if isinstance(document, dict) else []
    if len(keys) != 1 or keys[0] not in READ:
        code = "missing" if document is MISSING else "wrong_type"
        reader.refuse(place, code, f"an action is an object with one of {', '.join(READ)}")
        return Refuse("-")
    kind = keys[0]
    return READ[kind](reader, document[kind], f"{place}/{kind}")  # type: ignore[index]


def _order(reader: Reader, value: object, place: str) -> Action:
    return Order(reader.accounts(value, place))


def _cheapest(reader: Reader, value: object, place: str) -> Action:
    return Cheapest(reader.accounts(value, place))


def _refuse(reader: Reader, value: object, place: str) -> Action:
    return Refuse(reader.text(value, place, longest=100))


def _split(reader: Reader, value: object, place: str) -> Action:
    return Split(reader.items(value, place, lambda one, at: _share(reader, one, at)))


def _share(reader: Reader, document: object, place: str) -> Share:
    found = reader.mapping(document, place, ("account", "weight"))
    return Share(
        reader.account(found.get("account", MISSING), f"{place}/account"),
        reader.whole(found.get("weight", MISSING), f"{place}/weight", 0, MOST_WEIGHT),
    )


def _experiment(reader: Reader, document: object, place: str) -> Action:
    keys = ("name", "salt", "arms", "unit", "minimum_sample", "guardrail")
    found = reader.mapping(document, place, keys)
    guardrail = found.get("guardrail")
    return Experiment(
        name=reader.text(found.get("name", MISSING), f"{place}/name", longest=64),
        salt=reader.text(found.get("salt", MISSING), f"{place}/salt", longest=64),
        arms=reader.items(
            found.get("arms", MISSING), f"{place}/arms", lambda one, at: _arm(reader, one, at)
        ),
        unit=reader.word(found.get("unit", "player"), f"{place}/unit", Unit) or Unit.PLAYER,
        minimum_sample=_whole(reader, found, place, "minimum_sample", (1000, 1, 10**9)),
        guardrail=None
        if guardrail is None
        else _guardrail(reader, guardrail, f"{place}/guardrail"),
    )


def _arm(reader: Reader, document: object, place: str) -> Arm:
    found = reader.mapping(document, place, ("name", "weight", "accounts"))
    return Arm(
        reader.text(found.get("name", MISSING), f"{place}/name", longest=64),
        reader.whole(found.get("weight", MISSING), f"{place}/weight", 0, MOST_WEIGHT),
        reader.accounts(found.get("accounts", MISSING), f"{place}/accounts"),
    )


def _guardrail(reader: Reader, document: object, place: str) -> Guardrail:
    found = reader.mapping(document, place, ("metric", "worse_by"))
    metric = reader.word(found.get("metric", MISSING), f"{place}/metric", Metric)
    return Guardrail(
        metric or Metric.CHARGEBACKS,
        reader.whole(found.get("worse_by", MISSING), f"{place}/worse_by", 0, 10_000),
    )


def _bandit(reader: Reader, document: object, place: str) -> Action:
    keys = (
        "accounts",
        "target",
        "exploration",
        "segmented_by",
        "enough",
        "chargeback_weight",
        "worth",
    )
    found = reader.mapping(document, place, keys)
    fields = reader.items(
        found.get("segmented_by", []),
        f"{place}/segmented_by",
        lambda one, at: reader.word(one, at, Field),
    )
    target = reader.word(found.get("target", "conversion"), f"{place}/target", Target)
    return Bandit(
        accounts=reader.accounts(found.get("accounts", MISSING), f"{place}/accounts"),
        target=target or Target.CONVERSION,
        exploration=_whole(reader, found, place, "exploration", (5, 0, 100)),
        segmented_by=tuple(name for name in fields if name is not None),
        enough=_whole(reader, found, place, "enough", (200, 0, 10**9)),
        chargeback_weight=_whole(reader, found, place, "chargeback_weight", (1, 0, 1000)),
        worth=_whole(reader, found, place, "worth", (1_000_000, 1, 1_000_000)),
    )


def _whole(
    reader: Reader, found: Mapping[str, Any], place: str, key: str, usual: tuple[int, int, int]
) -> int:
    """`usual`: what it is when it is not there, the lowest and the highest that is allowed."""
    default, low, high = usual
    return reader.whole(found.get(key, default), f"{place}/{key}", low, high)


READ: dict[str, Callable[[Reader, object, str], Action]] = {
    "order": _order,
    "cheapest": _cheapest,
    "split": _split,
    "experiment": _experiment,
    "bandit": _bandit,
    "refuse": _refuse,
}

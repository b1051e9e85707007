"""A policy from a plain JSON document, strictly: what is not understood is refused with its place.

Here is read what a document looks like; what it means is judged in `validation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows.domain.cascading import CascadeLimits
from workflows.domain.money import Money

from .fields import Field
from .reader import MISSING, MOST_DEEP, Reader
from .reading_actions import read_action
from .rules import (
    All,
    AtLeast,
    AtMost,
    Between,
    Comparison,
    Condition,
    Either,
    Exhausted,
    In,
    Known,
    Not,
    NotIn,
    Policy,
    Prefix,
    Refuse,
    Rule,
    Value,
)

COMPARISONS = ("in", "not_in", "between", "at_least", "at_most", "prefix", "known")
MOST_RULES = 500


def read_policy(document: object) -> Policy:
    """Raises PolicyRefused with every flaw of the form."""
    reader = Reader()
    keys = ("id", "version", "rules", "default", "cascade")
    found = reader.mapping(document, "", keys)
    default = found.get("default", MISSING)
    if default is MISSING:
        reader.refuse("/default", "missing_default", 'an action is needed, such as {"refuse": "…"}')
    policy = Policy(
        id=reader.text(found.get("id", MISSING), "/id", longest=64),
        version=reader.whole(found.get("version", MISSING), "/version", 1, 2**31 - 1),
        rules=reader.items(
            found.get("rules", MISSING),
            "/rules",
            lambda one, place: _rule(reader, one, place),
            most=MOST_RULES,
        ),
        default=Refuse("-") if default is MISSING else read_action(reader, default, "/default"),
        cascade=_cascade(reader, found.get("cascade", {})),
    )
    reader.finish()
    return policy


def _rule(reader: Reader, document: object, place: str) -> Rule:
    found = reader.mapping(document, place, ("name", "when", "then", "if_none_allowed"))
    exhausted = found.get("if_none_allowed", Exhausted.REFUSE.value)
    return Rule(
        reader.text(found.get("name", MISSING), f"{place}/name", longest=100),
        read_condition(reader, found.get("when", MISSING), f"{place}/when"),
        read_action(reader, found.get("then", MISSING), f"{place}/then"),
        reader.word(exhausted, f"{place}/if_none_allowed", Exhausted) or Exhausted.REFUSE,
    )


def _cascade(reader: Reader, document: object) -> CascadeLimits:
    keys = ("attempts", "seconds", "scheme_reattempts")
    found, usual = reader.mapping(document, "/cascade", keys), CascadeLimits()
    return CascadeLimits(
        reader.whole(found.get("attempts", usual.attempts), "/cascade/attempts", 1, 20),
        reader.whole(found.get("seconds", usual.seconds), "/cascade/seconds", 1, 86_400),
        reader.whole(
            found.get("scheme_reattempts", usual.scheme_reattempts),
            "/cascade/scheme_reattempts",
            0,
            100,
        ),
    )


def read_condition(reader: Reader, document: object, place: str, deep: int = 0) -> Condition:
    """`{"all": […]}`, `{"any": […]}`, `{"not": …}` or a comparison."""
    if deep > MOST_DEEP:
        reader.refuse(place, "too_deep", f"at most {MOST_DEEP} conditions within each other")
        return All()
    keys = document.keys() if isinstance(document, dict) else set()
    if keys == {"all"} or keys == {"any"}:
        (word,) = keys
        parts = reader.items(
            document[word],  # type: ignore[index]
            f"{place}/{word}",
            lambda one, at: read_condition(reader, one, at, deep + 1),
        )
        return All(parts) if word == "all" else Either(parts)
    if keys == {"not"}:
        inner = document["not"]  # type: ignore[index]
        return Not(read_condition(reader, inner, f"{place}/not", deep + 1))
    return _comparison(reader, document, place)


def _comparison(reader: Reader, document: object, place: str) -> Condition:
    if document is MISSING or not isinstance(document, dict) or "field" not in document:
        sentence = (
            'a condition is {"all": […]}, {"any": […]}, {"not": …} or {"field": …, "in": […]}'
        )
        reader.refuse(place, "missing" if document is MISSING else "wrong_type", sentence)
        return All()
    found = reader.mapping(document, place, ("field", *COMPARISONS))
    name = found["field"]
    words = [word for word in COMPARISONS if word in found]
    if name not in list(Field):
        listed = ", ".join(Field)
        reader.refuse(f"{place}/field", "unknown_field", f"a field is one of {listed}")
        return All()
    if len(words) != 1:
        listed = ", ".join(COMPARISONS)
        reader.refuse(place, "wrong_type", f"exactly one of {listed} stands beside the field")
        return All()
    return _compared(reader, found, Field(name), words[0], f"{place}/{words[0]}")


def _compared(
    reader: Reader, found: Mapping[str, Any], field: Field, word: str, place: str
) -> Comparison:
    given = found[word]
    if word == "known":
        if given is not True:
            reader.refuse(place, "wrong_type", "true is allowed; the opposite is a not around it")
        return Known(field)
    if word in ("at_least", "at_most"):
        value = _value(reader, given, place)
        return AtLeast(field, value) if word == "at_least" else AtMost(field, value)
    values = reader.items(given, place, lambda one, at: _value(reader, one, at))
    if word == "between":
        if len(values) != 2:
            reader.refuse(place, "wrong_type", "a list of two, the low and the high end")
        return Between(field, *values) if len(values) == 2 else Between(field, 0, 0)
    if word == "prefix":
        return Prefix(field, tuple(str(value) for value in values))
    plain = tuple(value for value in values if not isinstance(value, Money))
    if len(plain) < len(values):
        reader.refuse(place, "wrong_type", "amounts are compared by between, at_least, at_most")
    return In(field, plain) if word == "in" else NotIn(field, plain)


def _value(reader: Reader, value: object, place: str) -> Value:
    if isinstance(value, dict):
        return reader.money(value, place)
    if type(value) is int and abs(value) < 2**53:
        return value
    return reader.text(value, place, longest=64)

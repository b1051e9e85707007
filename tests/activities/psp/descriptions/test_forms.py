"""Forms are read as Stripe reads them, and what is ambiguous is refused."""

from __future__ import annotations

import pytest

from tests.activities.psp.descriptions.forms import decoded, encoded, typed
from tests.activities.psp.descriptions.loading import Description

SCHEMA = {
    "properties": {
        "amount": {"type": "integer"},
        "confirm": {"type": "boolean"},
        "metadata": {"additionalProperties": {"type": "string"}},
        "expand": {"items": {"type": "string"}},
        "splits": {"items": {"properties": {"amount": {"type": "integer"}}}},
        "off_session": {"anyOf": [{"type": "boolean"}, {"enum": ["one_off"]}]},
    }
}
FIELDS = (
    "amount=1000&confirm=true&metadata[a]=1&metadata[b]=&expand[]=x&expand[]=y"
    "&splits[0][amount]=1&splits[1][amount]=2&off_session=one_off"
)
MEANT = {
    "amount": 1000,
    "confirm": True,
    "metadata": {"a": "1", "b": ""},
    "expand": ["x", "y"],
    "splits": [{"amount": 1}, {"amount": 2}],
    "off_session": "one_off",
}


def meaning(text: str) -> object:
    return typed(Description("by hand", {}), SCHEMA, decoded(text))


def test_brackets_become_members_and_texts_become_what_the_schema_says() -> None:
    assert meaning(FIELDS) == MEANT


def test_a_form_can_be_written_back() -> None:
    assert meaning(encoded(MEANT)) == MEANT


@pytest.mark.parametrize("text", ["10.5", "1e3", " 1", "+1", "١", ""])
def test_what_does_not_read_as_a_number_stays_a_text(text: str) -> None:
    assert meaning(encoded({"amount": text})) == {"amount": text}


@pytest.mark.parametrize(
    "text",
    ["a=1&a=2", "a=1&a[b]=2", "a[]=1&a[b]=2", "a[][b]=1", "[a]=1", "a[b=1", "a[b]c=1", "nothing"],
)
def test_a_field_that_means_two_things_or_none_is_refused(text: str) -> None:
    with pytest.raises(AssertionError):
        decoded(text)

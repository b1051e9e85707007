"""Stripe's forms: `metadata[key]=value`, `expand[]=latest_charge`, `created[gte]=…`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")

Form = dict[str, str]
"""Flat, by the name as it stands in the body; lists are numbered: `expand[0]`."""


def decode(text: str) -> Form:
    form: Form = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name.endswith("[]"):
            number = sum(each.startswith(f"{name[:-2]}[") for each in form)
            form[f"{name[:-2]}[{number}]"] = value
        else:
            form[name] = value
    return form


def members(form: Mapping[str, str], name: str) -> dict[str, str]:
    """What stands in brackets behind `name`: `{"key": "value"}`, `{"0": "latest_charge"}`."""
    prefix = f"{name}["
    return {
        each[len(prefix) : -1]: value
        for each, value in form.items()
        if each.startswith(prefix) and each.endswith("]")
    }


def unknown(form: Mapping[str, str], known: frozenset[str]) -> str | None:
    """The first parameter that the call does not have."""
    for name in form:
        match = _NAME.fullmatch(name)
        if match is None or match[1] not in known:
            return name
    return None

"""A form judged by the types of Stripe's own library, for calls that no description at hand has."""

from __future__ import annotations

import re
import sys
import typing
from collections.abc import Iterator
from types import UnionType
from typing import Any, ForwardRef, Literal, NotRequired, Union, get_args, get_origin

from typing_extensions import is_typeddict

_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")


def objections(form: dict[str, str], params: type) -> list[str]:
    """The parameters that the call does not have, or not with such a value."""
    return [name for name, value in form.items() if not _takes(params, _steps(name), value)]


def _steps(name: str) -> list[str]:
    match = _NAME.match(name)
    assert match is not None, name
    return [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]


def _takes(kind: Any, steps: list[str], value: str, module: str = "") -> bool:
    kinds = list(_plain(kind, module))
    if not steps:
        return any(_is(each, value) for each in kinds)
    inner = (found for each in kinds for found in _member(each, steps[0], module))
    return any(_takes(each, steps[1:], value, where) for each, where in inner)


def _member(kind: Any, step: str, module: str) -> list[tuple[Any, str]]:
    """The type of a member, and the module in whose words it is written."""
    if is_typeddict(kind):
        return (
            [(kind.__annotations__[step], kind.__module__)] if step in kind.__annotations__ else []
        )
    if get_origin(kind) is list and (step == "" or step.isdecimal()):
        return [(get_args(kind)[0], module)]
    if get_origin(kind) is dict:
        return [(get_args(kind)[1], module)]
    return []


def _plain(kind: Any, module: str) -> Iterator[Any]:
    """Every alternative of a type, without what says that it may be absent."""
    if isinstance(kind, str | ForwardRef):
        text = kind if isinstance(kind, str) else kind.__forward_arg__
        kind = eval(text, vars(typing) | vars(sys.modules[module]))  # noqa: S307 - their own types
    name = getattr(get_origin(kind), "_name", "")
    if get_origin(kind) is NotRequired or name == "NotRequired":
        yield from _plain(get_args(kind)[0], module)
    elif get_origin(kind) is Union or isinstance(kind, UnionType):
        literal = any(get_origin(each) is Literal for each in get_args(kind))
        for each in get_args(kind):
            # `Literal[…] | str` is what the library knows, or whatever comes: here the former.
            if not (literal and each is str):
                yield from _plain(each, module)
    else:
        yield kind


def _is(kind: Any, value: str) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind is bool:
        return value in ("true", "false")
    if kind is int:
        return value.isdecimal()
    return kind is str

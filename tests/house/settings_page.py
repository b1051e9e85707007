"""`make settings` writes docs/settings.md: every setting there is, as the code has it.

Names, defaults and meanings are read from the classes that read the environment, so that nobody
keeps a second list.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from decimal import Decimal
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from activities.psp import discovery
from activities.psp.schemes import SchemesSettings
from activities.psp.settings import PluginSettings
from activities.settings import Settings
from infra.local.stack.settings import LocalSettings
from tests.house.rooms import ROOT

PAGE = ROOT / "docs/settings.md"

_HEAD = """\
# Settings

Made by `make settings` from the classes that read them; a test holds it to them.

Every setting is an environment variable, read once when a process starts. Lists and maps are JSON.
A PSP's secret may be given as `file:<path>` of a file that holds nothing else. What is missing or
wrong ends the process with one sentence that names the variable and never its value. Which process
needs what: [production.md](production.md).
"""
_ACCOUNTS = {"accounts": 'By merchant account: `{"casino-eu": {…}}`, with the fields below.'}
_TABLE = "| Setting | Default | Meaning |\n|---|---|---|\n"


def page() -> str:
    parts = [_HEAD, _common()]
    parts += [_section(name, field) for name, field in Settings.model_fields.items()]
    parts.append(_heading("Card schemes", "") + _TABLE + _rows(SchemesSettings))
    parts += [_psp(name) for name in sorted(discovery.places())]
    parts.append(
        _heading("`make up` and `make demo`", "Of a laptop; no other process reads them.")
        + _TABLE
        + _rows(LocalSettings)
    )
    return "\n".join(part.rstrip() + "\n" for part in parts if part)


def undocumented() -> list[str]:
    """Settings of ours that say nothing about themselves."""
    models: list[type[BaseModel]] = [Settings, LocalSettings, *_sections(Settings)]
    return [
        f"{model.__name__}.{name}"
        for model in models
        for name in model.model_fields
        if not _is_model(model.model_fields[name]) and name not in meanings(model)
    ]


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """The sentence under each field, as it stands in the source; of its bases too."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        ours = base.__module__.startswith(("infra", "activities"))
        # A generic class that was given its model has no lines of its own.
        if ours and issubclass(base, BaseModel) and "[" not in base.__name__:
            found |= dict(_sentences(base))
    return found


def _sentences(model: type) -> Iterator[tuple[str, str]]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    for field, after in pairwise(body):
        text = after.value if isinstance(after, ast.Expr) else None
        named = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if named and isinstance(text, ast.Constant) and isinstance(text.value, str):
            assert isinstance(field, ast.AnnAssign)
            assert isinstance(field.target, ast.Name)
            yield field.target.id, " ".join(text.value.split())


def _sections(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Every section, and what is inside of its lists and maps."""
    for field in model.model_fields.values():
        for inner in _models_in(field.annotation):
            yield inner
            yield from _sections(inner)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models_in(each)


def _is_model(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def _heading(title: str, text: str) -> str:
    return f"## {title}\n\n" + (f"{text}\n\n" if text else "")


def _common() -> str:
    rows = _rows(Settings, only=lambda field: not _is_model(field))
    return _heading("All processes", "") + _TABLE + rows


def _section(name: str, field: FieldInfo) -> str:
    section = field.annotation
    if not (isinstance(section, type) and issubclass(section, BaseModel)):
        return ""
    text = " ".join((section.__doc__ or "").split())
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", section.__name__).capitalize()
    head = _heading(words, text if "!!!" not in text else "")
    return head + _TABLE + _rows(section, prefix=f"PAYSAGA_{name}_") + _inside(section)


def _inside(section: type[BaseModel]) -> str:
    """What the maps in its lists, and its maps, are made of."""
    text = ""
    for inner in dict.fromkeys(_sections(section)):
        title = f"\nInside of a `{inner.__name__}`:\n\n"
        text += title + "| Field | Default | Meaning |\n|---|---|---|\n" + _rows(inner, prefix=None)
    return text


def _psp(name: str) -> str:
    text = f"A PSP's own; how it is set up: its `MAPPING.md` (`activities/psp/plugins/{name}`)."
    parts = _heading(f"PSP: {name}", text)
    module = import_module(f"activities.psp.plugins.{name}.settings")
    for value in vars(module).values():
        ours = inspect.isclass(value) and value.__module__ == module.__name__
        if ours and issubclass(value, PluginSettings) and "[" not in value.__name__:
            parts += _TABLE + _rows(value) + _inside(value)
    return parts


def _rows(model: type[BaseModel], *, prefix: str | None = "", only: Any = lambda _: True) -> str:
    if issubclass(model, BaseSettings):
        prefix = model.model_config.get("env_prefix") or ""
    known = meanings(model)
    rows = ""
    for name, field in model.model_fields.items():
        if only(field):
            shown = name if prefix is None else (prefix + name).upper()
            text = _cell(known.get(name, _ACCOUNTS.get(name, "")))
            rows += f"| `{shown}` | {_default(field)} | {text} |\n"
    return rows


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value == "":
        return ""
    if isinstance(value, BaseModel):
        return "see below"
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT) if value.is_absolute() else value}`"
    return f"`{value if isinstance(value, str) else json.dumps(_plain(value))}`"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, Decimal):
        return str(value)
    assert not isinstance(value, SecretStr), "a secret has no default"
    return value


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())

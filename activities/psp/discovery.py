"""Finding plugins: by looking into the folder, and by the entry points of other packages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Any

from activities.psp import plugins
from activities.psp.contract import Plugin

GROUP = "paysaga.psp"
"""`[project.entry-points."paysaga.psp"]` with `<name> = "<package>:PLUGIN"`."""

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
"""Of a plugin, and of its PSP everywhere."""


class CatalogError(Exception):
    """A PSP that is unknown, cannot be loaded or lacks a setting. The message says which."""


def places() -> Mapping[str, Callable[[], Any]]:
    """Every name there is, with what loads its PLUGIN. Imports no plugin."""
    found: dict[str, Callable[[], Any]] = {}
    for module in iter_modules(plugins.__path__):
        if module.ispkg:
            found[module.name] = partial(_load, f"{plugins.__name__}.{module.name}")
    for point in entry_points(group=GROUP):
        if point.name in found:
            raise CatalogError(f"there are two plugins of the name {point.name}")
        found[point.name] = point.load
    return found


def plugin(name: str, load: Callable[[], Any]) -> Plugin:
    """Load one plugin. Raises CatalogError."""
    try:
        loaded = load()
    except (ImportError, AttributeError) as error:
        raise CatalogError(f"the plugin {name} cannot be loaded: {error}") from error
    if not isinstance(loaded, Plugin):
        raise CatalogError(f"the plugin {name} is no PLUGIN: it needs a name and connect()")
    if not NAME.fullmatch(name) or loaded.name != name:
        raise CatalogError(
            f"the plugin in {name} calls itself {loaded.name}: both are one name, {NAME.pattern}"
        )
    return loaded


def _load(module: str) -> Any:
    return import_module(module).PLUGIN

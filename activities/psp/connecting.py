"""Connecting plugins: all at once, so that all that is missing is named at once."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from activities.psp import schemes
from activities.psp.certificates import objection_to
from activities.psp.contract import Adapter, Listens, Plugin
from activities.psp.discovery import CatalogError
from activities.psp.settings import SettingsError

log = structlog.get_logger("paysaga.psp")

_FOR_TRYING = "sandbox"
"""Our own stand-in for a PSP: it moves no money."""


def objection_in_production(plugin: Plugin) -> str | None:
    if plugin.name == _FOR_TRYING:
        return "the sandbox PSP is for trying alone"
    return objection_to(plugin)


def connected(plugins: Mapping[str, Plugin], *, hearing: bool) -> dict[str, Adapter]:
    """By name, in alphabetical order. Raises CatalogError naming every setting that is missing."""
    adapters: dict[str, Adapter] = {}
    wrong = []
    for name, plugin in sorted(plugins.items()):
        try:
            adapters[name] = _listening(plugin) if hearing else plugin.connect()
        except SettingsError as error:
            wrong.append(str(error))
    try:
        # Asked for at the first decline, and wrong from the start.
        schemes.rules()
    except SettingsError as error:
        wrong.append(str(error))
    if wrong:
        raise CatalogError("; ".join(wrong))
    return adapters


def _listening(plugin: Plugin) -> Adapter:
    if isinstance(plugin, Listens):
        return plugin.listen()
    log.warning("psp_keys_needed_to_hear", psp=plugin.name)
    return plugin.connect()

"""Find and read a description, once per process, and only when somebody asks for it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.activities.psp.descriptions.dialect import Schema, modern

ROOT = Path(__file__).parents[4]


def folder() -> Path:
    return Path(os.environ.get("PAYSAGA_SPECS_DIR") or ROOT / "../shared/specs")


ABSENT = "the PSPs' descriptions are not at hand: set PAYSAGA_SPECS_DIR"
ECHOED = {
    "paypal/notifications_webhooks_v1.json": (
        "#/components/schemas/verify_webhook_signature/properties",
        "webhook_event",
    )
}
"""Where a request repeats the PSP's own words to it, which are read-only everywhere else."""

needs_descriptions = pytest.mark.skipif(not folder().is_dir(), reason=ABSENT)


class Description:
    """One file; its schemas are translated to JSON Schema 2020-12 when they are first used."""

    def __init__(self, name: str, document: dict[str, Any]) -> None:
        self.name = name
        self.document = document
        self._translated: dict[str, Schema] = {}

    def resolve(self, node: Any) -> Any:
        """What stands behind a reference (and behind that one), else the node itself."""
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            node = self.at(node["$ref"])
        return node

    def at(self, ref: str) -> Any:
        """The node of the document at `#/…`; KeyError where nothing is."""
        node: Any = self.document
        for step in ref.removeprefix("#/").split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]
        return node

    def schema(self, ref: str) -> Schema:
        """The translation of the schema at `#/…`, not closed at its root."""
        if ref not in self._translated:
            self._translated[ref] = modern(self.at(ref), self.at)
        return self._translated[ref]


@cache
def description(name: str) -> Description:
    """`paypal/checkout_orders_v2.json` and the like; FileNotFoundError where it is absent."""
    path = folder() / name
    if not path.is_file():
        raise FileNotFoundError(f"{ABSENT} ({name} is missing)")
    made = Description(name, orjson.loads(path.read_bytes()))
    if name in ECHOED:
        place, member = ECHOED[name]
        made.at(place)[member] = _ours_to_send(made.resolve(made.at(place)[member]))
    return made


def _ours_to_send(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _ours_to_send(inner) for key, inner in node.items() if key != "readOnly"}
    return [_ours_to_send(inner) for inner in node] if isinstance(node, list) else node

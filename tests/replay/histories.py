"""Recorded histories as files: payloads in plain JSON, without what differs between machines."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory

FOLDER = Path(__file__).with_name("histories")
EARLIER = Path(__file__).with_name("earlier")
"""Of versions before: kept for as long as such a payment may be under way."""

_JSON = "json/plain"
_OF_THE_MACHINE = {
    "historySizeBytes",
    "identity",
    "requestId",
    "stackTrace",
    "stickyAttributes",
    "workerVersion",
}


def path_of(story: str) -> Path:
    return FOLDER / f"{story}.json"


def write(story: str, history: WorkflowHistory) -> None:
    document = {"workflow_id": history.workflow_id, **_readable(json.loads(history.to_json()))}
    path_of(story).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def read(story: str) -> WorkflowHistory:
    return read_file(path_of(story))


def read_file(path: Path) -> WorkflowHistory:
    document = json.loads(path.read_text())
    workflow_id = document.pop("workflow_id")
    return WorkflowHistory.from_json(workflow_id, _as_the_server_tells(document))


def _readable(value: Any) -> Any:
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("kind") == "TASK_QUEUE_KIND_STICKY":
        return {"name": "sticky", "kind": value["kind"]}
    if set(value) == {"metadata", "data"}:
        metadata = {name: _decoded(text) for name, text in value["metadata"].items()}
        if metadata.pop("encoding", "") == _JSON:
            return {_JSON: json.loads(_decoded(value["data"])), **metadata}
    return {name: _readable(item) for name, item in value.items() if name not in _OF_THE_MACHINE}


def _as_the_server_tells(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_the_server_tells(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _JSON in value:
        metadata = {"encoding": _JSON} | {n: text for n, text in value.items() if n != _JSON}
        return {
            "metadata": {name: _encoded(text) for name, text in metadata.items()},
            "data": _encoded(json.dumps(value[_JSON])),
        }
    return {name: _as_the_server_tells(item) for name, item in value.items()}


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()

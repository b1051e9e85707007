"""A line of the log: one write, whatever stands in it."""

from __future__ import annotations

import json
import subprocess
import sys

_SAYS = """
import logging, structlog
from infra.observability import start_logging
from infra.settings import Log
start_logging(Log(format="{format}"), "api")
log = structlog.get_logger("paysaga.tests")
with structlog.contextvars.bound_contextvars(trace_id="trace-1"):
    log.info("request", method="POST", route=None, status=200, milliseconds=1.5)
log.warning("odd", half="{half}", huge=1 << 80, of={{1: object}}, text="a\\nb")
log.debug("not_written")
logging.getLogger("elsewhere").warning("by the %s", "library")
logging.getLogger("httpx").info("a url")
"""


def written(log_format: str, half: str = "\\ud800") -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", _SAYS.format(format=log_format, half=half)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert ended.stderr == ""
    return ended.stdout.splitlines()


def test_a_line_is_json_with_its_process_its_trace_and_all_that_was_said() -> None:
    request, _, by_library = (json.loads(line) for line in written("json"))
    assert request.pop("timestamp").endswith("Z")
    assert request == {
        "event": "request",
        "process": "api",
        "trace_id": "trace-1",
        "level": "info",
        "method": "POST",
        "route": None,
        "status": 200,
        "milliseconds": 1.5,
    }
    assert (by_library["event"], by_library["level"]) == ("by the library", "warning")


def test_what_cannot_be_written_as_it_is_loses_no_line() -> None:
    odd = json.loads(written("json")[1])
    assert (odd["event"], odd["huge"], odd["text"]) == ("odd", 1 << 80, "a\nb")
    assert list(odd["of"]) == ["1"]


def test_people_read_the_same_lines() -> None:
    lines = written("console", half="")
    assert [word in line for word, line in zip(("request", "odd", "library"), lines, strict=True)]

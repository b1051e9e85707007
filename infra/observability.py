"""Structured logs: one JSON line per event, with the trace of the request or run it belongs to."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import orjson
import structlog

from infra.settings import Log


def start_logging(log: Log, process: str) -> None:
    """Send structlog and the standard library's loggers to stdout in one format."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer, factory = _as_json() if log.format == "json" else _for_people()
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(log.level)),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                renderer,
                _as_text,
            ],
        )
    )
    logging.basicConfig(level=log.level, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore"):
        # Their lines carry URLs, and a URL can carry what must not be logged.
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _as_json() -> tuple[structlog.typing.Processor, Callable[..., Any]]:
    """A line is one write: what was said last is there whatever happens next."""
    renderer = structlog.processors.JSONRenderer(serializer=_dumps)
    return renderer, structlog.BytesLoggerFactory(sys.stdout.buffer)


def _for_people() -> tuple[structlog.typing.Processor, Callable[..., Any]]:
    return structlog.dev.ConsoleRenderer(colors=False), structlog.PrintLoggerFactory(sys.stdout)


def _dumps(line: Any, default: Callable[[Any], Any]) -> bytes:
    try:
        return orjson.dumps(line, default=default, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # Half a surrogate pair, a number beyond 64 bits: a line is written all the same.
        return json.dumps(line, default=default).encode()


def _as_text(_: Any, __: str, line: Any) -> str:
    return line.decode() if isinstance(line, bytes) else str(line)

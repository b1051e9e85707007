"""Structured logs: one JSON line per event, with the trace of the request or run it belongs to."""

from __future__ import annotations

import logging
import sys

import structlog

from infra.settings import Log


def start_logging(log: Log, process: str) -> None:
    """Send structlog and the standard library's loggers to stdout in one format."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log.format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(log.level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=log.level, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore"):
        # Their lines carry URLs, and a URL can carry what must not be logged.
        logging.getLogger(chatty).setLevel(logging.WARNING)

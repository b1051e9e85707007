"""`python -m infra.lookalikes <name>`: one lookalike, until told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from infra.lookalikes.server import NoSuchLookalike, serve
from infra.lookalikes.settings import settings


def main() -> None:
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: sys.exit(0))
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(message)s")
    for chatty in ("httpx", "httpcore", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    if len(sys.argv) != 2:
        raise SystemExit("say which: python -m infra.lookalikes <name>")
    try:
        asyncio.run(serve(sys.argv[1], settings()))
    except NoSuchLookalike as missing:
        raise SystemExit(str(missing)) from None


if __name__ == "__main__":
    main()

"""The PSP's own book, where it shows one."""

from __future__ import annotations

from typing import Any

import httpx

JOURNAL = "/_control/journal"
_SECONDS = 60.0


class NoJournal(Exception):
    """The PSP did not show its book."""


async def journal(url: str) -> list[dict[str, Any]]:
    """What the sandbox PSP at `url` truly did, oldest first. Raises NoJournal."""
    try:
        async with httpx.AsyncClient(base_url=url, timeout=_SECONDS, trust_env=False) as http:
            answer = await http.get(JOURNAL)
            entries: list[dict[str, Any]] = answer.raise_for_status().json()["entries"]
    except (httpx.HTTPError, ValueError, KeyError) as failure:
        raise NoJournal(f"the PSP at {url} did not show its book: {failure!r}") from failure
    return entries

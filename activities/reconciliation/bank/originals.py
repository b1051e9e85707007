"""Files as they came, in a folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

_CHUNK = 2**16


class Originals:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def chunks(self, stored_as: str) -> AsyncIterator[bytes]:
        """Raises FileNotFoundError, also of what would lie outside of the folder."""
        folder = self._folder.resolve()
        path = (folder / stored_as).resolve()
        if not path.is_relative_to(folder):
            raise FileNotFoundError("not among the originals")
        with await asyncio.to_thread(path.open, "rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk

"""`python -m infra.local.psps <name>`: one lookalike, until told to stop."""

from __future__ import annotations

import asyncio
import sys

from infra.local.psps.base.process import CannotListen, give_up, listen, prepare, serve
from infra.local.psps.base.server import Build, NoSuchLookalike, find, lookalike
from infra.local.psps.base.settings import Settings, WrongSettings, read


def main() -> None:
    prepare()
    if len(sys.argv) != 2:
        give_up("say which: python -m infra.local.psps <name>")
    name = sys.argv[1]
    try:
        settings, build = read(Settings), find(name)
        asyncio.run(_serve(f"the lookalike of {name}", build, settings))
    except WrongSettings as wrong:
        give_up(f"the settings of the lookalike are wrong: {wrong}")
    except (NoSuchLookalike, CannotListen) as why:
        give_up(str(why))


async def _serve(title: str, build: Build, settings: Settings) -> None:
    listening = listen(title, settings)
    await serve(title, lookalike(build, settings), listening, settings.url)


if __name__ == "__main__":
    main()

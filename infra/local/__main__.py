"""`python -m infra.local up`: Postgres, Temporal, sandbox PSP, worker and API until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys


def main() -> int:
    # Until the loop listens there is nothing to stop, so Ctrl-C may simply end us.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument("what", choices=["up"])
    parser.add_argument(
        "--with-parent", action="store_true", help="end when the process that started this ends"
    )
    asked = parser.parse_args()
    return _up(with_parent=asked.with_parent)


def _up(*, with_parent: bool) -> int:
    import asyncio

    from pydantic import ValidationError
    from rich.console import Console

    from infra.local.launch import end_with_parent
    from infra.local.ports import LocalError
    from infra.local.settings import LocalSettings
    from infra.local.up import up

    if with_parent:
        end_with_parent(signal.SIGTERM)
    try:
        return asyncio.run(up(LocalSettings(), Console()))
    except ValidationError as wrong:
        for each in wrong.errors():
            name = "_".join(str(part) for part in each["loc"]).upper()
            print(f"PAYSAGA_LOCAL_{name}={each['input']}: {each['msg']}", file=sys.stderr)
    except (LocalError, OSError) as failure:
        print(f"\n{failure}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

"""`python -m infra.local up`: Postgres, Temporal, sandbox PSP, worker and API until Ctrl-C.

`python -m infra.local demo`: the same on a stack of its own, for as long as ten stories last.
`python -m infra.local down`: end what `up` started, from anywhere.
`--psp <name>`: with the lookalike of that PSP in place of the sandbox PSP.
"""

from __future__ import annotations

import argparse
import signal
import sys

_INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C ended before it was done."""


def main() -> int:
    # Until the loop listens there is nothing to stop, so Ctrl-C may simply end us.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    asked = _parser().parse_args()
    if asked.with_parent is not None:
        from infra.local.stack.launch import end_with_parent

        end_with_parent(signal.SIGTERM, asked.with_parent)
    return _run(asked)


def _parser() -> argparse.ArgumentParser:
    tied = argparse.ArgumentParser(add_help=False)
    tied.add_argument(
        "--with-parent", type=int, metavar="PID", help="end when this process, our parent, ends"
    )
    tied.add_argument("--psp", metavar="NAME", help="the sandbox PSP, or one with a lookalike")
    parser = argparse.ArgumentParser(prog="python -m infra.local")
    parser.set_defaults(with_parent=None)
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("up", parents=[tied], help="start everything and stay until Ctrl-C")
    what.add_parser("down", help="stop what up started, from any shell")
    demo = what.add_parser("demo", parents=[tied], help="play ten stories and prove the books")
    demo.add_argument("--keep", action="store_true", help="stay until Ctrl-C after the stories")
    return parser


def _run(asked: argparse.Namespace) -> int:
    import asyncio

    from pydantic import ValidationError
    from rich.console import Console

    from infra.local.demo.play import demo
    from infra.local.stack.chosen_psp import SANDBOX
    from infra.local.stack.down import down
    from infra.local.stack.interrupts import until_interrupted
    from infra.local.stack.ports import LocalError
    from infra.local.stack.settings import LocalSettings
    from infra.local.stack.up import up

    console = Console()
    try:
        if asked.what == "down":
            return down(LocalSettings().folder, print)
        if asked.what == "up":
            named = {"psp": asked.psp} if asked.psp else {}
            return asyncio.run(up(LocalSettings(**named), console))
        playing = demo(console, psp=asked.psp or SANDBOX, keep=asked.keep)
        return asyncio.run(until_interrupted(playing, console, code=_INTERRUPTED))
    except ValidationError as wrong:
        for each in wrong.errors():
            name = "_".join(str(part) for part in each["loc"]).upper()
            print(f"PAYSAGA_LOCAL_{name}={each['input']}: {each['msg']}", file=sys.stderr)
    except (LocalError, OSError) as failure:
        print(f"\n{failure}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

"""`python -m api.credentials`: issue, list and revoke the tokens of the API's callers.

`issue` prints the token, and nothing else, on standard output: it cannot be shown again.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence

import asyncpg

from activities.access.credentials import ALL_BRANDS, Credentials, Role
from infra.postgres import open_pool
from infra.settings import Settings, SettingsError, settings

_NAME = re.compile(r"[A-Za-z0-9._:@-]{1,64}")
_BRAND = re.compile(r"\*|[A-Za-z0-9._-]{1,64}")


_NAME_BRANDS = (
    "in production a platform's credential names its brands: `*` is for operators and approvers"
)


def _is_boundless(asked: argparse.Namespace) -> bool:
    """A platform moves money for its brands alone; the house itself has policies and health."""
    return ALL_BRANDS in asked.brand and Role.PLATFORM in asked.role


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 when it was done, 1 when there was nothing to do, 2 when it was refused."""
    asked = _parser().parse_args(arguments)
    chosen = settings()
    if asked.command == "issue" and chosen.profile == "production" and _is_boundless(asked):
        print(_NAME_BRANDS, file=sys.stderr)  # noqa: T201
        return 2
    return asyncio.run(_run(asked, chosen))


async def _run(asked: argparse.Namespace, chosen: Settings) -> int:
    at = chosen.postgres
    owner = at.model_copy(update={"url": at.migration_url or at.url, "pool_size": 1})
    async with await open_pool(owner) as pool:
        credentials = Credentials(pool)
        match asked.command:
            case "issue":
                _say(await credentials.issue(asked.name, asked.role, asked.brand))
            case "revoke":
                ended = await credentials.revoke(asked.name)
                _say(f"{ended} revoked")
                return 0 if ended else 1
            case _:
                await _list(credentials)
    return 0


async def _list(credentials: Credentials) -> None:
    for one in await credentials.list():
        until = f"revoked {one.revoked_at:%Y-%m-%d %H:%M}" if one.revoked_at else "valid"
        roles, brands = ",".join(one.roles), ",".join(one.brands)
        _say(f"{one.name}\t{roles}\t{brands}\t{one.created_at:%Y-%m-%d %H:%M}\t{until}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api.credentials", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    issue = commands.add_parser("issue", help="make a token and print it, once")
    issue.add_argument("--name", required=True, type=_named, help="whose it is")
    issue.add_argument("--role", required=True, action="append", type=Role, choices=list(Role))
    issue.add_argument("--brand", required=True, action="append", type=_brand, help="or * for all")
    revoke = commands.add_parser("revoke", help="end every token of a name")
    revoke.add_argument("--name", required=True, type=_named)
    commands.add_parser("list", help="what was ever issued; never a token")
    return parser


def _named(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("1 to 64 letters, digits or . _ : @ -")
    return text


def _brand(text: str) -> str:
    if not _BRAND.fullmatch(text):
        raise argparse.ArgumentTypeError("a brand id, or * for all")
    return text


def _say(line: str) -> None:
    print(line)  # noqa: T201


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SettingsError as wrong:
        sys.exit(str(wrong))
    except asyncpg.InsufficientPrivilegeError:
        sys.exit("credentials belong to the database's owner: set PAYSAGA_POSTGRES_MIGRATION_URL")
    except (OSError, asyncpg.PostgresError) as failure:
        sys.exit(f"the database cannot be reached or will not: {failure}")

"""`python -m api.credentials`: issue, rotate, list and revoke the tokens of the API's callers.

`issue` and `rotate` print the token, and nothing else, on standard output: it cannot be shown
again. Whatever is changed is written down with the user of this machine and the reason.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import socket
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import asyncpg

from activities.access.credential import ALL_BRANDS, ALL_ROUTES, By, Issued, NothingToRotate, Role
from activities.access.issuer import Issuer
from activities.access.names import NameRefused
from activities.settings import Settings, settings
from api.http import credential_words as words
from infra.postgres import open_pool, unreachable, wrong_setting
from infra.settings import SettingsError

_NAME_BRANDS = (
    "in production a platform's credential names its brands: `*` is for operators and approvers"
)
_NAME_PERSON = (
    "in production the credential of an operator or approver names its person (--person, such as "
    "`issuer|subject`): two tokens of one person are one person"
)
_NAME_END = "in production a credential ends: `never` is for sandboxes"
_NAME_REASON = "in production whoever changes credentials says why: --reason"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 when it was done, 1 when there was nothing to do, 2 when it was refused."""
    asked = _parser().parse_args(arguments)
    chosen = settings()
    if chosen.profile == "production":
        for refusal in _refusals(asked):
            print(refusal, file=sys.stderr)  # noqa: T201
            return 2
    try:
        return asyncio.run(_run(asked, chosen))
    except NameRefused as refused:
        print(refused, file=sys.stderr)  # noqa: T201
        return 2
    except NothingToRotate as nothing:
        print(nothing, file=sys.stderr)  # noqa: T201
        return 1


def _refusals(asked: argparse.Namespace) -> Iterator[str]:
    """What is not done in production, and why."""
    if asked.command != "list" and asked.reason is None:
        yield _NAME_REASON
    if asked.command != "issue":
        return
    if ALL_BRANDS in asked.brand and Role.PLATFORM in asked.role:
        # A platform moves money for its brands alone; the house itself has policies and health.
        yield _NAME_BRANDS
    if asked.person is None and {Role.OPERATOR, Role.APPROVER} & set(asked.role):
        yield _NAME_PERSON
    if asked.expires is None:
        yield _NAME_END


async def _run(asked: argparse.Namespace, chosen: Settings) -> int:
    at = chosen.postgres
    owner = at.model_copy(update={"url": at.migration_url or at.url, "pool_size": 1})
    async with await open_pool(owner) as pool:
        return await _do(asked, Issuer(pool))


async def _do(asked: argparse.Namespace, issuer: Issuer) -> int:
    if asked.command == "list":
        _table(await issuer.list())
        return 0
    by = By(getpass.getuser(), asked.reason, socket.gethostname())
    if asked.command == "revoke":
        ended = await issuer.revoke(asked.name, by=by)
        _say(f"{ended} revoked")
        return 0 if ended else 1
    if asked.command == "rotate":
        _say(await issuer.rotate(asked.name, asked.overlap, by=by))
        return 0
    token = await issuer.issue(
        asked.name,
        asked.role,
        asked.brand,
        person=asked.person,
        routes=asked.route or [ALL_ROUTES],
        at_most=dict(asked.at_most or []),
        lasts=asked.expires,
        by=by,
    )
    _say(token)
    return 0


_COLUMNS = (
    "NAME", "PERSON", "PREFIX", "ROLES", "BRANDS", "ROUTES", "AT MOST", "ISSUED", "EXPIRES",
    "LAST USED", "STATE",
)  # fmt: skip


def _table(issued: Sequence[Issued]) -> None:
    rows = [_COLUMNS, *(_row(one) for one in issued)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        _say("  ".join(cells).rstrip())


def _row(one: Issued) -> tuple[str, ...]:
    return (
        one.name,
        one.person,
        one.prefix or "-",
        ",".join(one.roles),
        ",".join(one.brands),
        ",".join(one.routes),
        ",".join(f"{amount} {currency}" for currency, amount in one.at_most.items()) or "-",
        _when(one.created_at),
        _when(one.expires_at, "never"),
        _when(one.last_used_at, "never"),
        _state(one),
    )


def _state(one: Issued) -> str:
    if one.revoked_at is not None:
        return f"revoked {_when(one.revoked_at)}"
    if one.expires_at is not None and one.expires_at <= datetime.now(UTC):
        return "expired"
    return "valid"


def _when(at: datetime | None, otherwise: str = "-") -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at is not None else otherwise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api.credentials", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _may_issue(commands.add_parser("issue", help="make a token and print it, once"))
    rotate = commands.add_parser("rotate", help="a new token like the newest of a name")
    rotate.add_argument("--name", required=True, type=words.name)
    rotate.add_argument("--overlap", default="24h", type=words.span, help="of the old one")
    rotate.add_argument("--reason", type=words.reason, help="why, kept for good")
    revoke = commands.add_parser("revoke", help="end every token of a name")
    revoke.add_argument("--name", required=True, type=words.name)
    revoke.add_argument("--reason", type=words.reason, help="why, kept for good")
    commands.add_parser("list", help="what was ever issued; never a token")
    return parser


def _may_issue(issue: argparse.ArgumentParser) -> None:
    issue.add_argument("--name", required=True, type=words.name, help="of the credential")
    issue.add_argument("--person", type=words.person, help="whose; without it, a program's own")
    issue.add_argument("--role", required=True, action="append", type=Role, choices=list(Role))
    issue.add_argument("--brand", required=True, action="append", type=words.brand, help="* is all")
    issue.add_argument(
        "--route", action="append", type=words.route, help="`GET /v1/payments`, `* /v1/cashier/*`"
    )
    issue.add_argument(
        "--at-most", action="append", type=words.bound, help="`500.00 EUR` in one request"
    )
    issue.add_argument("--expires", default="365d", type=words.end, help="90d, 12h or never")
    issue.add_argument("--reason", type=words.reason, help="why, kept for good")


def _variable() -> str:
    given = settings().postgres.migration_url
    return "PAYSAGA_POSTGRES_MIGRATION_URL" if given else "PAYSAGA_POSTGRES_URL"


def _say(line: str) -> None:
    print(line)  # noqa: T201


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SettingsError as wrong:
        sys.exit(str(wrong))
    except asyncpg.InsufficientPrivilegeError:
        sys.exit("credentials belong to the database's owner: set PAYSAGA_POSTGRES_MIGRATION_URL")
    except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError) as failure:
        sys.exit(str(unreachable(failure, _variable())))
    except asyncpg.UndefinedTableError:
        sys.exit(f"{_variable()}: no migration has run there yet: python -m activities.migrations")
    except asyncpg.PostgresError as failure:
        sys.exit(str(wrong_setting(failure, _variable()) or f"the database will not: {failure}"))

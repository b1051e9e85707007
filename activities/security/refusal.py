"""One request that was refused: who knocked and by which rule, never what was said."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_NAMES_AT_MOST = 40
# A name is the sender's text too: one with a long number in it is not kept.
_NAME = re.compile(r"(?!.*[0-9]{6})[a-z][a-z0-9_\-]{0,63}", re.ASCII)

Kind = tuple[str | None, str, str | None]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One request that was refused."""

    psp: str | None
    rule: str
    status: int
    remote: str | None
    header_names: Sequence[str]
    body_bytes: int | None
    """None where the body was not read."""
    body_sha256: str | None
    occurrences: int = 1
    place: str | None = None
    actor: str | None = None

    @property
    def kind(self) -> Kind:
        """What is counted as one."""
        return self.psp, self.rule, self.actor

    @classmethod
    def of(
        cls,
        psp: str,
        rule: str,
        status: int,
        *,
        remote: str | None,
        headers: Iterable[str],
        body: bytes | None,
    ) -> Refusal:
        """Of a webhook."""
        return cls(
            psp=psp,
            rule=rule,
            status=status,
            remote=remote,
            header_names=_proper(headers),
            body_bytes=None if body is None else len(body),
            body_sha256=None if body is None else hashlib.sha256(body).hexdigest(),
        )

    @classmethod
    def of_caller(
        cls,
        rule: str,
        status: int,
        *,
        remote: str | None,
        headers: Iterable[str],
        place: str | None,
        actor: str | None,
    ) -> Refusal:
        """Of the API itself: `place` is method and route, `actor` a credential or a prefix."""
        return cls(
            psp=None,
            rule=rule,
            status=status,
            remote=remote,
            header_names=_proper(headers),
            body_bytes=None,
            body_sha256=None,
            place=place,
            actor=actor,
        )


def _proper(headers: Iterable[str]) -> Sequence[str]:
    return sorted({name for name in headers if _NAME.fullmatch(name)})[:_NAMES_AT_MOST]

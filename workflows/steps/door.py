"""The door of a run: what it lets in was made by our API or inbox, for this very run.

Whoever reaches Temporal can knock. What has no seal of ours changes nothing: a command is refused,
a fact is put aside, and people see that somebody tried. The next genuine one is heard.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from workflows.domain.events import PspEvent
from workflows.domain.seals import FACT, NOT_SEALED, Presented, Seal, canonical

from . import messages, stubs

P = ParamSpec("P")


def when_sealed(validate: Callable[P, None]) -> Callable[P, None]:
    """Of a validator: it judges what carries a seal. What has none passes on to its handler, which
    refuses it and tells people: a validator cannot."""

    shape = signature(validate)

    @wraps(validate)
    def judged(*arguments: P.args, **named: P.kwargs) -> None:
        # Raises TypeError for what no handler could take.
        shape.bind(*arguments, **named)
        if isinstance(arguments[-1], Seal):
            validate(*arguments, **named)

    return judged


class Door:
    def __init__(self, subject: str) -> None:
        """The id of the payment or case that the run is of."""
        self._subject = subject
        self._let_in: set[tuple[str, str]] = set()
        """Facts, by seal and content: told again they are nothing new."""

    async def require(
        self, message: str, seal: object, validate: Callable[..., None], *content: object
    ) -> None:
        """That a command is sealed, and after that may still be obeyed.

        Raises ApplicationError `NotSealed`, and what `validate` raises.
        """
        known = seal if isinstance(seal, Seal) else None
        text = _text_of(content[0] if content else None) if known else ""
        presented = Presented(subject=self._subject, message=message, content=text, seal=known)
        if not (await stubs.check(presented)).genuine:
            raise ApplicationError(
                f"this `{message}` has no seal of our API for {self._subject}: it changes nothing, "
                "and people were told; command payments through the API",
                type=NOT_SEALED,
                non_retryable=True,
            )
        validate(*content, seal)

    async def fact(self, signal: str, arguments: Sequence[RawValue]) -> PspEvent | None:
        """The fact in a signal, if it is ours, new, and can be about this payment."""
        presented = _presented(self._subject, signal, arguments)
        name = (presented.seal.mac if presented.seal else "", presented.content)
        if name in self._let_in or not (await stubs.check(presented)).genuine:
            return None
        self._let_in.add(name)
        return await messages.event_in(arguments, self._subject)


def _presented(subject: str, signal: str, arguments: Sequence[RawValue]) -> Presented:
    """As far as it can be read: content that nobody can read is not what was sealed."""
    content: Any = None
    try:
        content = json.loads(arguments[0].payload.data)
    except Exception:  # noqa: BLE001 - whatever foreign bytes make of those who read them
        content = None
    text = _text_of(content)
    known = content if isinstance(content, dict) else {}
    return Presented(
        subject=subject,
        message=signal,
        content=text,
        seal=_seal_in(arguments) if signal == FACT and len(arguments) == 2 else None,
        psp=str(known.get("psp", "")),
        event_id=str(known.get("event_id", "")),
    )


def _text_of(content: object) -> str:
    """Empty where it cannot be read."""
    try:
        return canonical(content)
    except (ValueError, TypeError, RecursionError):
        return ""


def _seal_in(arguments: Sequence[RawValue]) -> Seal | None:
    try:
        seal = workflow.payload_converter().from_payload(arguments[1].payload, Seal)
    except Exception:  # noqa: BLE001 - likewise
        return None
    return seal if isinstance(seal, Seal) else None

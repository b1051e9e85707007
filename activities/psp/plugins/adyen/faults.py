"""Requests that Adyen answers with an error: whether it did nothing, and whose fault it was.

An error has a type, whatever its HTTP status. Of `configuration`, `validation` and `security` Adyen
says that the request was not executed; `internal`, and an error without a type, leave doubt.
Source: docs.adyen.com/development-resources/error-codes, read on 2026-11-24.
"""

from __future__ import annotations

from enum import StrEnum

import orjson
import structlog
from pydantic import ValidationError

from activities.psp.wire import Answer, InDoubt, NeverSent
from workflows.domain.declines import DeclineReason
from workflows.domain.psp import Declined

from .declines import not_mapped, spoken
from .messages import FaultMessage

log = structlog.get_logger("paysaga.psp")

SOFT, HARD = True, False


class Kind(StrEnum):
    """Adyen's types of errors that say that nothing was executed."""

    CONFIGURATION = "configuration"
    """Of our merchant account: another one may do it."""
    VALIDATION = "validation"
    """Of what was asked: asked again it is refused again."""
    SECURITY = "security"
    """Of our key or its rights: another account may do it, and somebody must look."""


IN_PROGRESS, RATE_LIMITED, NO_RESOURCE = "704", "705", "703"
BUSY = frozenset({IN_PROGRESS, RATE_LIMITED, NO_RESOURCE})
"""`errorCode`s that decide nothing, whatever their type: the same key is being worked on (704),
we ask too often (705), something of theirs is away for the moment (703)."""

_TYPED = frozenset({400, 404, 422, 500})
"""HTTP statuses under which the type of an error is believed. What a gateway or an overload makes
(408, 409, 429, 502, 503, 504) is no answer, whatever stands in it."""

_BY_PAGE = {
    "validation": Kind.VALIDATION,
    "not-found": Kind.VALIDATION,
    "configuration": Kind.CONFIGURATION,
    "security": Kind.SECURITY,
    "forbidden": Kind.SECURITY,
    "unauthorized": Kind.SECURITY,
    "unauthorised": Kind.SECURITY,
}
"""The younger APIs name the type by a page of docs.adyen.com/errors/ (RFC 7807)."""

FAULTS: dict[str, tuple[DeclineReason, bool]] = {
    "0": (DeclineReason.INVALID_REQUEST, HARD),
    "000": (DeclineReason.INVALID_REQUEST, HARD),
    "10": (DeclineReason.ACCOUNT_MISCONFIGURED, SOFT),
    "010": (DeclineReason.ACCOUNT_MISCONFIGURED, SOFT),
    "100": (DeclineReason.INVALID_REQUEST, HARD),
    "101": (DeclineReason.INVALID_CARD, HARD),
    "102": (DeclineReason.CARD_NOT_SUPPORTED, HARD),
    "103": (DeclineReason.INVALID_CVV, HARD),
    "104": (DeclineReason.INVALID_ADDRESS, HARD),
    "105": (DeclineReason.AUTHENTICATION_FAILED, HARD),
    "107": (DeclineReason.NOT_PERMITTED, HARD),
    "129": (DeclineReason.EXPIRED_CARD, HARD),
    "130": (DeclineReason.INVALID_REQUEST, HARD),
    "131": (DeclineReason.INVALID_ADDRESS, HARD),
    "132": (DeclineReason.INVALID_ADDRESS, HARD),
    "133": (DeclineReason.INVALID_ADDRESS, HARD),
    "134": (DeclineReason.INVALID_ADDRESS, HARD),
    "135": (DeclineReason.INVALID_ADDRESS, HARD),
    "137": (DeclineReason.INVALID_REQUEST, HARD),
    "138": (DeclineReason.CURRENCY_NOT_SUPPORTED, SOFT),
    "139": (DeclineReason.INVALID_REQUEST, HARD),
    "140": (DeclineReason.INVALID_CARD, HARD),
    "141": (DeclineReason.INVALID_CARD, HARD),
    "161": (DeclineReason.INVALID_DESTINATION, HARD),
    "167": (DeclineReason.INVALID_REQUEST, HARD),
    "177": (DeclineReason.INVALID_REQUEST, HARD),
    "178": (DeclineReason.INVALID_REQUEST, HARD),
    "187": (DeclineReason.INVALID_REQUEST, HARD),
    "702": (DeclineReason.INVALID_REQUEST, HARD),
    "800": (DeclineReason.UNKNOWN_TOKEN, HARD),
    "802": (DeclineReason.UNKNOWN_TOKEN, HARD),
    "803": (DeclineReason.UNKNOWN_TOKEN, HARD),
    "805": (DeclineReason.UNKNOWN_TOKEN, HARD),
    "901": (DeclineReason.ACCOUNT_MISCONFIGURED, SOFT),
    "902": (DeclineReason.INVALID_REQUEST, HARD),
    "905": (DeclineReason.ACCOUNT_MISCONFIGURED, SOFT),
    "907": (DeclineReason.CURRENCY_NOT_SUPPORTED, SOFT),
    "14_006": (DeclineReason.INVALID_REQUEST, HARD),
    "14_012": (DeclineReason.INVALID_REQUEST, HARD),
    "14_018": (DeclineReason.INVALID_REQUEST, HARD),
    "14_030": (DeclineReason.INVALID_REQUEST, HARD),
}
"""By `errorCode`. 905_1, 905_3 … are read as 905: our account has no acquirer for it."""


def not_done(answer: Answer, psp_account: str = "") -> Declined:
    """What an answer promises that is no 2xx. Raises NeverSent or InDoubt."""
    code, kind = refusal_of(answer, psp_account)
    return not_taken(code, kind)


def refusal_of(answer: Answer, psp_account: str = "") -> tuple[str, Kind]:
    """Adyen's code and type of a request that it certainly did not execute. Raises NeverSent or
    InDoubt. `psp_account` is named in the alert where our key or its rights are at fault."""
    fault = _fault_in(answer)
    code = fault.code if fault else ""
    if answer.status in (401, 403) and fault is not None:
        _alert(code, psp_account)
        raise NeverSent(f"HTTP {answer.status}: Adyen does not take this API key and did nothing")
    passing = answer.headers.get("transient-error", "").lower() == "true"
    if fault is None or answer.status not in _TYPED or code in BUSY or passing:
        raise InDoubt(f"HTTP {answer.status}")
    kind = kind_of(fault)
    if kind is None:
        raise InDoubt(f"HTTP {answer.status} of no type that says that nothing was done")
    if kind is Kind.SECURITY:
        _alert(code, psp_account)
    return code, kind


def not_taken(code: str, kind: Kind) -> Declined:
    """A request that Adyen refused to execute, in our words."""
    shown = spoken(code) or "none"
    known = FAULTS.get(code) or FAULTS.get(code.partition("_")[0])
    if kind in (Kind.CONFIGURATION, Kind.SECURITY):
        is_soft = known is not None and known[1]
        reason = known[0] if known and is_soft else DeclineReason.ACCOUNT_MISCONFIGURED
        log.warning("psp_account_misconfigured", psp="adyen", code=shown, type=str(kind))
        return Declined(reason, SOFT, shown)
    if known is None:
        not_mapped(shown)
    reason, soft = known or (DeclineReason.UNMAPPED, HARD)
    if reason in (DeclineReason.INVALID_REQUEST, DeclineReason.UNMAPPED):
        # Nothing that a player or a bank did: what we wrote is wrong.
        log.error("psp_request_invalid", psp="adyen", code=shown)
    return Declined(reason, soft, shown)


def kind_of(fault: FaultMessage) -> Kind | None:
    """None for an error that may have happened on the way."""
    page = fault.page.rstrip("/").rpartition("/")[2] if "/errors/" in fault.page else ""
    try:
        return Kind(fault.kind)
    except ValueError:
        return _BY_PAGE.get(page)


def _fault_in(answer: Answer) -> FaultMessage | None:
    try:
        return FaultMessage.model_validate(orjson.loads(answer.body))
    except (orjson.JSONDecodeError, ValidationError):
        return None


def _alert(code: str, psp_account: str) -> None:
    shown = spoken(code) or "none"
    log.error("psp_key_refused", psp="adyen", merchant_account=psp_account, code=shown)

"""Speaks to the sandbox PSP: one HTTP exchange per instruction, under the instruction's key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activities.psp.contract import Delivery, Method, WebhookRequest
from activities.psp.wire import Answer, InDoubt, NeverSent, Wire
from workflows.domain.money import MoneyError
from workflows.domain.psp import (
    Authentication,
    AuthorizeInstruction,
    CaptureInstruction,
    Declined,
    Finding,
    Instruction,
    Lookup,
    NotFound,
    Operation,
    PayoutInstruction,
    RefundInstruction,
    Reply,
    SellInstruction,
    VoidInstruction,
)

from .messages import OPERATIONS, FaultMessage, OperationMessage
from .methods import METHODS
from .settings import SandboxSettings
from .webhooks import Ear


class SandboxAdapter:
    """The plainest of all plugins: one path for each operation, one shape of every answer. Begin to
    read here."""

    def __init__(self, settings: SandboxSettings, wire: Wire | None = None) -> None:
        self._settings = settings
        self._wire = wire or Wire(settings.url)
        self._ear = Ear(settings.webhook_keys)

    @property
    def methods(self) -> Mapping[str, Method]:
        """Some are holds, some sales, as with real PSPs."""
        return METHODS

    async def authorize(self, instruction: AuthorizeInstruction) -> Reply:
        """`POST /v1/authorizations`; the token says what becomes of it."""
        return await self._authorize(instruction)

    async def sell(self, instruction: SellInstruction) -> Reply:
        """The same with `capture`: the money is taken at once. Refunded is it under its own id."""
        return await self._authorize(instruction, capture=True)

    async def _authorize(self, instruction: AuthorizeInstruction, **more: bool) -> Reply:
        body = {
            "method": instruction.method,
            "payment_token": instruction.payment_token,
            "player_id": instruction.player_id,
            "return_url": instruction.return_url,
            **_proof(instruction.authentication),
            **more,
        }
        return await self._do(instruction, "/v1/authorizations", body | _money(instruction))

    async def capture(self, instruction: CaptureInstruction) -> Reply:
        path = f"/v1/authorizations/{instruction.psp_ref}/captures"
        return await self._do(instruction, path, _money(instruction))

    async def void(self, instruction: VoidInstruction) -> Reply:
        """By the authorization's id, or by our reference where it was lost. What a sale took goes
        back."""
        body: dict[str, Any] = {"give_back": True} if instruction.sale else {}
        if instruction.psp_ref is not None:
            path = f"/v1/authorizations/{instruction.psp_ref}/voids"
            return await self._do(instruction, path, body)
        body |= {"authorization_reference": instruction.authorize_key}
        return await self._do(instruction, "/v1/voids", body)

    async def refund(self, instruction: RefundInstruction) -> Reply:
        path = f"/v1/captures/{instruction.psp_ref}/refunds"
        return await self._do(instruction, path, _money(instruction))

    async def payout(self, instruction: PayoutInstruction) -> Reply:
        """`POST /v1/payouts`; the destination says what becomes of it."""
        body = {
            "method": instruction.method,
            "destination": instruction.destination,
            "player_id": instruction.player_id,
        }
        return await self._do(instruction, "/v1/payouts", body | _money(instruction))

    async def look_up(self, lookup: Lookup) -> Finding:
        """`GET /v1/operations?reference=<key>`. NotFound is always safe to repeat. Raises InDoubt
        for another's operation."""
        answer = await self._wire.exchange(
            "GET",
            "/v1/operations",
            headers=self._headers(lookup),
            params={"reference": lookup.key},
        )
        # Its own word, not that of a gateway that knows no such page.
        if answer.status == 404 and answer.read(FaultMessage).error.code == "not_found":
            return NotFound(safe_to_repeat=True)
        if answer.status != 200:
            raise InDoubt(f"HTTP {answer.status}")
        operation = answer.read(OperationMessage)
        _same("operation", OPERATIONS.get(operation.operation), lookup.operation)
        if lookup.psp_ref is not None:
            _same("id", operation.id, lookup.psp_ref)
        if lookup.amount is not None and not operation.met_nothing:
            _same("currency", operation.currency, lookup.amount.currency)
        return _reply(operation, lookup)

    async def hear(self, request: WebhookRequest) -> Delivery:
        return self._ear.hear(request)

    async def aclose(self) -> None:
        await self._wire.aclose()

    async def _do(
        self, instruction: Instruction, path: str, body: Mapping[str, Any] | None = None
    ) -> Reply:
        answer = await self._wire.exchange(
            "POST",
            path,
            headers=self._headers(instruction) | {"Idempotency-Key": instruction.key},
            json={"reference": instruction.key, **(body or {})},
        )
        if answer.status != 200:
            return _refused(answer)
        operation = answer.read(OperationMessage)
        if operation.met_nothing:
            operation = operation.model_copy(update={"currency": instruction.amount.currency})
        _about(operation, instruction)
        return _reply(operation, instruction)

    def _headers(self, question: Instruction | Lookup) -> dict[str, str]:
        key = self._settings.key_of(question.account.id)
        if key is None:
            raise NeverSent(f"the sandbox PSP has no merchant account {question.account.id}")
        return {
            "Authorization": f"Bearer {key.get_secret_value()}",
            "X-Trace-Id": question.trace_id,
        }


def _proof(given: Authentication | None) -> dict[str, Any]:
    """What the player has proved through another PSP: there will be no challenge."""
    if given is None:
        return {}
    names = ("scheme", "version", "eci", "cavv", "ds_trans_id")
    return {"three_ds": {name: getattr(given, name) for name in names}}


def _money(instruction: Instruction) -> dict[str, Any]:
    amount = instruction.amount
    return {"amount": amount.minor_units, "currency": amount.currency}


def _refused(answer: Answer) -> Declined:
    """What an answer that is no operation promises. Raises NeverSent or InDoubt."""
    if answer.status in (429, 503) and "retry-after" in answer.headers:
        raise NeverSent(f"HTTP {answer.status}: the PSP is busy and did nothing")
    code = answer.read(FaultMessage).error.code
    if answer.status == 401:
        raise NeverSent("HTTP 401: the PSP does not know our key and did nothing")
    if answer.status in (400, 404, 422):
        return Declined("invalid_request", soft=False, code=code)
    # 409 among them: something was or is being done under this key.
    raise InDoubt(f"HTTP {answer.status}")


def _about(operation: OperationMessage, instruction: Instruction) -> None:
    """The answer is to this question, or it is none. Raises InDoubt."""
    match instruction:
        case AuthorizeInstruction():
            asked = Operation.AUTHORIZE
        case CaptureInstruction():
            asked = Operation.CAPTURE
            _same("authorization_id", operation.authorization_id, instruction.psp_ref)
        case VoidInstruction():
            asked = Operation.VOID
            if instruction.psp_ref is not None:
                _same("authorization_id", operation.authorization_id, instruction.psp_ref)
        case RefundInstruction():
            asked = Operation.REFUND
            _same("capture_id", operation.capture_id, instruction.psp_ref)
        case _:
            asked = Operation.PAYOUT
    _same("operation", OPERATIONS.get(operation.operation), asked)
    _same("currency", operation.currency, instruction.amount.currency)


def _reply(operation: OperationMessage, question: Instruction | Lookup) -> Reply:
    _same("reference", operation.reference, question.key)
    _same("merchant_account", operation.merchant_account, question.account.id)
    try:
        return operation.reply()
    except MoneyError:
        raise InDoubt("the answer is in no currency") from None


def _same(what: str, answered: object, asked: object) -> None:
    if answered != asked:
        raise InDoubt(f"the answer is about another {what}")

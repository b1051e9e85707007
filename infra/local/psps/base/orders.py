"""How orders to a fake PSP are read, who may give them, and how they are refused."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from infra.local.psps.base.wire import Refused, json_response

Handler = Callable[[Request], Awaitable[Response]]
Refuse = Callable[[int, str, str], Refused]
"""By status, a code for programs and a message for people."""
Known = TypeVar("Known", bound=BaseModel)


class Read(Protocol):
    async def __call__(self, request: Request, model: type[Known], /) -> Known:
        """Raises Refused."""
        ...


def refuse(status: int, code: str, message: str) -> Refused:
    return Refused(json_response({"error": message}, status))


async def read(request: Request, model: type[Known], /) -> Known:
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as failure:
        problems = [
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in failure.errors()
        ]
        raise refuse(422, "invalid_field", "; ".join(problems)) from None


@dataclass(frozen=True)
class Manners:
    read: Read = read
    refuse: Refuse = refuse


def from_loopback(handler: Handler, refuse: Refuse = refuse) -> Handler:
    """Also for the commands that one PSP alone has, under `/_control` as well."""

    async def guarded(request: Request) -> Response:
        if request.client is None or not ipaddress.ip_address(request.client.host).is_loopback:
            raise refuse(403, "loopback_only", "this is for the machine it runs on")
        return await handler(request)

    return guarded

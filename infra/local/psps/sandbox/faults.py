"""Which requests meet a fault that was ordered: by operation, by account, by dice.

A fault is in front of the idempotency keys: a repeat is answered as if the first answer had
arrived. `status_503` and `status_429` come with Retry-After; how slow `slow` is says a setting.
"""

from __future__ import annotations

import random
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr

from infra.local.psps.base import faults
from infra.local.psps.base.faults import Faults

Kind = Literal[
    "lost_before",
    "lost_after",
    "status_500_before",
    "status_500_after",
    "status_503",
    "status_429",
    "garbage",
    "html_200",
    "slow",
    "reset",
]


class Fault(faults.Fault):
    """`probability` of each matching request, by dice of `seed`, which begin anew at a restart."""

    operation: Literal[
        "authorization", "sale", "capture", "void", "refund", "payout", "status", "*"
    ]
    """`authorization` is every one, `sale` those alone that take the money at once."""
    fault: Kind
    probability: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0
    seed: int | None = None
    merchant_account: Literal["primary", "secondary"] | None = None
    """Without it, whichever account asks."""
    _dice: random.Random = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311

    def meets(self, operation: str, account: str) -> bool:
        names = (operation, "authorization") if operation == "sale" else (operation,)
        is_operation = self.operation in (*names, "*")
        is_account = self.merchant_account in (None, account)
        return is_operation and is_account and self._dice.random() < self.probability


def strike(ordered: Faults[Fault], operation: str, account: str) -> Kind | None:
    struck = ordered.strike(lambda fault: fault.meets(operation, account))
    return None if struck is None else struck.fault

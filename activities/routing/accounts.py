"""Answers the Routing port from the merchant accounts in the settings."""

from __future__ import annotations

from collections.abc import Sequence

from infra.settings import Account
from workflows.domain.payments import Route, RouteRequest
from workflows.domain.psp import MerchantAccount
from workflows.ports import Routing


class AccountsInOrder(Routing):
    """Every account that serves the brand, region, method and currency, as listed."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._accounts = accounts

    async def route(self, request: RouteRequest) -> Route:
        return Route(
            tuple(
                MerchantAccount(account.psp, account.id)
                for account in self._accounts
                if _serves(account.brands, request.brand)
                and _serves(account.regions, request.region)
                and _serves(account.methods, request.method)
                and _serves(account.currencies, request.currency)
            )
        )


def _serves(served: Sequence[str], wanted: str) -> bool:
    return "*" in served or wanted in served

"""Answers the Routing port from the merchant accounts in the settings and the switches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from activities.routing.switches import Switch, Switches
from infra.settings import Account
from workflows.domain.payments import Kind, Route, RouteRequest
from workflows.domain.psp import MerchantAccount
from workflows.ports import Routing


class AccountsInOrder(Routing):
    """Every account that serves the brand, region, method and currency and is on, as listed."""

    def __init__(
        self,
        accounts: Sequence[Account],
        switches: Switches,
        pays_players: Callable[[str], bool] = lambda psp: True,
    ) -> None:
        self._accounts = accounts
        self._switches = switches
        self._pays_players = pays_players

    async def route(self, request: RouteRequest) -> Route:
        switches = await self._switches.current()
        return Route(
            tuple(
                MerchantAccount(account.psp, account.id)
                for account in self._accounts
                if _serves(account.brands, request.brand)
                and _serves(account.regions, request.region)
                and _serves(account.methods, request.method)
                and _serves(account.currencies, request.currency)
                and (request.kind is not Kind.PAYOUT or self._pays_players(account.psp))
                and _is_on(account, request, switches)
            )
        )


def _serves(served: Sequence[str], wanted: str) -> bool:
    return "*" in served or wanted in served


def _is_on(account: Account, request: RouteRequest, switches: Sequence[Switch]) -> bool:
    return not any(
        switch.stops(
            brand=request.brand, psp=account.psp, account=account.id, method=request.method
        )
        for switch in switches
    )

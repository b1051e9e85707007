"""The calls of the lookalike of Adyen."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.psps.adyen import (
    errors,
    links,
    modifying,
    notices,
    parameters,
    paying,
    payouts,
    reports,
    sessions,
    transfers,
)
from infra.local.psps.adyen.commands import Commands
from infra.local.psps.adyen.endpoint import Endpoint
from infra.local.psps.adyen.errors import AdyenError
from infra.local.psps.adyen.hosted import HostedPages
from infra.local.psps.adyen.store import Store
from infra.local.psps.base.context import Context, Dialect
from infra.local.psps.base.wire import json_response

CHECKOUT, PAYOUT, TRANSFERS = "/v71", "/pal/servlet/Payout/v68", "/btl/v4"
_REPORT = "/reports/download/MerchantAccount/{account}/{file}"


def build(context: Context) -> Dialect:
    store = Store(context)
    endpoint = Endpoint(store)
    return Dialect(
        routes=[
            *_checkout(endpoint),
            *_payout(endpoint),
            *_transfers(endpoint),
            *HostedPages(store).routes(),
            *Commands(store).routes(),
            Route(_REPORT, Download(store, endpoint).report, methods=["GET"]),
        ],
        answer=errors.answer,
        sign=store.notices.sign,
        accepts=notices.accepts,
    )


def _checkout(endpoint: Endpoint) -> list[Route]:
    of = "/payments/{id}"
    calls = [
        ("POST", "/payments", paying.pay, parameters.PAYMENT, 200),
        ("POST", "/payments/details", paying.details, parameters.DETAILS, 200),
        ("POST", f"{of}/captures", modifying.capture, parameters.CAPTURE, 201),
        ("POST", f"{of}/cancels", modifying.cancel, parameters.CANCEL, 201),
        ("POST", f"{of}/refunds", modifying.refund, parameters.REFUND, 201),
        ("POST", f"{of}/reversals", modifying.reverse, parameters.REVERSAL, 201),
        ("POST", f"{of}/amountUpdates", modifying.update, parameters.AMOUNT_UPDATE, 201),
        ("POST", "/cancels", modifying.technical_cancel, parameters.TECHNICAL_CANCEL, 201),
        ("POST", "/sessions", sessions.create, parameters.SESSION, 201),
        ("GET", "/sessions/{id}", sessions.result, None, 200),
        ("POST", "/paymentLinks", links.create, parameters.LINK, 201),
        ("GET", "/paymentLinks/{id}", links.read, None, 200),
        ("PATCH", "/paymentLinks/{id}", links.update, parameters.LINK_UPDATE, 200),
    ]
    return [
        Route(f"{CHECKOUT}{path}", endpoint.handler(rule, known, status=status), methods=[method])
        for method, path, rule, known, status in calls
    ]


def _payout(endpoint: Endpoint) -> list[Route]:
    store, review = "store_payout_key", "review_payout_key"
    calls = [
        ("/submitThirdParty", payouts.submit, parameters.SUBMIT, store),
        (
            "/storeDetailAndSubmitThirdParty",
            payouts.store_and_submit,
            parameters.STORE_AND_SUBMIT,
            store,
        ),
        ("/confirmThirdParty", payouts.confirm, parameters.MODIFY, review),
        ("/declineThirdParty", payouts.decline, parameters.MODIFY, review),
    ]
    return [
        Route(f"{PAYOUT}{path}", endpoint.handler(rule, known, right=right), methods=["POST"])
        for path, rule, known, right in calls
    ]


def _transfers(endpoint: Endpoint) -> list[Route]:
    right, one = "transfer_key", f"{TRANSFERS}/transfers/{{id}}"
    make = endpoint.handler(transfers.make, parameters.TRANSFER, status=202, right=right)
    find = endpoint.handler(transfers.find, None, right=right)
    show = endpoint.handler(transfers.show, None, right=right)
    return [
        Route(f"{TRANSFERS}/transfers", make, methods=["POST"]),
        Route(f"{TRANSFERS}/transfers", find, methods=["GET"]),
        Route(one, show, methods=["GET"]),
    ]


class Download:
    def __init__(self, store: Store, endpoint: Endpoint) -> None:
        self._store, self._endpoint = store, endpoint

    async def report(self, request: Request) -> Response:
        try:
            account = self._endpoint.account(reports.given_key(dict(request.headers)), "api_key")
        except AdyenError as error:
            return json_response(error.body, error.status)
        asked = (request.path_params["account"], request.path_params["file"])
        report = self._store.reports.get(asked)
        if report is None or asked[0] != self._store.merchant_account(account):
            return errors.answer(404)
        return Response(report, media_type="text/csv")

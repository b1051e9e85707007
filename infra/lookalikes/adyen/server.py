"""The calls of the lookalike of Adyen."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.lookalikes.adyen import (
    errors,
    links,
    modifying,
    notices,
    parameters,
    paying,
    payouts,
    reports,
    sessions,
)
from infra.lookalikes.adyen.books import Books
from infra.lookalikes.adyen.commands import Commands
from infra.lookalikes.adyen.desk import Desk
from infra.lookalikes.adyen.errors import AdyenError
from infra.lookalikes.adyen.hosted import HostedPages
from infra.lookalikes.ground import Dialect, Ground
from infra.sandbox_psp.wire import json_response

CHECKOUT, PAYOUT = "/v71", "/pal/servlet/Payout/v68"
_REPORT = "/reports/download/MerchantAccount/{account}/{file}"


def build(ground: Ground) -> Dialect:
    books = Books(ground)
    desk = Desk(books)
    return Dialect(
        routes=[
            *_checkout(desk),
            *_payout(desk),
            *HostedPages(books).routes(),
            *Commands(books).routes(),
            Route(_REPORT, Download(books, desk).report, methods=["GET"]),
        ],
        answer=errors.answer,
        sign=books.notices.sign,
        accepts=notices.accepts,
    )


def _checkout(desk: Desk) -> list[Route]:
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
        Route(f"{CHECKOUT}{path}", desk.endpoint(rule, known, status=status), methods=[method])
        for method, path, rule, known, status in calls
    ]


def _payout(desk: Desk) -> list[Route]:
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
        Route(f"{PAYOUT}{path}", desk.endpoint(rule, known, right=right), methods=["POST"])
        for path, rule, known, right in calls
    ]


class Download:
    def __init__(self, books: Books, desk: Desk) -> None:
        self._books, self._desk = books, desk

    async def report(self, request: Request) -> Response:
        try:
            account = self._desk.account(reports.given_key(dict(request.headers)), "api_key")
        except AdyenError as error:
            return json_response(error.body, error.status)
        asked = (request.path_params["account"], request.path_params["file"])
        report = self._books.reports.get(asked)
        if report is None or asked[0] != self._books.merchant_account(account):
            return errors.answer(404)
        return Response(report, media_type="text/csv")

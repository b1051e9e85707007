"""Lists: the newest first, by pages that begin behind an id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from infra.local.psps.stripe import views
from infra.local.psps.stripe.errors import invalid, missing
from infra.local.psps.stripe.forms import Form, members
from infra.local.psps.stripe.rules import Call
from infra.local.psps.stripe.store import Store

_QUERY = re.compile(r"metadata\['([^']+)'\]:'([^']+)'")


def intents(store: Store, call: Call) -> views.View:
    mine = [each for each in store.intents.values() if each.account == call.account]
    made = (store.view(each, expanded=call.expands) for each in mine)
    return _page("/v1/payment_intents", made, call.form)


def refunds(store: Store, call: Call) -> views.View:
    asked = call.form
    made = (views.refund(each) for each in store.refunds.values() if each.account == call.account)
    return _page("/v1/refunds", made, asked, ("payment_intent", "charge"))


def search(store: Store, call: Call) -> views.View:
    """Only by one member of the metadata: `metadata['key']:'value'`."""
    asked = _QUERY.fullmatch(call.form.get("query", ""))
    if asked is None:
        raise invalid("We were unable to parse your search query.", param="query")
    name, value = asked.groups()
    mine = [each for each in store.intents.values() if each.account == call.account]
    found = [store.view(each) for each in mine if each.metadata.get(name) == value]
    limit = _limit(call.form.get("limit", "10"))
    shown = found[:limit]
    more = len(found) > limit
    url = "/v1/payment_intents/search"
    return {"object": "search_result", "url": url, "has_more": more, "data": shown}


def sessions(store: Store, call: Call) -> views.View:
    mine = [each for each in store.sessions.values() if each.account == call.account]
    made = (store.session_view(each) for each in mine)
    return _page("/v1/checkout/sessions", made, call.form, ("payment_intent", "status"))


def balance_transactions(store: Store, call: Call) -> views.View:
    asked = call.form
    made = (
        views.balance_transaction(each)
        for each in store.transactions
        if each.account == call.account
    )
    # None is part of a payout yet: asked for those of one, the list is empty.
    names = ("type", "source", "currency", "payout")
    return _page("/v1/balance_transactions", made, asked, names)


def _page(
    url: str, made: Iterable[views.View], asked: Form, filters: Sequence[str] = ()
) -> views.View:
    """`filters`: members that must be as asked, where something is asked."""
    found = [
        each
        for each in reversed(list(made))
        if _within(each["created"], members(asked, "created"))
        and all(each.get(name) == asked[name] for name in filters if name in asked)
    ]
    if after := asked.get("starting_after"):
        ids = [each["id"] for each in found]
        if after not in ids:
            raise missing("object", after, param="starting_after", status=400)
        found = found[ids.index(after) + 1 :]
    limit = _limit(asked.get("limit", "10"))
    return {"object": "list", "url": url, "has_more": len(found) > limit, "data": found[:limit]}


def _within(created: int, bounds: dict[str, str]) -> bool:
    holds = {
        "gt": lambda bound: created > bound,
        "gte": lambda bound: created >= bound,
        "lt": lambda bound: created < bound,
        "lte": lambda bound: created <= bound,
    }
    if not all(name in holds and value.isdecimal() for name, value in bounds.items()):
        raise invalid("Invalid timestamp.", param="created")
    return all(holds[name](int(value)) for name, value in bounds.items())


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise invalid("limit must be between 1 and 100.", param="limit")
    return int(text)

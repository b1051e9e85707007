"""The page of payments that fit what is sought."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Subquery, and_, exists, func, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from activities.registry.cursors import place_of
from activities.registry.sought import Sought, Term
from activities.registry.tables import SearchTermRow
from activities.registry.visibility import ALL_BRANDS
from workflows.domain.identity import PREFIXES, Kind


def page_of_terms(sought: Sought) -> Subquery:
    """One row for each payment of the page, and one more, in the order of the table's key: so no
    more is read than is shown, however many payments there are of a value."""
    first, *others = sought.terms or _refuse()
    place = (col(SearchTermRow.created_at), col(SearchTermRow.payment_id))
    wanted = [_is(SearchTermRow, first), *(_is_too(term) for term in others)]
    if ALL_BRANDS not in sought.brands:
        wanted.append(col(SearchTermRow.brand).in_(list(sought.brands)))
    if sought.kind is not None:
        wanted.append(col(SearchTermRow.payment_id).startswith(PREFIXES[Kind(sought.kind)]))
    if sought.created_from is not None:
        wanted.append(place[0] >= sought.created_from)
    if sought.created_to is not None:
        wanted.append(place[0] < sought.created_to)
    if sought.cursor is not None:
        wanted.append(tuple_(*place) < place_of(sought.cursor))
    return (
        select(*place, func.array_agg(col(SearchTermRow.word)).label("words"))
        .where(*wanted)
        .group_by(*place)
        .order_by(*(column.desc() for column in place))
        .limit(sought.limit + 1)
        .subquery()
    )


def _is(row: type[SearchTermRow], term: Term) -> ColumnElement[bool]:
    value, words = term
    return and_(col(row.value) == value, col(row.word).in_(list(words)))


def _is_too(term: Term) -> ColumnElement[bool]:
    other = aliased(SearchTermRow)
    return exists().where(
        _is(other, term),
        col(other.created_at) == col(SearchTermRow.created_at),
        col(other.payment_id) == col(SearchTermRow.payment_id),
    )


def _refuse() -> Sequence[Term]:
    raise ValueError("a search needs something to go by")

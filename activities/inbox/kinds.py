"""The types of one delivery as they are counted: few, short and plain."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from workflows.domain.card_data import has_card_data

_LONGEST = 100
_AT_MOST = 50
"""Kinds of one delivery; what is beyond is counted as one."""
_OTHERS = "(others)"
_HIDDEN = "(hidden)"
_UNPRINTABLE = re.compile(r"[^ -~]")


def kinds_of(ignored: Sequence[str], unknown: Sequence[str]) -> dict[tuple[str, bool], int]:
    """By type and whether it is known: unknown ones first, and not too many."""
    kinds = [*((_shown(t), False) for t in unknown), *((_shown(t), True) for t in ignored)]
    counted: Counter[tuple[str, bool]] = Counter()
    for kind in kinds:
        counted[kind if kind in counted or len(counted) < _AT_MOST else (_OTHERS, kind[1])] += 1
    return counted


def _shown(type_: str) -> str:
    """The PSP's text: one line of plain characters, and not a long one."""
    if has_card_data(type_):
        return _HIDDEN
    return _UNPRINTABLE.sub("?", type_)[:_LONGEST] or "?"

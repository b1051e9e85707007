"""Rules that never hold, rules that earlier ones leave nothing to, rules that find no account.

Whatever is reported is proved over every fact there could be. What is too large to be proved is not
reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workflows.domain.routing.accounts import ANY, Accounts, MerchantAccountProfile, key_of_account
from workflows.domain.routing.policy.fields import Field
from workflows.domain.routing.policy.rules import (
    Action,
    Exhausted,
    Policy,
    Refuse,
    Rule,
    accounts_of,
)

from .boxes import Box, boxes_of, meet, overlap, subtract
from .extents import AMOUNTS, NO_AMOUNT, Extent, Monies, Spans, Words
from .flaws import Flaw

MOST_STEPS = 300_000
"""Of the proofs about one policy: seconds. Then the rest is taken to be reachable."""


def flaws_of_reach(policy: Policy, accounts: Accounts, sound: Sequence[int]) -> Iterator[Flaw]:
    """Of the rules with these numbers, which have no other flaw."""
    taken: list[tuple[str, Box]] = []
    steps = iter(range(MOST_STEPS))
    for number in sound:
        rule, place = policy.rules[number], f"/rules/{number}"
        boxes = boxes_of(rule.when)
        if boxes is None:
            continue
        if not boxes:
            yield Flaw(f"{place}/when", "contradiction", "a condition that some payment can meet")
            continue
        shadows = _shadows(boxes, taken, steps)
        if shadows:
            names = ", ".join(shadows)
            yield Flaw(place, "unreachable", f"a rule that earlier ones leave payments to: {names}")
        elif not _finds(rule.then, boxes, accounts):
            sentence = "at least one account that serves such payments"
            yield Flaw(f"{place}/then", "empty_result", sentence)
        if _decides(rule):
            taken += [(rule.name, box) for box in boxes]


def _decides(rule: Rule) -> bool:
    """Whether no later rule is looked at once this one holds, whatever accounts there are."""
    return isinstance(rule.then, Refuse) or rule.if_none_allowed is Exhausted.REFUSE


def _shadows(boxes: list[Box], taken: Sequence[tuple[str, Box]], steps: Iterator[int]) -> list[str]:
    """The earlier rules that leave nothing. None: something is left, or it is not worked out."""
    touching = [(name, other) for name, other in taken if any(overlap(box, other) for box in boxes)]
    others = [other for _, other in touching]
    if any(_is_left(box, others, steps) for box in boxes):
        return []
    return list(dict.fromkeys(name for name, _ in touching))


def _is_left(box: Box, taken: Sequence[Box], steps: Iterator[int]) -> bool:
    """Whether something of the box is in none of those taken; true where it is not worked out."""
    pieces = [(box, 0)]
    while pieces:
        piece, begin = pieces.pop()
        for number in range(begin, len(taken)):
            if next(steps, None) is None:
                return True
            if overlap(piece, taken[number]):
                pieces += [(rest, number + 1) for rest in subtract(piece, taken[number])]
                break
        else:
            return True
    return False


def _finds(action: Action, boxes: list[Box], accounts: Accounts) -> bool:
    """Whether some payment of the boxes can be served by some account of the action."""
    if isinstance(action, Refuse):
        return True
    profiles = (accounts.by_key[key_of_account(one)] for one in accounts_of(action))
    return any(meet(box, served(profile)) is not None for profile in profiles for box in boxes)


def served(profile: MerchantAccountProfile) -> Box:
    """The payments that an account takes, when it is on."""
    named = {
        Field.BRAND: profile.brands,
        Field.REGION: profile.regions,
        Field.METHOD: profile.methods,
        Field.KIND: tuple(kind.value for kind in profile.kinds),
    }
    box: Box = {
        field: Words(frozenset(words)) for field, words in named.items() if ANY not in words
    }
    box[Field.AMOUNT] = _amounts(profile)
    return box


def _amounts(profile: MerchantAccountProfile) -> Extent:
    limited = {limit.currency for limit in profile.limits}
    anywhere = ANY in profile.currencies
    named = limited if anywhere else set(profile.currencies)
    limits = [profile.limit(currency) for currency in sorted(named)]
    listed = tuple(
        (
            limit.currency,
            Spans.of(
                [(limit.minimum, AMOUNTS[1] if limit.maximum is None else limit.maximum)], AMOUNTS
            ),
        )
        for limit in limits
    )
    return Monies(listed, Spans((AMOUNTS,), AMOUNTS) if anywhere else NO_AMOUNT)

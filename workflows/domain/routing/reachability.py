"""Rules that never hold, rules that earlier ones leave nothing to, rules that find no account.

Whatever is reported is proved over every fact there could be. What is too large to be proved is not
reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .accounts import ANY, Accounts, MerchantAccountProfile, key_of_account
from .boxes import Box, boxes_of, meet, subtract
from .extents import AMOUNTS, NO_AMOUNT, Extent, Monies, Spans, Words
from .fields import Field
from .flaws import Flaw
from .rules import Action, Exhausted, Policy, Refuse, Rule, accounts_of

MOST_PIECES = 2000


def flaws_of_reach(policy: Policy, accounts: Accounts, sound: Sequence[int]) -> Iterator[Flaw]:
    """Of the rules with these numbers, which have no other flaw."""
    taken: list[tuple[str, list[Box]]] = []
    for number in sound:
        rule, place = policy.rules[number], f"/rules/{number}"
        boxes = boxes_of(rule.when)
        if boxes is None:
            continue
        if not boxes:
            yield Flaw(f"{place}/when", "contradiction", "a condition that some payment can meet")
            continue
        shadows = _shadows(boxes, taken)
        if shadows:
            names = ", ".join(shadows)
            yield Flaw(place, "unreachable", f"a rule that earlier ones leave payments to: {names}")
        elif not _finds(rule.then, boxes, accounts):
            sentence = "at least one account that serves such payments"
            yield Flaw(f"{place}/then", "empty_result", sentence)
        if _decides(rule):
            taken.append((rule.name, boxes))


def _decides(rule: Rule) -> bool:
    """Whether no later rule is looked at once this one holds, whatever accounts there are."""
    return isinstance(rule.then, Refuse) or rule.if_none_allowed is Exhausted.REFUSE


def _shadows(boxes: list[Box], taken: Sequence[tuple[str, list[Box]]]) -> list[str]:
    """The earlier rules that leave nothing. None: something is left, or it is not worked out."""
    left, names = list(boxes), []
    for name, earlier in taken:
        touched = False
        for other in earlier:
            if all(meet(box, other) is None for box in left):
                continue
            touched = True
            left = [piece for box in left for piece in _without(box, other)]
            if len(left) > MOST_PIECES:
                return []
        if touched:
            names.append(name)
        if not left:
            return names
    return []


def _without(box: Box, other: Box) -> list[Box]:
    return [box] if meet(box, other) is None else subtract(box, other)


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

"""Any facts, conditions, actions and policies, over few words so that they meet."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.domain.routing.examples import ACCOUNTS, USABLE
from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.breaker import State
from workflows.domain.routing.facts import CardType, RoutingFacts, ThreeDs, Weekday
from workflows.domain.routing.health import Health, Standing, Stop
from workflows.domain.routing.learning.experiments import Arm, Experiment, Unit
from workflows.domain.routing.learning.statistics import Counts, Statistics, Tally
from workflows.domain.routing.policy.fields import TYPES, Field, Shape
from workflows.domain.routing.policy.rules import (
    Action,
    All,
    AtLeast,
    AtMost,
    Bandit,
    Between,
    Cheapest,
    Condition,
    Either,
    Exhausted,
    In,
    Known,
    Not,
    NotIn,
    Order,
    Policy,
    Prefix,
    Refuse,
    Rule,
    Share,
    Split,
    Target,
)
from workflows.domain.routing.proofs.validation import validate

WORDS: dict[Field, list[str]] = {
    Field.KIND: ["deposit", "payout"],
    Field.BRAND: ["lucky", "royal", "third"],
    Field.REGION: ["EU", "US"],
    Field.METHOD: ["card", "ewallet", "voucher"],
    Field.PLAYER_COUNTRY: ["DE", "FR", "SE"],
    Field.CARD_COUNTRY: ["DE", "FR", "GB"],
    Field.CARD_TYPE: list(CardType),
    Field.SCHEME: ["visa", "mastercard"],
    Field.SEGMENT: ["vip", "new"],
    Field.RISK_BAND: ["low", "high"],
    Field.WEEKDAY: list(Weekday),
    Field.THREE_DS: list(ThreeDs),
    Field.CURRENCY: ["EUR", "USD", "JPY"],
}
CURRENCIES = st.sampled_from(["EUR", "USD", "JPY"])
UNITS = st.sampled_from([0, 1, 999, 1000, 5000, 5001, 50_000, 50_001, 10**9])
MONEY = st.builds(Money, UNITS, CURRENCIES)
BINS = st.sampled_from(["411111", "4111111", "41111111", "411112", "510000", "51000099"])
PREFIXES = st.sampled_from(["4", "41", "411111", "4111111", "51", "51000099"])
HOURS = st.sampled_from([0, 1, 8, 12, 22, 23])


def _maybe(field: Field) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(WORDS[field])


FACTS: st.SearchStrategy[RoutingFacts] = st.builds(
    RoutingFacts,
    payment_id=st.sampled_from(["in_1", "in_2", "in_3"]),
    player_id=st.sampled_from(["a", "b", "c", "d"]),
    kind=st.sampled_from([Kind.DEPOSIT, Kind.PAYOUT]),
    brand=st.sampled_from(WORDS[Field.BRAND]),
    region=st.sampled_from(WORDS[Field.REGION]),
    method=st.sampled_from(WORDS[Field.METHOD]),
    amount=MONEY,
    player_country=_maybe(Field.PLAYER_COUNTRY),
    card_country=_maybe(Field.CARD_COUNTRY),
    bin=st.none() | BINS,
    card_type=st.none() | st.sampled_from(CardType),
    scheme=_maybe(Field.SCHEME),
    segment=_maybe(Field.SEGMENT),
    risk_band=_maybe(Field.RISK_BAND),
    weekday=st.none() | st.sampled_from(Weekday),
    hour=st.none() | HOURS,
    three_ds=st.sampled_from(ThreeDs),
)


@st.composite
def comparisons(draw: st.DrawFn) -> Condition:
    field = draw(st.sampled_from(Field))
    match TYPES[field].shape:
        case Shape.MONEY:
            return _amount(draw)
        case Shape.NUMBER:
            return _number(draw, field)
        case Shape.BIN:
            return _bin(draw, field)
        case _:
            words = st.sampled_from([str(word) for word in WORDS[field]])
            values = tuple(draw(st.lists(words, min_size=1, max_size=3, unique=True)))
            made: list[Condition] = [In(field, values), NotIn(field, values)]
            if field is not Field.CURRENCY:
                made.append(Known(field))
            return draw(st.sampled_from(made))


def _amount(draw: st.DrawFn) -> Condition:
    low, high = sorted((draw(UNITS), draw(UNITS)))
    currency = draw(CURRENCIES)
    bottom, top = Money(low, currency), Money(high, currency)
    field = Field.AMOUNT
    made: list[Condition] = [Between(field, bottom, top), AtLeast(field, bottom)]
    return draw(st.sampled_from([*made, AtMost(field, top)]))


def _number(draw: st.DrawFn, field: Field) -> Condition:
    low, high = sorted((draw(HOURS), draw(HOURS)))
    made: list[Condition] = [
        In(field, (low, high)),
        NotIn(field, (low,)),
        Between(field, low, high),
    ]
    return draw(st.sampled_from([*made, AtLeast(field, low), AtMost(field, high), Known(field)]))


def _bin(draw: st.DrawFn, field: Field) -> Condition:
    prefix = draw(PREFIXES)
    exact = (draw(BINS), draw(BINS))
    made: list[Condition] = [In(field, exact), NotIn(field, exact), Known(field)]
    high = prefix[:-1] + "9"
    return draw(st.sampled_from([*made, Prefix(field, (prefix,)), Between(field, prefix, high)]))


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.builds(All, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Either, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=6,
)

SEVERAL: st.SearchStrategy[tuple[MerchantAccount, ...]] = st.lists(
    st.sampled_from(USABLE), min_size=1, max_size=4, unique=True
).map(tuple)
WEIGHTS = st.integers(0, 5)


@st.composite
def actions(draw: st.DrawFn) -> Action:
    accounts = draw(SEVERAL)
    match draw(st.sampled_from(["order", "cheapest", "split", "experiment", "bandit", "refuse"])):
        case "order":
            return Order(accounts)
        case "cheapest":
            return Cheapest(accounts)
        case "split":
            shares = [Share(account, draw(WEIGHTS)) for account in accounts]
            return Split((*shares[:-1], Share(accounts[-1], draw(st.integers(1, 5)))))
        case "experiment":
            arms = (Arm("control", draw(st.integers(1, 5)), accounts),)
            other = Arm("other", draw(WEIGHTS), draw(SEVERAL))
            unit = draw(st.sampled_from(Unit))
            return Experiment(name="x", salt="salt", arms=(*arms, other), unit=unit)
        case "bandit":
            return Bandit(
                accounts=accounts,
                target=draw(st.sampled_from(Target)),
                exploration=draw(st.integers(0, 100)),
                segmented_by=draw(st.sampled_from([(), (Field.METHOD, Field.SEGMENT)])),
                enough=draw(st.sampled_from([0, 10, 200])),
            )
        case _:
            return Refuse("not_here")


RULES = st.builds(
    Rule,
    name=st.text("abcdefgh", min_size=1, max_size=8),
    when=CONDITIONS,
    then=actions(),
    if_none_allowed=st.sampled_from(Exhausted),
)
POLICIES: st.SearchStrategy[Policy] = st.builds(
    Policy,
    id=st.just("any"),
    version=st.integers(1, 9),
    rules=st.lists(RULES, max_size=6, unique_by=lambda one: one.name).map(tuple),
    default=actions(),
)


def mended(policy: Policy) -> Policy:
    """Without the rules that are refused."""
    while flaws := validate(policy, ACCOUNTS):
        wrong = {int(flaw.place.split("/")[2]) for flaw in flaws}
        kept = tuple(one for number, one in enumerate(policy.rules) if number not in wrong)
        policy = Policy(id=policy.id, version=policy.version, rules=kept, default=policy.default)
    return policy


ACCEPTED = POLICIES.map(mended)

HEALTH: st.SearchStrategy[Health] = st.builds(
    Health,
    standings=st.lists(
        st.builds(
            Standing,
            psp=st.sampled_from(["north", "south", "east"]),
            account=st.sampled_from(["*", "eu", "main"]),
            method=st.sampled_from(["*", "card"]),
            state=st.sampled_from(State),
            probe=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    stops=st.lists(
        st.builds(
            Stop,
            psp=st.sampled_from(["north", "south", "east"]),
            brand=st.sampled_from(["*", "lucky"]),
            region=st.sampled_from(["*", "EU"]),
        ),
        max_size=1,
    ).map(tuple),
)

COUNTS = st.integers(0, 500).flatmap(
    lambda attempts: st.builds(
        Counts, st.just(attempts), st.integers(0, attempts), st.integers(0, 20)
    )
)
STATISTICS: st.SearchStrategy[Statistics] = st.builds(
    Statistics,
    version=st.sampled_from(["1", "2"]),
    tallies=st.lists(
        st.builds(
            Tally,
            st.sampled_from(USABLE),
            st.sampled_from(["", "method=card", "method=card|segment=vip"]),
            COUNTS,
        ),
        max_size=6,
    ).map(tuple),
)
SEEDS = st.text("0123456789abcdef", min_size=1, max_size=8)

"""Breaks that were planted are found, all of them and no others, however the files come."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from tests.activities.reconciliation.matching.books import NOON, Books, Expected, Line, a_key

MISSING_FROM = NOON + timedelta(days=4)
CURRENCIES = ("EUR", "USD", "JPY", "KWD")
"""With two decimals, none and three: the matching counts minor units and knows no decimals."""


@dataclass
class Planted:
    """Honest pairs, and one of each kind of break a few times."""

    dice: random.Random
    ours: list[Expected] = field(default_factory=list)
    theirs: list[Line] = field(default_factory=list)
    breaks: list[tuple[str, str | None]] = field(default_factory=list)

    def pair(self) -> tuple[Expected, Line]:
        """As often by the PSP's reference alone, and of either sign."""
        movement = self.dice.choice(["capture", "refund", "payout", "return"])
        sign = -1 if movement in ("refund", "payout") else 1
        amount = sign * self.dice.randint(1, 2**40)
        currency = self.dice.choice(CURRENCIES)
        key, ref = a_key(movement), f"ref-{self.dice.getrandbits(64)}"
        ours = Expected(key, amount, movement, currency, psp_ref=ref)
        booked_at = NOON + timedelta(minutes=self.dice.randint(0, 600))
        theirs = Line(key, amount, movement, currency, psp_ref=ref, booked_at=booked_at)
        return ours, theirs

    def honest(self, count: int) -> None:
        for _ in range(count):
            ours, theirs = self.pair()
            self.ours.append(ours)
            self.theirs.append(self.dice.choice([theirs, replace(theirs, key=None), theirs]))

    def broken(self, count: int) -> None:
        for _ in range(count):
            ours, theirs = self.pair()
            match self.dice.randrange(6):
                case 0:
                    self.ours.append(ours)
                    self.breaks.append(("missing_psp", ours.key))
                case 1:
                    self.theirs.append(theirs)
                    self.breaks.append(("missing_platform", theirs.key))
                case 2:
                    self.ours.append(ours)
                    self.theirs.append(replace(theirs, gross=theirs.gross + 1))
                    self.breaks.append(("amount_mismatch", theirs.key))
                case 3:
                    self.ours.append(ours)
                    other = "EUR" if theirs.currency != "EUR" else "USD"
                    self.theirs.append(replace(theirs, currency=other))
                    self.breaks.append(("amount_mismatch", theirs.key))
                case 4:
                    self.ours.append(ours)
                    self.theirs += [theirs, replace(theirs, identity="line:2")]
                    self.breaks.append(("duplicate", theirs.key))
                case _:
                    self.theirs.append(replace(theirs, movement="other", key=None))
                    self.breaks.append(("unexplained", None))


def planted(seed: int) -> Planted:
    made = Planted(random.Random(seed))
    made.honest(60)
    made.broken(25)
    made.dice.shuffle(made.ours)
    made.dice.shuffle(made.theirs)
    return made


async def of_files(books: Books, made: Planted, files: int) -> list[list[Line]]:
    await books.expect(*made.ours)
    return [made.theirs[start::files] for start in range(files)]


@pytest.mark.parametrize("seed", range(4))
async def test_all_planted_breaks_are_found_and_no_others(books: Books, seed: int) -> None:
    made = planted(seed)
    for lines in await of_files(books, made, files=1 + seed):
        await books.report(*lines)
    result = await books.match(MISSING_FROM)
    assert Counter(await books.breaks()) == Counter(made.breaks)
    broken = sum(day.broken for day in result.days)
    assert (broken, result.opened) == (len(made.breaks), len(made.breaks))
    of_ours = {"missing_psp", "amount_mismatch"}
    unsettled = sum(1 for name, _ in made.breaks if name in of_ours)
    assert result.matched == len(made.ours) - unsettled
    assert sum(day.matched for day in result.days) == result.matched
    before = await books.state()
    assert (await books.match(MISSING_FROM + timedelta(days=1))).opened == 0
    assert await books.state() == before


async def test_files_in_any_order_a_run_after_each_or_one_for_all_give_the_same_books(
    books: Books,
) -> None:
    made = planted(17)
    twins = [replace(books, account=f"{books.account}-{n}", periods={}) for n in range(3)]
    states = []
    for number, twin in enumerate(twins):
        files = [made.theirs[start::3] for start in range(3)]
        ours = [replace(one, key=f"{one.key}-{number}") for one in made.ours]
        lines_of = [[with_key(line, number) for line in lines] for lines in files]
        if number != 2:
            await twin.expect(*ours)
        for hour, lines in enumerate(lines_of if number else lines_of[::-1]):
            await twin.report(*lines)
            if number:
                await twin.match(NOON + timedelta(hours=hour + 1))
        if number == 2:
            await twin.expect(*ours)
        await twin.match(MISSING_FROM)
        assert len(await twin.breaks()) == len(made.breaks)
        states.append(sorted(str(row).replace(f"-{number}'", "'") for row in await twin.state()))
    assert states[0] == states[1] == states[2]


def with_key(line: Line, number: int) -> Line:
    return line if line.key is None else replace(line, key=f"{line.key}-{number}")


async def test_a_file_that_is_reissued_counts_as_its_newest_version_alone(books: Books) -> None:
    made = planted(5)
    first, second = await of_files(books, made, files=2)
    worse = [replace(line, gross=line.gross + 7) for line in first[:10]] + first[20:]
    await books.report(*worse, period="first")
    await books.report(*second)
    await books.match()
    await books.report(*first, *first[:3], period="first", applied_at=MISSING_FROM)
    await books.match(MISSING_FROM)
    await books.report(*first, period="first", applied_at=MISSING_FROM + timedelta(hours=1))
    result = await books.match(MISSING_FROM + timedelta(hours=2))
    assert Counter(await books.breaks()) == Counter(made.breaks)
    matched = await books.owner.fetchval(
        "SELECT sum(matched) FROM reconciliation_days WHERE account = $1", books.account
    )
    settled = await books.owner.fetchval(
        "SELECT count(*) FROM settled WHERE account = $1", books.account
    )
    assert matched == settled == sum(day.matched for day in result.days)
    assert (await books.match(MISSING_FROM + timedelta(days=9))).opened == 0


async def test_shares_are_by_count_and_by_money_and_flagged_above_the_limit(books: Books) -> None:
    keys = [a_key() for _ in range(99)]
    await books.expect(*(Expected(key, 1000) for key in keys), Expected(a_key(), 1000))
    await books.report(*(Line(key, 1000) for key in keys))
    [day] = (await books.match(MISSING_FROM)).days
    assert (day.matched, day.matched_minor, day.broken, day.broken_minor) == (99, 99_000, 1, 1000)
    assert (day.count_millionths, day.money_millionths) == (10_000, 10_000)
    within = await books.match(MISSING_FROM, flagged_above_millionths=10_000)
    beyond = await books.match(MISSING_FROM, flagged_above_millionths=9_999)
    assert (within.flagged, beyond.flagged) == ((), (day,))
    little = a_key()
    await books.expect(Expected(little, 1_000_000_000, currency="JPY"))
    await books.report(Line(little, 1_000_000_001, currency="JPY"), applied_at=MISSING_FROM)
    days = (await books.match(MISSING_FROM + timedelta(hours=1))).days
    yen = next(day for day in days if day.currency == "JPY")
    assert (yen.count_millionths, yen.money_millionths) == (1_000_000, 1)

"""Deposits, payouts and refunds: how many, how soon, and what they cost which process.

The contenders take turns, so that what else the machine does hits all of them.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.table import Table

from infra.local.stack.addresses import Stack
from tests.bench import costs
from tests.bench.contenders import Contender, contenders
from tests.bench.deposits import cashier, deposit, payout, refund
from tests.bench.load import Measured, load
from tests.bench.rival.process import PYTHON

IN_FLIGHT = {1: 30, 8: 100, 64: 200}
"""How many are measured at each, in a round."""
ROUNDS = 2
OTHERS_IN_FLIGHT, OTHERS = 8, 80

_SPEED = ("in flight", "what", "a second", "of empty", "median ms", "p95 ms")
_CPU = ("in flight", "what", "API", "worker", "Temporal", "Postgres", "all")


@dataclass
class Tally:
    """Of all rounds of one contender, at one number in flight."""

    rounds: list[Measured] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    things: int = 0

    async def round(self, contender: Contender, total: int, in_flight: int) -> None:
        before = contender.spent()
        self.rounds.append(await load(contender.act, total=total, in_flight=in_flight))
        for name, seconds in contender.spent().items():
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds - before[name]
        # Each place has warmed up with one.
        self.things += total + in_flight

    @property
    def per_second(self) -> float:
        return sum(each.done for each in self.rounds) / sum(each.seconds for each in self.rounds)

    def speed(self, floor: Tally | None) -> list[str]:
        took = [each for one in self.rounds for each in one.milliseconds]
        return [
            f"{self.per_second:.1f}",
            f"{self.per_second / floor.per_second:.0%}" if floor else "",
            f"{statistics.median(took):.0f}",
            f"{statistics.quantiles(took, n=20)[-1]:.0f}",
        ]

    def cpu(self) -> list[str]:
        each = {name: seconds * 1000 / self.things for name, seconds in self.seconds.items()}
        by_process = [f"{each[name]:.1f}" if name in each else "" for name in costs.OURS]
        return [*by_process, f"{sum(each.values()):.1f}"]


Tables = tuple[Table, Table]


async def bench_payments(stack: Stack) -> Tables:
    """How fast, and at what cost."""
    tables = _tables()
    async with contenders(stack) as all_of_them:
        for in_flight, total in IN_FLIGHT.items():
            tallies = {each.name: Tally() for each in all_of_them}
            for _ in range(ROUNDS):
                for each in all_of_them:
                    await tallies[each.name].round(each, total, in_flight)
            _add(tables, in_flight, tallies, floor=tallies[all_of_them[0].name])
    _add(tables, OTHERS_IN_FLIGHT, await _others(stack))
    return tables


def _tables() -> Tables:
    speed = Table(title="Payments through the API, a PSP that answers at once, fsync on")
    cpu = Table(title="CPU milliseconds of each, by process")
    for table, names in ((speed, _SPEED), (cpu, _CPU)):
        for name in names:
            table.add_column(name, justify="left" if name == "what" else "right")
    if not PYTHON.exists():
        speed.caption = "Without DBOS, the same saga on another engine: make bench-dbos installs it"
    return speed, cpu


def _add(
    tables: Tables, in_flight: int, tallies: Mapping[str, Tally], floor: Tally | None = None
) -> None:
    speed, cpu = tables
    for name, tally in tallies.items():
        speed.add_row(str(in_flight), name, *tally.speed(floor))
        cpu.add_row(str(in_flight), name, *tally.cpu())
    speed.add_section()
    cpu.add_section()


async def _others(stack: Stack) -> Mapping[str, Tally]:
    """Payouts and refunds of players who have deposited, one player for each in flight."""
    async with cashier(stack) as http:
        players = [f"other-{place}" for place in range(OTHERS_IN_FLIGHT)]
        captures = [(await deposit(http, player=each))["capture_id"] for each in players]

        def spent() -> Mapping[str, float]:
            return costs.cpu(stack)

        tallies = {}
        for each in (
            Contender("payout", lambda place: payout(http, players[place]), spent),
            Contender("refund", lambda place: refund(http, captures[place]), spent),
        ):
            tallies[each.name] = Tally()
            await tallies[each.name].round(each, OTHERS, OTHERS_IN_FLIGHT)
    return tallies

"""How much work a pattern is: a backtracking matcher that counts its steps.

It matches as Python's `re` does, from the same parse, and counts each character that it looks at,
each choice that it takes and each that it takes back. Steps are the same on every machine and in
every run, as seconds are not; that it finds what `re` finds is a test.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

_parser: Any = importlib.import_module("re._parser")
_ops: Any = importlib.import_module("re._constants")

Span = tuple[int, int]
Fits = Callable[[str], bool]


class TooManySteps(Exception):
    """More than it was given."""


@dataclass
class Program:
    """Instructions of one pattern: an operation and its operands."""

    code: list[tuple[Any, ...]] = field(default_factory=list)


class Steps:
    """One pattern, and the steps that it has taken so far."""

    def __init__(self, pattern: re.Pattern[str], at_most: int = 10**9) -> None:
        self._flags = pattern.flags
        self._program = Program()
        self._compile(_parser.parse(pattern.pattern, pattern.flags), self._program)
        self._program.code.append(("end",))
        self._at_most = at_most
        self.taken = 0

    # --- what patterns are used for -----------------------------------------------------------

    def match(self, text: str) -> Span | None:
        return self._run(self._program, text, 0, whole=False)

    def fullmatch(self, text: str) -> Span | None:
        return self._run(self._program, text, 0, whole=True)

    def search(self, text: str) -> Span | None:
        return next(self.finditer(text), None)

    def finditer(self, text: str) -> Iterator[Span]:
        """Without empty finds, which none of our patterns makes."""
        at = 0
        while at <= len(text):
            found = self._run(self._program, text, at, whole=False)
            if found is not None and found[1] > found[0]:
                yield found
            at = max(found[1], at + 1) if found else at + 1

    # --- compiling ----------------------------------------------------------------------------

    def _compile(self, tree: Any, into: Program) -> None:
        for op, operand in tree:
            self._one(str(op), operand, into)

    def _one(self, op: str, operand: Any, into: Program) -> None:
        match op:
            case "LITERAL" | "NOT_LITERAL" | "IN" | "ANY":
                into.code.append(("char", self._fits(op, operand)))
            case "AT":
                into.code.append(("at", str(operand)))
            case "SUBPATTERN":
                number, _, _, body = operand
                into.code.append(("open", number))
                self._compile(body, into)
                into.code.append(("close", number))
            case "GROUPREF":
                into.code.append(("same", operand))
            case "BRANCH":
                self._branch(operand[1], into)
            case "ASSERT" | "ASSERT_NOT":
                back, body = operand
                width = body.getwidth()[0] if back < 0 else 0
                into.code.append(("look", self._apart(body), width, op == "ASSERT"))
            case "ATOMIC_GROUP":
                into.code.append(("atomic", self._apart(operand)))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                low, high, body = operand
                self._repeat(op, low, high, body, into)
            case _:
                raise NotImplementedError(op)

    def _apart(self, body: Any) -> Program:
        made = Program()
        self._compile(body, made)
        made.code.append(("end",))
        return made

    def _branch(self, ways: Any, into: Program) -> None:
        leave = []
        for number, way in enumerate(ways):
            last = number == len(ways) - 1
            fork = len(into.code)
            if not last:
                into.code.append(())
            self._compile(way, into)
            leave.append(len(into.code))
            into.code.append(())
            if not last:
                into.code[fork] = ("fork", fork + 1, len(into.code))
        for place in leave:
            into.code[place] = ("go", len(into.code))

    def _repeat(self, op: str, low: int, high: Any, body: Any, into: Program) -> None:
        if op == "POSSESSIVE_REPEAT":
            made = Program()
            self._repeat("MAX_REPEAT", low, high, body, made)
            made.code.append(("end",))
            into.code.append(("atomic", made))
            return
        most = None if high is _ops.MAXREPEAT else int(high)
        if op == "MAX_REPEAT" and len(body) == 1 and str(body[0][0]) in _CHARACTERS:
            fits = self._fits(str(body[0][0]), body[0][1])
            into.code.append(("many", fits, low, most))
            return
        for _ in range(low):
            self._compile(body, into)
        if most is None:
            fork = len(into.code)
            into.code.append(())
            self._compile(body, into)
            into.code.append(("go", fork))
            ways = (fork + 1, len(into.code))
            into.code[fork] = ("fork", *(ways if op == "MAX_REPEAT" else reversed(ways)))
            return
        forks = []
        for _ in range(most - low):
            forks.append(len(into.code))
            into.code.append(())
            self._compile(body, into)
        for fork in forks:
            ways = (fork + 1, len(into.code))
            into.code[fork] = ("fork", *(ways if op == "MAX_REPEAT" else reversed(ways)))

    def _fits(self, op: str, operand: Any) -> Fits:
        """By the engine itself: what one character of it is, it knows best."""
        flags = self._flags & (re.IGNORECASE | re.ASCII | re.DOTALL)
        alone = re.compile(one_of(op, operand), flags & ~re.UNICODE)
        known: dict[str, bool] = {}

        def fits(character: str) -> bool:
            if character not in known:
                known[character] = alone.fullmatch(character) is not None
            return known[character]

        return fits

    # --- running ------------------------------------------------------------------------------

    def _run(self, program: Program, text: str, start: int, *, whole: bool) -> Span | None:
        """Where it matches from `start`; groups are kept for what refers to them."""
        waiting: list[tuple[int, int, dict[int, Span], int | None]] = [(0, start, {}, None)]
        while waiting:
            place, at, groups, least = waiting.pop()
            if least is not None and at > least:
                # A run of characters that gives back one of them.
                waiting.append((place, at - 1, groups, least))
            end = self._thread(program, text, (place, at, groups), waiting, whole)
            if end is not None:
                return start, end
        return None

    def _thread(
        self,
        program: Program,
        text: str,
        state: tuple[int, int, dict[int, Span]],
        waiting: list[tuple[int, int, dict[int, Span], int | None]],
        whole: bool,
    ) -> int | None:
        place, at, groups = state
        while True:
            self._count(1)
            op, *operands = program.code[place]
            place += 1
            match op:
                case "end":
                    return at if not whole or at == len(text) else None
                case "go":
                    place = operands[0]
                case "fork":
                    waiting.append((operands[1], at, groups, None))
                    place = operands[0]
                case "open" | "close":
                    begun = at if op == "open" else groups[operands[0]][0]
                    groups = groups | {operands[0]: (begun, at)}
                case "many":
                    reached = self._many(text, at, *operands)
                    if reached is None:
                        return None
                    least = at + operands[1]
                    if reached > least:
                        waiting.append((place, reached - 1, groups, least))
                    at = reached
                case _:
                    reached = self._simple(op, operands, text, at, groups)
                    if reached is None:
                        return None
                    at = reached

    def _simple(
        self, op: str, operands: Any, text: str, at: int, groups: dict[int, Span]
    ) -> int | None:
        """Where it goes on, or None where it does not fit."""
        match op:
            case "char":
                return at + 1 if at < len(text) and operands[0](text[at]) else None
            case "at":
                return at if _is_at(operands[0], text, at) else None
            case "same":
                same = text[slice(*groups[operands[0]])]
                self._count(len(same))
                return at + len(same) if text.startswith(same, at) else None
            case "look":
                inner, width, wanted = operands
                seen = at >= width and self._run(inner, text, at - width, whole=False) is not None
                return at if seen is wanted else None
            case _:
                found = self._run(operands[0], text, at, whole=False)
                return found[1] if found else None

    def _many(self, text: str, at: int, fits: Fits, low: int, most: int | None) -> int | None:
        stop = len(text) if most is None else min(len(text), at + most)
        reached = at
        while reached < stop and fits(text[reached]):
            reached += 1
        self._count(reached - at)
        return reached if reached - at >= low else None

    def _count(self, steps: int) -> None:
        self.taken += steps
        if self.taken > self._at_most:
            raise TooManySteps


_CHARACTERS = {"LITERAL", "NOT_LITERAL", "IN", "ANY"}
_CLASSES = {
    "CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S", "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W",
}  # fmt: skip


def one_of(op: str, operand: Any) -> str:
    """The pattern of one character that an instruction of a parse stands for."""
    match op:
        case "ANY":
            return "."
        case "LITERAL":
            return _written(operand)
        case "NOT_LITERAL":
            return f"[^{_written(operand)}]"
    negated = str(operand[0][0]) == "NEGATE"
    return f"[{'^' if negated else ''}{''.join(_item(*item) for item in operand[negated:])}]"


def _item(op: Any, operand: Any) -> str:
    match str(op):
        case "LITERAL":
            return _written(operand)
        case "RANGE":
            return f"{_written(operand[0])}-{_written(operand[1])}"
        case _:
            return _CLASSES[str(operand)]


def _written(code: int) -> str:
    return f"\\U{code:08x}"


def _is_at(where: str, text: str, at: int) -> bool:
    match where:
        case "AT_BEGINNING" | "AT_BEGINNING_STRING":
            return at == 0
        case "AT_END":
            return at == len(text) or (at == len(text) - 1 and text[at] == "\n")
        case "AT_END_STRING":
            return at == len(text)
        case _:
            raise NotImplementedError(where)

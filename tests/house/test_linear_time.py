"""What strangers send costs no more than it is long: twice the text is at most twice the work.

Work is counted, not timed: steps of each pattern, lines of each scanner.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from activities.cases import listing as cases
from activities.outgoing_events import wanted as feed
from activities.psp.catalog import Catalog
from activities.psp.certification import Signed
from activities.psp.contract import HearsWebhooks, Plugin, WebhookRefused, WebhookRequest
from api.http import bodies, listing
from api.http.errors import Problem
from tests.activities.psp.certifying import catalog_of, certification_of, certifies
from tests.house.hostile import ANYWHERE, Text, against
from tests.house.lines import counted_lines
from tests.house.patterns import Use, uses
from tests.house.steps import Steps, TooManySteps
from workflows.domain.card_data import has_card_data
from workflows.domain.money import Money, MoneyError
from workflows.domain.routing.policy.reading import read_policy
from workflows.domain.routing.proofs.flaws import PolicyRefused

LINES_A_CHARACTER = 80
"""The most that a scanner may take; what tries every window of a text takes more."""
FACTOR = 4
"""So many times as long is the longer text; a scanner that looks back takes the square of it."""
BODY_LIMIT, HEAD_LIMIT = 65_536, 16_384
USES = uses()


def grows_linearly(work: Callable[[int], int], size: int) -> bool:
    return work(FACTOR * size) <= 1.25 * FACTOR * work(size) + 2_000


# --- patterns ----------------------------------------------------------------------------------


def looked(use: Use, text: str) -> tuple[int, Any]:
    """The steps, and what was found."""
    steps = Steps(use.pattern, at_most=500 * len(text) + 10_000)
    if use.everywhere:
        found: Any = list(steps.finditer(text))
    else:
        found = getattr(steps, use.way)(text)
    return steps.taken, found


def is_linear(use: Use, text: Text) -> bool:
    try:
        return grows_linearly(lambda size: looked(use, text(size))[0], 300)
    except TooManySteps:
        return False


def test_no_pattern_takes_more_than_linear_time() -> None:
    slow = {
        (use.where, use.way)
        for use in USES
        for text in (*ANYWHERE.values(), *against(use.pattern))
        if not is_linear(use, text)
    }
    assert len(USES) > 150
    assert slow == set()


def test_the_steps_are_those_of_the_very_search() -> None:
    """The matcher that counts finds what Python's finds, in every text that it is given."""
    for use in USES:
        for text in (made(60) for made in (*ANYWHERE.values(), *against(use.pattern))):
            found: Any = None
            if use.everywhere:
                spans = [one.span() for one in use.pattern.finditer(text)]
                found = [(start, end) for start, end in spans if end > start]
            elif (one := getattr(use.pattern, use.way)(text)) is not None:
                found = one.span()
            assert looked(use, text)[1] == found, (use, text)


@pytest.mark.parametrize("pattern", [r'"(?:[^"\\]|\\.)*"', r"(?:a+)+b", r"a*a*b", r"\s+$"])
def test_a_pattern_that_looks_twice_is_found_out(pattern: str) -> None:
    use = Use("here", re.compile(pattern), "search")
    assert not all(is_linear(use, t) for t in (*ANYWHERE.values(), *against(use.pattern)))


# --- scanners ----------------------------------------------------------------------------------


def parsed(body: str) -> None:
    with suppress(Problem):
        bodies.parse(body.encode("utf-8", "surrogatepass"))
        bodies.parse(body.encode("utf-8", "surrogatepass"), tokens=True)


def placed(text: str) -> None:
    with suppress(Problem):
        listing.cursor_of(text.encode("ascii", "replace").decode())
    for read, refused in ((cases.place_of, cases.BadCursor), (feed._place, feed.BadCursor)):
        with suppress(refused, ValueError):
            read(text)


def counted(text: str) -> None:
    with suppress(MoneyError):
        Money.parse(text, "EUR")


SCANNERS: dict[str, tuple[Callable[[str], object], int]] = {
    "card numbers": (has_card_data, BODY_LIMIT),
    "a body": (parsed, BODY_LIMIT),
    "a body of one string": (lambda text: parsed(json.dumps({"note": text})), BODY_LIMIT // FACTOR),
    "a body of many fields": (
        lambda text: parsed(
            json.dumps({f"{n}": text[n : n + 100] for n in range(0, len(text), 100)})
        ),
        BODY_LIMIT // FACTOR,
    ),
    "a cursor": (placed, HEAD_LIMIT),
    "an amount": (counted, BODY_LIMIT),
}


def working(scan: Callable[[str], object], text: Text) -> Callable[[int], int]:
    """By the length of the text, the lines that run."""

    def work(size: int) -> int:
        with counted_lines() as lines:
            scan(text(size))
        return lines.run

    return work


@pytest.mark.parametrize("scanner", SCANNERS)
def test_no_scanner_takes_more_than_linear_time_up_to_its_limit(scanner: str) -> None:
    scan, limit = SCANNERS[scanner]
    slow = []
    for name, text in ANYWHERE.items():
        work = working(scan, text)
        few, many = work(limit // FACTOR), work(limit)
        if many > 1.25 * FACTOR * few + 2_000 or many > LINES_A_CHARACTER * limit:
            slow.append(name)
    assert slow == []


def policy(rules: int) -> dict[str, Any]:
    condition = {"all": [{"field": "currency", "in": ["EUR", "USD"]}, {"any": [{"x": 1}] * 5}]}
    rule = {"name": "r", "when": condition, "then": {"refuse": "no"}}
    return {"id": "p", "version": 1, "rules": [rule] * rules, "default": {"refuse": "no"}}


def test_a_routing_document_takes_linear_time_to_read() -> None:
    def work(rules: int) -> int:
        with counted_lines() as lines, suppress(PolicyRefused):
            read_policy(bodies.plain(policy(rules)))
        return lines.run

    assert work(20) > 20
    assert grows_linearly(work, 100)


def test_lines_show_a_scanner_that_looks_twice() -> None:
    def twice(text: str) -> int:
        return sum(text[:at].count("x") for at in range(len(text)) for _ in range(at))

    assert not grows_linearly(working(twice, "x".__mul__), 50)


# --- webhooks ----------------------------------------------------------------------------------

NOW = 1_800_000_000


async def work_of_hearing(catalog: Catalog, plugin: Plugin, sent: Signed) -> int:
    request = WebhookRequest(sent.headers, sent.body, NOW)
    with counted_lines() as lines, suppress(WebhookRefused):
        await catalog.hear(plugin.name, request)
    return lines.run


@asynccontextmanager
async def connected(plugin: Plugin) -> AsyncIterator[Catalog]:
    catalog = catalog_of(plugin)
    try:
        yield catalog
    finally:
        await catalog.aclose()


def a_webhook(plugin: Plugin, more: object) -> bytes:
    """One among the examples, with something in it that no PSP would send."""
    for path in sorted(certification_of(plugin).examples.glob("*.json")):
        example = json.loads(path.read_text())
        if "webhook" in example and example["becomes"]:
            return json.dumps(example["webhook"] | {"more": more}).encode()
    raise AssertionError(f"{plugin.name} declares no webhook")


@certifies(HearsWebhooks)
async def test_no_body_of_a_webhook_takes_more_than_linear_time(plugin: Plugin) -> None:
    certification = certification_of(plugin)
    async with connected(plugin) as catalog:
        for name, text in ANYWHERE.items():
            seen = []
            for size in (BODY_LIMIT // FACTOR**2, BODY_LIMIT // FACTOR):
                hostile = text(size).encode("utf-8", "replace").decode()
                signed = certification.sign(a_webhook(plugin, hostile), NOW)
                both = signed, Signed(signed.headers, hostile.encode())
                seen.append([await work_of_hearing(catalog, plugin, sent) for sent in both])
            for few, many in zip(*seen, strict=True):
                assert many <= 1.25 * FACTOR * few + 2_000, name


@certifies(HearsWebhooks)
async def test_no_header_of_a_webhook_takes_more_than_linear_time(plugin: Plugin) -> None:
    signed = certification_of(plugin).sign(a_webhook(plugin, ""), NOW)
    async with connected(plugin) as catalog:
        for header, (name, text) in itertools.product(signed.headers, ANYWHERE.items()):
            few, many = [
                await work_of_hearing(
                    catalog,
                    plugin,
                    Signed({**signed.headers, header: written(text(size))}, signed.body),
                )
                for size in (HEAD_LIMIT // FACTOR, HEAD_LIMIT)
            ]
            assert many <= 1.25 * FACTOR * few + 2_000, (header, name)


def written(text: str) -> str:
    """As a header comes: each byte is a character."""
    return text.encode("utf-8", "replace").decode("latin-1")

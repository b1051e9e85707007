"""No secret that a stack used stands in anything that it produced."""

from __future__ import annotations

import uuid

from infra.local.demo.cashier import Cashier
from tests.journeys.leaks import arguments, leaks, produced, secrets_of
from tests.journeys.theatre import Theatre

SHORTEST = 8
"""Shorter ones would be found by chance."""


async def everybody_has_spoken(theatre: Theatre, counter: Cashier) -> None:
    """Flows that make every kind of output, also when this file is all that is run."""
    cast = counter.cast
    deposit = await counter.deposit("xena", "52.80 EUR")
    await counter.deposit("xena", "52.90 EUR", cast.tokens.hard)
    await counter.refund(deposit["capture_id"], "10.00 EUR")
    refused = await counter.refund(deposit["capture_id"], "99.00 EUR")
    assert refused.status == 422
    destination = cast.destinations.fails if cast.destinations else "nowhere"
    await counter.final_payout(await counter.pay_out("xena", "12.30 EUR", destination))
    unsigned = await counter.api.post(f"/webhooks/{cast.psp}", content=b"{}")
    assert unsigned.status_code >= 400
    await theatre.lose_the_next_answer()
    await counter.deposit("xena", "53.10 EUR")


async def secrets_of_all(theatre: Theatre) -> dict[str, str]:
    secrets = secrets_of(theatre.stack.folder)
    secrets |= {f"bearer of {who}": token for who, token in theatre.cashier.tokens.items()}
    issued = await theatre.at.psp.http.get("/_control/tokens")
    if issued.is_success:
        secrets |= {f"token {n}": token for n, token in enumerate(issued.json()["tokens"])}
    return secrets


async def test_no_secret_is_in_a_log_a_history_a_table_or_a_problem(
    theatre: Theatre, counter: Cashier
) -> None:
    await everybody_has_spoken(theatre, counter)
    secrets = await secrets_of_all(theatre)
    assert len(secrets) >= 10
    assert min(map(len, secrets.values())) >= SHORTEST
    everything = await produced(theatre.stack, theatre.problems)
    assert all(places for places in everything.values())
    leaked = {name: leaks(secret, everything) for name, secret in secrets.items()}
    assert {name: places for name, places in leaked.items() if places} == {}


async def test_a_secret_that_was_told_to_us_as_a_name_would_be_found_in_every_place(
    theatre: Theatre, counter: Cashier
) -> None:
    planted = f"sk-{uuid.uuid4().hex}"
    intent_id = await counter.open(planted, "54.20 EUR", trace_id=planted)
    await counter.authorize(intent_id)
    await counter.final_intent(intent_id)
    refused = await counter.ask(f"/v1/cashier/intents/{intent_id}/void", trace_id=planted)
    assert refused.status == 409
    everything = await produced(theatre.stack, theatre.problems)
    assert set(leaks(planted, everything)) == set(everything)


async def test_no_secret_is_in_the_arguments_of_a_process(theatre: Theatre) -> None:
    shown = arguments(theatre.stack)
    assert any(theatre.cast.psp in line for line in shown.values())
    assert len(shown) > len(theatre.stack.processes)
    for name, secret in (await secrets_of_all(theatre)).items():
        assert leaks(secret, {"arguments": shown}) == {}, name

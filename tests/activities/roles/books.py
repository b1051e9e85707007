"""One brand's books in small: payments of every flow, and what is known beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass

import asyncpg

ACME, OTHER = "acme", "other"
_HEX = {ACME: "a" * 32, OTHER: "b" * 32}


@dataclass(frozen=True)
class Names:
    """Of one brand's things; each is the brand's alone."""

    brand: str

    @property
    def hex(self) -> str:
        return _HEX[self.brand]

    @property
    def deposit(self) -> str:
        return f"in_{self.hex}"

    @property
    def refund(self) -> str:
        return f"re_{self.hex}"

    @property
    def payout(self) -> str:
        return f"po_{self.hex}"

    @property
    def capture(self) -> str:
        return f"cap_{self.hex}"

    @property
    def player(self) -> str:
        return f"player-of-{self.brand}"

    @property
    def policy(self) -> str:
        return f"policy-of-{self.brand}"


_ACTION = '{"actor": "platform", "person": "casino", "what": "POST /v1", "trace_id": "t"}'
_OPEN = f"SELECT registry_open($1, $2, 'hash', $2, $3, '{_ACTION}')"
_REST = """
SELECT registry_answer('{brand}', '{deposit}', 201, '{{"of": "{brand}"}}');
SELECT wallet_credit('{deposit}:credit', 'h', '{brand}', '{player}', 'clearing:sandbox:main', 5000,
    'EUR', '{deposit}');
SELECT payment_hold('{refund}:hold', 'h', '{brand}', '{player}', 500, 'EUR', '{refund}',
    '{deposit}:credit');
SELECT payment_hold('{payout}:hold', 'h', '{brand}', '{player}', 700, 'EUR', '{payout}', NULL);
SELECT wallet_debit('{brand}:too-much', 'h', '{brand}', '{player}', 'clearing:sandbox:main',
    900000, 'EUR', '{deposit}');
SELECT psp_ask('{payout}:payout:1', '{payout}', 'payout', 'sandbox', 'main', 700, 'EUR', NULL, NULL,
    false, false, NULL, '{player}');
SELECT registry_record('{deposit}', 2, 'AUTHORIZED', false,
    '{{"attempts": [{{"key": "{deposit}:authorize:1", "outcome": "declined", "soft": true,
      "reason": "{brand}-reason", "code": "51", "account": {{"psp": "sandbox", "id": "main"}}}}]}}',
    '{capture}', now(), 'hash', false);
SELECT inbox_take_in('sandbox', 'nonce-{brand}', 'sent-{brand}', 'sha256', ARRAY['sandbox'],
    ARRAY['ev-{brand}'], ARRAY['{deposit}'], ARRAY['{event}'::jsonb], ARRAY['m'], ARRAY['g'],
    200, 50);
SELECT inbox_redeliver((SELECT id FROM inbox_events WHERE event_id = 'ev-{brand}'), 'again', 'ann',
    'for {brand}');
INSERT INTO cases (key, payment_id, brand, kind, summary, facts)
VALUES ('{brand}:case', '{deposit}', '{brand}', 'contradiction', 'of {brand}', '{{}}');
INSERT INTO risk_players (brand, player_id, kyc, blocked, vip, country, updated_at)
VALUES ('{brand}', '{player}', 'verified', false, false, 'MT', now());
INSERT INTO routing_switches (brand, psp, account, method, enabled, reason, changed_by)
VALUES ('{brand}', 'sandbox', 'main', 'card', true, 'for {brand}', 'ann');
SELECT routing_decide(
    (routing_propose('policy', '{policy}', '{brand}',
        '{{"id": "{policy}", "rules": [], "default": {{"order": ["sandbox/primary"]}}}}', 0,
        'for {brand}', 'ann')).change_id,
    'approve', 'for {brand}', 'bob', (SELECT coalesce(max(id), 0) FROM routing_decisions));
SELECT routing_keep('{{"payment_id": "{deposit}", "number": 1, "at": "2026-01-02T03:04:05Z",
    "brand": "{brand}", "policy": "{policy}", "version": 1, "generation": 1,
    "facts": {{"payment_id": "{deposit}", "player_id": "{player}", "kind": "deposit",
        "brand": "{brand}", "region": "EU", "method": "card",
        "amount": {{"minor_units": 5000, "currency": "EUR"}}}},
    "receipt": {{"policy_id": "{policy}", "policy_version": 1, "rule": null, "seed": "s"}},
    "route": {{"candidates": []}}}}');
INSERT INTO routing_chargebacks (payment_id, reported_by) VALUES ('{deposit}', 'ann');
SELECT routing_stop('{brand}', 'sandbox', '*', '*', 'payouts', 'for {brand}', 'ann');
SELECT routing_may_move('{payout}', '{brand}', 'sandbox', 'main', 'EU', 'payouts');
"""


async def keep_books(owner: asyncpg.Connection, brand: str) -> None:
    """As the owner, through the functions where there are any."""
    names = Names(brand)
    for kind, payment, minor, status in (
        ("deposit", names.deposit, 5000, "INITIATED"),
        ("refund", names.refund, 500, "REFUND_SUBMITTED"),
        ("payout", names.payout, 700, "PAYOUT_AWAITING_APPROVAL"),
    ):
        new = {
            "kind": kind, "brand": brand, "region": "EU", "player_id": names.player,
            "currency": "EUR", "amount_minor": minor, "method": "card", "status": status,
            "trace_id": f"trace-of-{brand}", "requester": "ann", "order": {},
            "intent_id": names.deposit if kind == "refund" else None,
            "refund_id": payment if kind == "refund" else None,
            "details": {
                "metadata": {"tag": f"tag-of-{brand}"}, "return_url": "https://casino.example",
                "capture_method": "manual", "destination": "dst_ok",
                "capture_id": names.capture if kind == "refund" else None,
            },
        }  # fmt: skip
        await owner.execute(_OPEN, brand, payment, json.dumps(new))
    words = {
        name: getattr(names, name)
        for name in ("brand", "deposit", "refund", "payout", "capture", "player", "policy")
    }
    await owner.execute(_REST.format(**words, event=json.dumps(_event(names))))


def _event(names: Names) -> dict[str, object]:
    return {
        "psp": "sandbox", "event_id": f"ev-{names.brand}", "key": f"{names.deposit}:authorize:1",
        "operation": "authorize", "amount": {"minor_units": 5000, "currency": "EUR"},
        "reply": {"kind": "approved", "psp_ref": f"ref-of-{names.brand}"},
        "raw_type": "authorization.approved", "occurred_at": "2026-01-02T03:04:05Z",
    }  # fmt: skip

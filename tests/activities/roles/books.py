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
SELECT wallet_credit('{deposit}:credit', 'h', '{brand}', '{player}', 'psp:sandbox:main', 5000,
    'EUR', '{deposit}');
SELECT payment_hold('{refund}:hold', 'h', '{brand}', '{player}', 500, 'EUR', '{refund}',
    '{deposit}:credit');
SELECT payment_hold('{payout}:hold', 'h', '{brand}', '{player}', 700, 'EUR', '{payout}', NULL);
SELECT wallet_debit('{brand}:too-much', 'h', '{brand}', '{player}', 'psp:sandbox:main',
    900000, 'EUR', '{deposit}');
SELECT wallet_post_house('[{{"key": "batch-of-{brand}", "hash": "h", "kind": "fee",
    "psp": "sandbox", "account": "main", "currency": "EUR", "amount": -20}}]');
INSERT INTO settled (expectation_id, key, movement, number, payment_id, brand, psp, account, method,
    currency, amount_minor, done_at, due_at, file_id, place, settled_at)
SELECT -id, key, movement, number, payment_id, brand, psp, account, method, currency, amount_minor,
    done_at, due_at, id, 1, now()
FROM expectations WHERE brand = '{brand}';
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
SELECT bank_take(sha256('{brand}'), 's', NULL, '[{{"bank_account": "{brand}", "currency": "EUR",
    "number": "1", "sequence": [1], "ends": "2026-01-02", "opening": 0, "closing": 100,
    "content": "{hex}{hex}", "entries": [[100, "2026-01-02", null, "of {brand}"]]}}]');
INSERT INTO settlement_files (psp, account, kind, name, period, sequence, version, sha256,
    size_bytes, stored_as, state)
VALUES ('sandbox', '{brand}', 'daily', 'n', '', 1, 1, sha256('{brand}'), 1, 's', 'stored');
INSERT INTO settlement_lines (file_id, place, psp, account, identity, movement, currency, gross,
    net_currency, net, fee, booked_at, raw_type)
VALUES (hashtext('{brand}'), 1, 'sandbox', '{brand}', 'i', 'capture', 'EUR', 1, 'EUR', 1, 0, now(),
    'capture');
INSERT INTO bank_matches (statement_id, place, psp, account, payout, currency, amount_minor,
    matched_by, matched_at)
SELECT statement_id, place, 'sandbox', 'main', '{brand}', 'EUR', 100, 'reference', now()
FROM bank_booked WHERE bank_account = '{brand}';
INSERT INTO matched_files (file_id, psp, account, matched_at)
VALUES (hashtext('{brand}'), 'sandbox', '{brand}', now());
INSERT INTO breaks (class, psp, account, brand, day, currency, payment_id, expectation_id,
    opened_at)
VALUES ('missing_psp', 'sandbox', 'main', '{brand}', now(), 'EUR', '{deposit}',
    hashtext('{brand}'), now());
INSERT INTO settlement_completions (file_id, place, payment_id, key, operation, psp, account,
    movement, currency, amount_minor, booked_at, found_at)
VALUES (hashtext('{brand}'), 1, '{deposit}', '{deposit}:authorize:1', 'authorize', 'sandbox',
    'main', 'capture', 'EUR', 5000, now(), now());
INSERT INTO reconciliation_days (psp, account, as_of, file_id, day, currency, matched,
    matched_minor)
VALUES ('sandbox', '{brand}', now(), hashtext('{brand}'), now(), 'EUR', 1, 5000);
SELECT matching_close('sandbox', '{brand}', now(), '{{}}');
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
        for name in ("brand", "hex", "deposit", "refund", "payout", "capture", "player", "policy")
    }
    await owner.execute(_REST.format(**words, event=json.dumps(_event(names))))


def _event(names: Names) -> dict[str, object]:
    return {
        "psp": "sandbox", "event_id": f"ev-{names.brand}", "key": f"{names.deposit}:authorize:1",
        "operation": "authorize", "amount": {"minor_units": 5000, "currency": "EUR"},
        "reply": {"kind": "approved", "psp_ref": f"ref-of-{names.brand}"},
        "raw_type": "authorization.approved", "occurred_at": "2026-01-02T03:04:05Z",
    }  # fmt: skip

"""Who may do what in the database: one line for each table, view and function.

The API opens requests, reads by brand and stores webhooks; the worker posts to the ledger and
writes states; the auditor looks. Nobody deletes. What is not listed nobody has: a test finds it.
A new table or function gets its line; a function that only others of ours call is `()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ALL = "(SELECT '*' = ANY (brands_seen()))"
"""The session is for every brand; asked once for each statement."""
OF_BRAND = "ARRAY[brand, '*'] && (SELECT brands_seen())"
SHARED = f"brand = '*' OR {OF_BRAND}"
"""A row for every brand is everybody's to see, and only theirs to write who are for all."""
OF_PAYMENT = f"{ALL} OR EXISTS (SELECT FROM payments p WHERE p.id = payment_id)"
"""The API sees it where it sees the payment: that table has a policy too."""


class Who(StrEnum):
    """Each has a role of its own in the database."""

    API = "api"
    WORKER = "worker"
    AUDITOR = "auditor"


API, WORKER = Who.API, Who.WORKER


@dataclass(frozen=True)
class Table:
    api: str = ""
    """Privileges, as GRANT takes them."""
    worker: str = "SELECT"
    seen: str | None = None
    """Which rows the API sees. None: the table tells nothing of any brand."""
    written: str | None = None
    """Which rows the API may write, where that is less."""


_OUTGOING = "state, next_at, until, attempts, delivered_at"

TABLES = {
    "accounts": Table("SELECT", seen=OF_BRAND),
    "transfers": Table("SELECT", seen=OF_BRAND),
    "entries": Table(
        "SELECT", seen=f"{ALL} OR EXISTS (SELECT FROM accounts a WHERE a.id = account_id)"
    ),
    "wallet_refusals": Table("SELECT", seen=ALL),
    "payments": Table("SELECT", seen=OF_BRAND),
    "payment_events": Table("SELECT", seen=OF_PAYMENT),
    "idempotency_keys": Table("SELECT", seen=OF_BRAND),
    "search_terms": Table("SELECT", seen=OF_BRAND),
    "inbox_events": Table("SELECT", "SELECT, UPDATE", seen=OF_PAYMENT),
    "inbox_nonces": Table(),
    "inbox_sendings": Table(),
    "inbox_meanings": Table("SELECT", seen=OF_PAYMENT),
    "inbox_redeliveries": Table(
        "SELECT",
        seen=f"{ALL} OR EXISTS (SELECT FROM inbox_events e "
        "WHERE e.id = inbox_redeliveries.event_id)",
    ),
    "security_events": Table("SELECT, INSERT", "SELECT, INSERT"),
    "webhook_types": Table("SELECT, INSERT, UPDATE"),
    "cases": Table("SELECT", "SELECT, INSERT", seen=OF_BRAND),
    "case_events": Table(
        "SELECT", seen=f"{ALL} OR EXISTS (SELECT FROM cases c WHERE c.id = case_id)"
    ),
    "risk_players": Table("SELECT, INSERT, UPDATE", seen=OF_BRAND),
    "psp_instructions": Table("SELECT", seen=OF_PAYMENT),
    "credentials": Table("", ""),
    "actions": Table("SELECT", "", seen=OF_BRAND),
    "routing_switches": Table("SELECT, INSERT", seen=SHARED, written=OF_BRAND),
    "routing_changes": Table("SELECT", seen=SHARED),
    "routing_decisions": Table(
        "SELECT", seen=f"{ALL} OR EXISTS (SELECT FROM routing_changes c WHERE c.id = change_id)"
    ),
    "routing_receipts": Table("SELECT", seen=OF_BRAND),
    "routing_chargebacks": Table("SELECT, INSERT", seen=OF_PAYMENT),
    "routing_statistics": Table(),
    "routing_breakers": Table("SELECT"),
    "routing_breaker_counts": Table("SELECT"),
    "routing_health_events": Table("SELECT"),
    "routing_stops": Table("SELECT", seen=SHARED),
    "routing_stop_events": Table(
        "SELECT", seen=f"{ALL} OR EXISTS (SELECT FROM routing_stops s WHERE s.id = stop_id)"
    ),
    "routing_parked": Table("SELECT", seen=OF_BRAND),
    "routing_rates": Table("SELECT, INSERT"),
    "outgoing_events": Table(
        f"SELECT, UPDATE ({_OUTGOING})",
        f"SELECT, UPDATE ({_OUTGOING}, leased_until, last_result)",
        seen=OF_BRAND,
    ),
    "bank_files": Table("SELECT", seen=ALL),
    "bank_statements": Table("SELECT", seen=ALL),
    "bank_entries": Table("SELECT", seen=ALL),
    "bank_matches": Table("SELECT", seen=ALL),
    "expectations": Table("SELECT", seen=OF_BRAND),
    "settled": Table("SELECT", seen=OF_BRAND),
    "settlement_terms": Table(),
    "settlement_files": Table("SELECT", seen=ALL),
    "settlement_lines": Table("SELECT", seen=ALL),
    "reconciliations": Table("SELECT", seen=ALL),
    "reconciliation_days": Table("SELECT", seen=ALL),
    "matched_files": Table("SELECT", seen=ALL),
    "breaks": Table("SELECT", seen=OF_BRAND),
    "settlement_completions": Table("SELECT", seen=OF_PAYMENT),
    "alembic_version": Table("SELECT"),
    "functions_applied": Table("SELECT"),
}

VIEWS = {
    "bank_booked": (API, WORKER),
    "bank_payouts": (API, WORKER),
    "money_at_risk": (API, WORKER),
    "routing_approved": (API, WORKER),
    "routing_first_attempts": (API, WORKER),
    "routing_movable": (API, WORKER),
    "routing_waiting": (API, WORKER),
    "psp_effective": (),
}
"""Where one group reads what another one wrote, each with the rights of whoever reads."""

FUNCTIONS: dict[str, tuple[Who, ...]] = {
    "access_act": (),
    "access_find": (API,),
    "access_live": (API,),
    "append_only": (),
    "bank_apply": (),
    "bank_break": (),
    "bank_breaks": (),
    "bank_commands": (WORKER,),
    "bank_day_after": (),
    "bank_easter": (),
    "bank_is_closed": (),
    "bank_keep": (),
    "bank_match": (WORKER,),
    "bank_pairs": (),
    "bank_pattern": (),
    "bank_take": (WORKER,),
    "bank_words": (),
    "brand_is_foreign": (API, WORKER),
    "brands_seen": (API, WORKER),
    "case_assign": (API,),
    "case_note": (WORKER,),
    "case_opened": (),
    "entries_balance": (),
    "expectation_count": (),
    "expectation_due": (),
    "expectation_given_back": (),
    "expectation_in_turn": (),
    "expectation_instruction": (),
    "expectation_is_given_back": (),
    "expectation_named": (),
    "expectation_of_answer": (),
    "expectation_of_undone": (),
    "expectation_open": (),
    "expectation_pair": (),
    "expectation_terms": (WORKER,),
    "inbox_admit": (WORKER,),
    "inbox_admit_all": (),
    "inbox_crowd": (),
    "inbox_forgeries": (),
    "inbox_forget_nonces": (WORKER,),
    "inbox_forget_sendings": (WORKER,),
    "inbox_lease": (WORKER,),
    "inbox_open_case": (API, WORKER),
    "inbox_pause": (WORKER,),
    "inbox_redeliver": (API,),
    "inbox_replays": (),
    "inbox_take_in": (API,),
    "inbox_take_in_together": (API,),
    "matching_batches": (WORKER,),
    "matching_break": (WORKER,),
    "matching_by_key": (WORKER,),
    "matching_charged": (WORKER,),
    "matching_close": (WORKER,),
    "matching_closed_by_itself": (),
    "matching_commands": (WORKER,),
    "matching_days": (),
    "matching_delay": (),
    "matching_duplicates": (WORKER,),
    "matching_fees": (WORKER,),
    "matching_found": (WORKER,),
    "matching_gather": (WORKER,),
    "matching_in_doubt": (WORKER,),
    "matching_may_still_match": (),
    "matching_mismatches": (WORKER,),
    "matching_missing": (WORKER,),
    "matching_nets": (WORKER,),
    "matching_of_payments": (),
    "matching_only_theirs": (WORKER,),
    "matching_open": (WORKER,),
    "matching_pair": (WORKER,),
    "matching_passed_on": (WORKER,),
    "matching_posted": (WORKER,),
    "matching_postings": (),
    "matching_recorded": (WORKER,),
    "matching_settle": (WORKER,),
    "matching_take": (),
    "matching_to_pass_on": (WORKER,),
    "matching_to_post": (WORKER,),
    "matching_undo": (),
    "matching_unexplained": (WORKER,),
    "outgoing_event_of_version": (),
    "outgoing_event_type": (),
    "payment_close": (WORKER,),
    "payment_hold": (),
    "payment_hold_ordered": (WORKER,),
    "payment_is_ordered": (),
    "payment_may_hold": (),
    "payment_refund_is_claimed": (),
    "payment_release": (WORKER,),
    "psp_answer": (WORKER,),
    "psp_ask": (),
    "psp_ask_ordered": (WORKER,),
    "psp_ask_quickly": (WORKER,),
    "psp_conclude": (WORKER,),
    "psp_forbidden": (),
    "psp_is_of_a_case": (),
    "psp_may_move": (WORKER,),
    "psp_never_sent": (WORKER,),
    "psp_payouts_wait_for": (),
    "psp_rival_of": (),
    "psp_sale_is_credited": (),
    "psp_sale_is_given_back": (),
    "psp_unfinished": (),
    "registry_answer": (API,),
    "registry_claim": (API,),
    "registry_expire": (WORKER,),
    "registry_is_untouched": (),
    "registry_open": (),
    "registry_open_answered": (API,),
    "registry_record": (WORKER,),
    "registry_sleeps": (WORKER,),
    "registry_swept": (WORKER,),
    "registry_versions": (API,),
    "registry_wake": (),
    "risk_other_payouts": (WORKER,),
    "routing_active_version": (API, WORKER),
    "routing_breaker": (WORKER,),
    "routing_breaker_move": (WORKER,),
    "routing_breaker_probe": (WORKER,),
    "routing_count": (WORKER,),
    "routing_covers": (),
    "routing_decide": (API,),
    "routing_drain": (WORKER,),
    "routing_goes_slowly": (),
    "routing_in_turn": (),
    "routing_keep": (WORKER,),
    "routing_lift": (API,),
    "routing_may_move": (),
    "routing_observe": (WORKER,),
    "routing_propose": (API,),
    "routing_stop": (API,),
    "routing_told": (WORKER,),
    "seal_is_heard": (WORKER,),
    "seal_is_told": (WORKER,),
    "seal_put_aside": (WORKER,),
    "search_add": (),
    "search_learned": (),
    "search_of_events": (),
    "search_of_instruction": (),
    "search_of_payment": (),
    "search_opened": (),
    "search_terms_of_event": (),
    "wallet_beyond": (),
    "wallet_capture_hold": (WORKER,),
    "wallet_claw_back": (),
    "wallet_credit": (WORKER,),
    "wallet_debit": (WORKER,),
    "wallet_hold": (),
    "wallet_house": (),
    "wallet_house_commands": (),
    "wallet_house_legs": (),
    "wallet_lock_debtors": (),
    "wallet_move": (),
    "wallet_open": (),
    "wallet_owed": (),
    "wallet_post_house": (WORKER,),
    "wallet_receivable": (),
    "wallet_recorded": (),
    "wallet_refuse": (),
    "wallet_release": (),
    "wallet_restore": (),
    "wallet_sides": (),
    "wallet_split": (),
    "wallet_unresolved": (),
    "within_brands": (),
}
"""Who may EXECUTE it, whatever its arguments are."""

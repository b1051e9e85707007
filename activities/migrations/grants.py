"""What the application's role may do: read, add and change where its code does, delete nowhere.

The ledger and the registry are written by functions that run as the owner.
"""

from __future__ import annotations

from sqlalchemy import Connection

GRANTS = {
    "accounts": "SELECT",
    "transfers": "SELECT",
    "entries": "SELECT",
    "wallet_refusals": "SELECT",
    "payments": "SELECT",
    "payment_events": "SELECT",
    "idempotency_keys": "SELECT",
    "inbox_events": "SELECT, INSERT, UPDATE",
    "inbox_nonces": "SELECT",
    "security_events": "SELECT, INSERT",
    "webhook_types": "SELECT, INSERT, UPDATE",
    "cases": "SELECT, INSERT",
    "case_events": "SELECT",
    "risk_players": "SELECT, INSERT, UPDATE",
    "credentials": "SELECT",
    "routing_switches": "SELECT, INSERT",
    "routing_changes": "SELECT",
    "routing_decisions": "SELECT",
    "routing_receipts": "SELECT",
    "routing_chargebacks": "SELECT, INSERT",
    "routing_statistics": "SELECT",
    "routing_breakers": "SELECT",
    "routing_breaker_counts": "SELECT",
    "routing_health_events": "SELECT",
    "routing_stops": "SELECT",
    "routing_stop_events": "SELECT",
    "routing_parked": "SELECT",
    "routing_rates": "SELECT, INSERT",
    "notices": "SELECT, UPDATE (state, next_at, until, attempts, leased_until, delivered_at, "
    "last_result)",
    "alembic_version": "SELECT",
}

VIEWS = ("routing_approved", "routing_first_attempts", "routing_movable", "routing_waiting")
"""Where one group reads what another one wrote."""

_FUNCTIONS = """
SELECT format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'public' AND p.prosecdef
"""


def grant(connection: Connection, application: str, owner: str) -> None:
    """Repeatable. Nothing to do when one role is both."""
    if application == owner:
        return
    role = _quoted(application)
    run = connection.exec_driver_sql
    run("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC")
    run(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
    run(f"GRANT USAGE ON SCHEMA public TO {role}")
    for table, rights in GRANTS.items():
        run(f"GRANT {rights} ON {_quoted(table)} TO {role}")
    for view in VIEWS:
        run(f"GRANT SELECT ON {_quoted(view)} TO {role}")
    for (function,) in run(_FUNCTIONS).all():
        run(f"GRANT EXECUTE ON FUNCTION {function} TO {role}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

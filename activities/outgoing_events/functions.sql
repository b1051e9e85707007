-- Facts out: one event for each version of each payment. Whatever writes a version writes its
-- event: there is no other way to make one, or to miss one.

-- `PAYOUT_SETTLED` of a payout is `payout.settled`; a status that is new needs no line here.
CREATE OR REPLACE FUNCTION outgoing_event_type(kind text, status text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT kind || '.' || lower(regexp_replace(status, '^' || upper(kind) || '_', ''));
$$;

-- Behind a predecessor that failed it waits as long as that one; the order itself is kept by
-- whoever leases, so a predecessor that is delivered meanwhile costs nothing.
CREATE OR REPLACE FUNCTION outgoing_event_of_version() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO outgoing_events (
        payment_id, sequence, brand, type, created_at, tx, state, next_at, until, attempts
    )
    SELECT NEW.payment_id, NEW.version, p.brand, outgoing_event_type(p.kind, NEW.status),
        NEW.recorded_at, pg_current_xact_id()::text::bigint, 'waiting',
        coalesce(
            (SELECT n.next_at FROM outgoing_events n
             WHERE n.payment_id = NEW.payment_id AND n.sequence = NEW.version - 1),
            now()
        ),
        now() + interval '3 days', 0
    FROM payments p WHERE p.id = NEW.payment_id;
    RETURN NULL;
END $$;

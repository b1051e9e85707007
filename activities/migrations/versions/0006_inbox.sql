-- The door of the PSPs: one statement per webhook, what was refused, and how events wait.

ALTER TABLE inbox_events
    ADD COLUMN refusals integer NOT NULL DEFAULT 0,
    ADD COLUMN escalated_at timestamptz;

-- One for each lane of the relay: a crowd in one is not looked through for the other.
CREATE INDEX inbox_fresh ON inbox_events (id)
    WHERE delivered_at IS NULL AND parked IS NULL AND attempts = 0;
CREATE INDEX inbox_waiting ON inbox_events (next_at)
    WHERE delivered_at IS NULL AND parked IS NULL AND attempts > 0;
DROP INDEX inbox_undelivered;

CREATE TABLE inbox_nonces (
    psp     text NOT NULL,
    nonce   text NOT NULL,
    used_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (psp, nonce)
);
CREATE INDEX inbox_nonces_used ON inbox_nonces (used_at);

-- A row tells of `occurrences` refusals of one kind in one process; the rest of it is of the last.
CREATE TABLE security_events (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    psp          text NOT NULL,
    rule         text NOT NULL,
    status       integer NOT NULL,
    occurrences  integer NOT NULL,
    remote       text,
    header_names text[] NOT NULL,
    body_bytes   bigint,
    body_sha256  text,
    recorded_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX security_events_of_psp ON security_events (psp, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON security_events
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TYPE inbox_stored AS (
    added      integer,
    nonce_used boolean,
    contested  bigint[]
);

-- A twin in flight makes the insert wait; the statement after it then sees what the twin wrote.
-- The first of an event counts: a later one that does not say all that the first said is contested.
-- Events are stored in one order, so that overlapping deliveries cannot wait for each other.
CREATE FUNCTION inbox_store(
    the_psp text, the_nonce text, psps text[], ids text[], payments text[], events jsonb[]
) RETURNS inbox_stored
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    stored inbox_stored := (0, false, '{}');
BEGIN
    IF the_nonce IS NOT NULL THEN
        INSERT INTO inbox_nonces (psp, nonce) VALUES (the_psp, the_nonce) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            stored.nonce_used := true;
            RETURN stored;
        END IF;
    END IF;
    INSERT INTO inbox_events (psp, event_id, payment_id, event)
    SELECT * FROM unnest(psps, ids, payments, events) ORDER BY 1, 2
    ON CONFLICT (psp, event_id) DO NOTHING;
    GET DIAGNOSTICS stored.added = ROW_COUNT;
    IF stored.added < cardinality(ids) THEN
        SELECT coalesce(array_agg(e.id ORDER BY e.id), '{}') INTO stored.contested
        FROM unnest(psps, ids, events) AS told (psp, event_id, event)
        JOIN inbox_events e USING (psp, event_id)
        WHERE NOT e.event <@ told.event;
    END IF;
    RETURN stored;
END $$;

-- After a while the signature is stale anyway.
CREATE FUNCTION inbox_forget_nonces(before interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    forgotten integer;
BEGIN
    DELETE FROM inbox_nonces WHERE used_at < now() - before;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;

-- Opening a case twice is opening it once.
CREATE FUNCTION inbox_open_case(
    the_event bigint, the_key text, the_kind text, the_summary text, the_facts jsonb
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO cases
        (key, payment_id, brand, kind, summary, money_at_risk_minor, currency, facts)
    SELECT the_key, e.payment_id, coalesce(p.brand, ''), the_kind, the_summary,
        (e.event -> 'amount' ->> 'minor_units')::bigint, e.event -> 'amount' ->> 'currency',
        the_facts
    FROM inbox_events e LEFT JOIN payments p ON p.id = e.payment_id
    WHERE e.id = the_event
    ON CONFLICT (key) DO NOTHING;
$$;

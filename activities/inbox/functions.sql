-- The door of the PSPs: one statement per webhook. What is taken in is kept, each event once; what
-- reaches a run is each meaning once, and of one payment so many and no more.

-- A twin in flight makes the insert wait; the statement after it then sees what the twin wrote.
-- The first of an event counts: a later one that does not say all that the first said is contested.
-- Events are stored in one order, and admitted in one order, so that overlapping deliveries cannot
-- wait for each other. An event whose payment is not known by name is admitted when it is found.
CREATE OR REPLACE FUNCTION inbox_take_in(
    the_psp text, the_nonce text, the_sending text, the_body text,
    psps text[], ids text[], payments text[], events jsonb[], meanings text[], gists text[],
    at_most integer, beyond integer
) RETURNS inbox_taken
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    taken inbox_taken := (0, false, false, '{}');
    fresh bigint[];
BEGIN
    IF the_nonce IS NOT NULL THEN
        INSERT INTO inbox_nonces (psp, nonce) VALUES (the_psp, the_nonce) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            taken.nonce_used := true;
            RETURN taken;
        END IF;
    END IF;
    IF the_sending IS NOT NULL THEN
        INSERT INTO inbox_sendings (psp, sent_as, body_sha256)
        VALUES (the_psp, the_sending, the_body) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            SELECT s.body_sha256 <> the_body INTO taken.forged FROM inbox_sendings s
            WHERE s.psp = the_psp AND s.sent_as = the_sending;
            IF taken.forged THEN
                RETURN taken;
            END IF;
        END IF;
    END IF;
    WITH put AS (
        INSERT INTO inbox_events (psp, event_id, payment_id, event, meaning, gist)
        SELECT * FROM unnest(psps, ids, payments, events, meanings, gists) ORDER BY 1, 2
        ON CONFLICT (psp, event_id) DO NOTHING
        RETURNING id
    )
    SELECT coalesce(array_agg(id), '{}') INTO fresh FROM put;
    taken.added := cardinality(fresh);
    PERFORM inbox_admit(e.id, e.payment_id, e.psp, e.meaning, e.gist, at_most, beyond)
    FROM (
        SELECT * FROM inbox_events WHERE id = ANY(fresh) AND payment_id <> ''
        ORDER BY payment_id, meaning, id
    ) e;
    IF taken.added < cardinality(ids) THEN
        SELECT coalesce(array_agg(e.id ORDER BY e.id), '{}') INTO taken.contested
        FROM unnest(psps, ids, events) AS told (psp, event_id, event)
        JOIN inbox_events e USING (psp, event_id)
        WHERE NOT e.event <@ told.event;
    END IF;
    RETURN taken;
END $$;

-- Whether its run is told of an event: null, or why not, as which it is parked. Beyond `at_most`
-- only what says something new in short, and of that no more than `beyond`.
CREATE OR REPLACE FUNCTION inbox_admit(
    the_event bigint, the_payment text, the_psp text, the_meaning text, the_gist text,
    at_most integer, beyond integer
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    heard integer;
    is_known boolean;
    has_gist boolean;
    why text;
BEGIN
    SELECT count(*), coalesce(bool_or(m.meaning = the_meaning AND m.event_id <> the_event), false),
        coalesce(bool_or(m.gist = the_gist), false)
    INTO heard, is_known, has_gist FROM inbox_meanings m WHERE m.payment_id = the_payment;
    IF is_known THEN
        why := 'repeated';
    ELSIF heard < at_most OR (heard < at_most + beyond AND NOT has_gist) THEN
        INSERT INTO inbox_meanings AS m (payment_id, meaning, gist, event_id)
        VALUES (the_payment, the_meaning, the_gist, the_event)
        ON CONFLICT (payment_id, meaning) DO UPDATE SET meaning = excluded.meaning
            WHERE m.event_id = excluded.event_id;
        why := CASE WHEN FOUND THEN NULL ELSE 'repeated' END;
    ELSE
        why := 'crowded';
        PERFORM inbox_crowd(the_payment, the_psp, at_most);
    END IF;
    IF why IS NOT NULL THEN
        UPDATE inbox_events SET parked = why WHERE id = the_event;
    END IF;
    RETURN why;
END $$;

-- One open case for a crowd, however many wait behind it; one that was resolved does not come back.
CREATE OR REPLACE FUNCTION inbox_crowd(the_payment text, the_psp text, at_most integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    name text := the_payment || ':crowded';
    before bigint;
BEGIN
    IF EXISTS (SELECT FROM cases c WHERE c.payment_id = the_payment AND c.state = 'open'
            AND starts_with(c.key, name)) THEN
        RETURN;
    END IF;
    SELECT count(*) INTO before FROM cases c
    WHERE c.payment_id = the_payment AND starts_with(c.key, name);
    INSERT INTO cases (key, payment_id, brand, kind, summary, facts)
    SELECT name || CASE WHEN before = 0 THEN '' ELSE ':' || before END, the_payment,
        coalesce((SELECT p.brand FROM payments p WHERE p.id = the_payment), ''),
        'unexpected_event',
        format('%s has told more than %s things of %s: what is beyond waits for a person, in the '
            'inbox as parked', the_psp, at_most, the_payment),
        jsonb_build_object('psp', the_psp, 'type', 'crowded')
    ON CONFLICT (key) DO NOTHING;
END $$;

-- Puts an event at the head of the queue, once by key. A run takes an event once, so that
-- delivering again what it knows changes nothing.
CREATE OR REPLACE FUNCTION inbox_redeliver(
    the_event bigint, the_key text, the_author text, the_reason text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    event inbox_events;
BEGIN
    SELECT * INTO event FROM inbox_events WHERE id = the_event FOR UPDATE;
    INSERT INTO inbox_redeliveries (event_id, key, was, by, reason)
    VALUES (the_event, the_key,
        CASE WHEN event.delivered_at IS NOT NULL THEN 'delivered'
            ELSE coalesce(event.parked, 'waiting') END, the_author, the_reason)
    ON CONFLICT (event_id, key) DO NOTHING;
    IF FOUND THEN
        UPDATE inbox_events
        SET delivered_at = NULL, parked = NULL, attempts = 0, refusals = 0, next_at = now(),
            escalated_at = NULL
        WHERE id = the_event;
    END IF;
END $$;

-- Opening a case twice is opening it once.
CREATE OR REPLACE FUNCTION inbox_open_case(
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

-- After a while the signature is stale anyway.
CREATE OR REPLACE FUNCTION inbox_forget_nonces(before interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    forgotten integer;
BEGIN
    DELETE FROM inbox_nonces WHERE used_at < now() - before;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;

-- Longer than any signature is believed.
CREATE OR REPLACE FUNCTION inbox_forget_sendings(before interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    forgotten integer;
BEGIN
    DELETE FROM inbox_sendings WHERE first_at < now() - before;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;

-- The door of the PSPs: one statement for all webhooks that come together. What is taken in is kept,
-- each event once; what reaches a run is each meaning once, and of one payment so many and no more.

-- Of each webhook by its place in the list, as if they came one after the other: `nonce_used` and
-- `forged` ones leave nothing; `added` events are new; stored ones that do not say all that was said
-- first are `contested`. A twin in flight makes an insert wait; the statement after it then sees what
-- the twin wrote. All is stored in one order and admitted in one order, so that those who tell of the
-- same cannot wait for each other. An event whose payment is not known by name is admitted when it is
-- found. Who is asleep is woken by the commit. Plans are made once, when tables may be empty: what is
-- looked up is looked up by an index, however small the table was then.
CREATE OR REPLACE FUNCTION inbox_take_in_together(
    the_psps text[], the_nonces text[], the_sendings text[], the_bodies text[],
    webhooks integer[], psps text[], ids text[], payments text[], events jsonb[], meanings text[],
    gists text[], at_most integer, beyond integer
) RETURNS TABLE (added integer, nonce_used boolean, forged boolean, contested bigint[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    replays integer[] := inbox_replays(the_psps, the_nonces);
    forgeries integer[] := inbox_forgeries(the_psps, the_sendings, the_bodies, replays);
    fresh bigint[];
    stored_places integer[];
    disputers integer[];
    disputed bigint[];
BEGIN
    WITH heard AS (
        SELECT * FROM unnest(webhooks, psps, ids, payments, events, meanings, gists) WITH ORDINALITY
            AS t (webhook, psp, event_id, payment_id, event, meaning, gist, place)
        WHERE webhook <> ALL (replays || forgeries)
    ), put AS (
        INSERT INTO inbox_events (psp, event_id, payment_id, event, meaning, gist)
        SELECT psp, event_id, payment_id, event, meaning, gist FROM heard
        ORDER BY psp, event_id, place
        ON CONFLICT (psp, event_id) DO NOTHING
        RETURNING id, psp, event_id
    ), first AS (
        SELECT p.id, min(h.place) AS place FROM put p JOIN heard h USING (psp, event_id) GROUP BY p.id
    )
    SELECT coalesce(array_agg(id ORDER BY place), '{}'), coalesce(array_agg(place ORDER BY place), '{}')
    INTO fresh, stored_places FROM first;
    IF inbox_admit_all(fresh, at_most, beyond) THEN
        PERFORM pg_notify('inbox_events', '');
    END IF;
    IF cardinality(stored_places) < cardinality(ids) THEN
        SELECT array_agg(h.webhook), array_agg(e.id) INTO disputers, disputed
        FROM unnest(webhooks, psps, ids, events) WITH ORDINALITY
            AS h (webhook, psp, event_id, event, place)
        JOIN inbox_events e USING (psp, event_id)
        WHERE h.webhook <> ALL (replays || forgeries) AND h.place <> ALL (stored_places)
            AND NOT e.event <@ h.event;
    END IF;
    RETURN QUERY
    SELECT
        (SELECT count(*)::integer FROM unnest(stored_places) AS t (place) WHERE webhooks[t.place] = w.n),
        w.n = ANY (replays), w.n = ANY (forgeries),
        ARRAY(
            SELECT DISTINCT d.event FROM unnest(disputers, disputed) AS d (webhook, event)
            WHERE d.webhook = w.n ORDER BY d.event
        )
    FROM generate_series(1, cardinality(the_psps)) AS w (n) ORDER BY w.n;
END $$;

-- Which webhooks bear a nonce that was used: before, or by an earlier one of these.
CREATE OR REPLACE FUNCTION inbox_replays(the_psps text[], the_nonces text[]) RETURNS integer[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    replays integer[] := '{}';
BEGIN
    IF array_remove(the_nonces, NULL) = '{}' THEN
        RETURN replays;
    END IF;
    WITH signed AS (
        SELECT * FROM unnest(the_psps, the_nonces) WITH ORDINALITY AS t (psp, nonce, webhook)
        WHERE nonce IS NOT NULL
    ), first AS (
        SELECT psp, nonce, min(webhook) AS webhook FROM signed GROUP BY psp, nonce
    ), put AS (
        INSERT INTO inbox_nonces (psp, nonce) SELECT psp, nonce FROM first ORDER BY psp, nonce
        ON CONFLICT DO NOTHING RETURNING psp, nonce
    )
    SELECT coalesce(array_agg(s.webhook), '{}') INTO replays FROM signed s
    WHERE s.webhook NOT IN (SELECT f.webhook FROM first f JOIN put USING (psp, nonce));
    RETURN replays;
END $$;

-- Which webhooks bear the name of a sending that had another body: before, or earlier among these.
CREATE OR REPLACE FUNCTION inbox_forgeries(
    the_psps text[], the_sendings text[], the_bodies text[], replays integer[]
) RETURNS integer[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    forgeries integer[] := '{}';
BEGIN
    IF array_remove(the_sendings, NULL) = '{}' THEN
        RETURN forgeries;
    END IF;
    INSERT INTO inbox_sendings (psp, sent_as, body_sha256)
    SELECT psp, sending, body FROM unnest(the_psps, the_sendings, the_bodies) WITH ORDINALITY
        AS t (psp, sending, body, webhook)
    WHERE sending IS NOT NULL AND webhook <> ALL (replays) ORDER BY psp, sending, webhook
    ON CONFLICT DO NOTHING;
    SELECT coalesce(array_agg(t.webhook), '{}') INTO forgeries
    FROM unnest(the_psps, the_sendings, the_bodies) WITH ORDINALITY
        AS t (psp, sending, body, webhook)
    JOIN inbox_sendings s ON s.psp = t.psp AND s.sent_as = t.sending
    WHERE t.webhook <> ALL (replays) AND s.body_sha256 <> t.body;
    RETURN forgeries;
END $$;

-- Whether any of them is to be delivered. The first that is heard of a payment needs no look at what
-- else was told of it.
CREATE OR REPLACE FUNCTION inbox_admit_all(fresh bigint[], at_most integer, beyond integer)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    admitted bigint[];
    any_more boolean;
BEGIN
    WITH first AS (
        SELECT DISTINCT ON (payment_id) e.* FROM inbox_events e
        WHERE id = ANY (fresh) AND payment_id <> ''
            AND NOT EXISTS (SELECT FROM inbox_meanings m WHERE m.payment_id = e.payment_id)
        ORDER BY payment_id, meaning, array_position(fresh, id)
    ), put AS (
        INSERT INTO inbox_meanings (payment_id, meaning, gist, event_id)
        SELECT payment_id, meaning, gist, id FROM first ORDER BY payment_id, meaning
        ON CONFLICT DO NOTHING RETURNING event_id
    )
    SELECT coalesce(array_agg(event_id), '{}') INTO admitted FROM put;
    SELECT count(*) FILTER (WHERE why IS NULL) > 0 INTO any_more FROM (
        SELECT CASE WHEN e.payment_id <> ''
            THEN inbox_admit(e.id, e.payment_id, e.psp, e.meaning, e.gist, at_most, beyond) END AS why
        FROM (
            SELECT * FROM inbox_events WHERE id = ANY (fresh) AND id <> ALL (admitted)
            ORDER BY payment_id, meaning, array_position(fresh, id)
        ) e
    ) AS rest;
    RETURN any_more OR admitted <> '{}';
END $$;

-- One webhook alone, for processes of the release before.
CREATE OR REPLACE FUNCTION inbox_take_in(
    the_psp text, the_nonce text, the_sending text, the_body text,
    psps text[], ids text[], payments text[], events jsonb[], meanings text[], gists text[],
    at_most integer, beyond integer
) RETURNS inbox_taken
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT added, nonce_used, forged, contested FROM inbox_take_in_together(
        ARRAY[the_psp], ARRAY[the_nonce], ARRAY[the_sending], ARRAY[the_body],
        array_fill(1, ARRAY[cardinality(ids)]), psps, ids, payments, events, meanings, gists,
        at_most, beyond)
$$;

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

-- What was never tried, and beside it a share of what waits; each for some seconds. What a crash of
-- the database forgets of a lease is delivered again, which changes nothing: the disk is not waited
-- for. By indexes, as above. `is_early`: its question is under way at the PSP at this moment, or was
-- answered just now and its run is about to write that down: the answer says the same, and a run that
-- hears of both at once has its task done anew.
CREATE OR REPLACE FUNCTION inbox_lease(most integer, share integer, patience interval)
RETURNS TABLE (
    id bigint, payment_id text, event jsonb, psp text, event_id text, attempts integer,
    known boolean, is_fresh boolean, overdue boolean, is_early boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    RETURN QUERY
    WITH fresh AS (
        SELECT e.id, p.id IS NOT NULL AS known, p.final, p.facts, true AS is_fresh
        FROM inbox_events e LEFT JOIN payments p ON p.id = e.payment_id
        WHERE e.delivered_at IS NULL AND e.parked IS NULL AND e.attempts = 0
        ORDER BY e.id LIMIT most FOR UPDATE OF e SKIP LOCKED
    ), waiting AS (
        SELECT e.id, p.id IS NOT NULL AS known, p.final, p.facts, false AS is_fresh
        FROM inbox_events e LEFT JOIN payments p ON p.id = e.payment_id
        WHERE e.delivered_at IS NULL AND e.parked IS NULL AND e.attempts > 0 AND e.next_at <= now()
        ORDER BY e.next_at LIMIT share FOR UPDATE OF e SKIP LOCKED
    ), due AS (
        SELECT * FROM fresh UNION ALL SELECT * FROM waiting
    )
    UPDATE inbox_events e SET attempts = e.attempts + 1,
        next_at = now() + CASE WHEN due.known THEN interval '4 seconds'
            ELSE inbox_pause(e.attempts) END
    FROM due WHERE e.id = due.id
    RETURNING e.id, e.payment_id, e.event, e.psp, e.event_id, e.attempts, due.known, due.is_fresh,
        e.escalated_at IS NULL AND e.received_at < now() - patience,
        due.known AND EXISTS (
            SELECT FROM psp_instructions i WHERE i.key = e.event ->> 'key'
                AND (i.state = 'asked' AND i.asked_at > clock_timestamp() - interval '2.5 seconds'
                    OR i.state = 'approved' AND NOT due.final
                        AND i.answered_at > clock_timestamp() - interval '2.5 seconds'
                        AND NOT due.facts @> jsonb_build_object('attempts',
                            jsonb_build_array(jsonb_build_object('key', i.key)))));
END $$;

-- Until an event is tried again whose payment is unknown: from half a second to a minute.
CREATE OR REPLACE FUNCTION inbox_pause(attempts integer) RETURNS interval
LANGUAGE sql VOLATILE AS $$
    SELECT interval '60 seconds' * least(1, power(2, least(attempts, 10)) / 120)
        * (0.75 + random() / 4)
$$;

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
        PERFORM pg_notify('inbox_events', '');
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

-- A bank's file that was read, or was not: what of it counts.

-- A run is statements that wait, one behind the other, each opening with the closing before it. As
-- much of it counts as fits between those that count already, in whatever order they came; the
-- rest waits for the one that is missing. How many count since now.
CREATE OR REPLACE FUNCTION bank_apply() RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    applied integer := 0;
    fitting integer;
BEGIN
    LOOP
        WITH ordered AS (
            SELECT s.id, s.bank_account, s.currency, s.opening, s.closing,
                s.applied_at IS NOT NULL AS counts, row_number() OVER in_order AS place,
                s.applied_at IS NOT NULL OR lag(s.applied_at) OVER in_order IS NOT NULL
                OR lag(s.closing) OVER in_order IS DISTINCT FROM s.opening AS begins
            FROM bank_statements s
            WHERE (s.bank_account, s.currency) IN (
                SELECT bank_account, currency FROM bank_statements WHERE applied_at IS NULL)
            WINDOW in_order AS (
                PARTITION BY s.bank_account, s.currency ORDER BY s.ends, s.sequence, s.id)
        ), runs AS (
            SELECT o.*, count(*) FILTER (WHERE o.begins)
                OVER (PARTITION BY o.bank_account, o.currency ORDER BY o.place) AS run
            FROM ordered o
        ), waiting AS (
            SELECT r.*, first_value(r.opening)
                OVER (PARTITION BY r.bank_account, r.currency, r.run ORDER BY r.place) AS run_opens
            FROM runs r WHERE NOT r.counts
        ), fits AS (
            SELECT DISTINCT ON (w.bank_account, w.currency)
                w.bank_account, w.currency, w.run, w.place
            FROM waiting w
            LEFT JOIN LATERAL (
                SELECT o.closing FROM ordered o
                WHERE o.counts AND o.place < w.place
                  AND (o.bank_account, o.currency) = (w.bank_account, w.currency)
                ORDER BY o.place DESC LIMIT 1
            ) before ON true
            LEFT JOIN LATERAL (
                SELECT o.opening FROM ordered o
                WHERE o.counts AND o.place > w.place
                  AND (o.bank_account, o.currency) = (w.bank_account, w.currency)
                ORDER BY o.place LIMIT 1
            ) behind ON true
            WHERE coalesce(before.closing = w.run_opens, true)
              AND coalesce(behind.opening = w.closing, true)
            ORDER BY w.bank_account, w.currency, w.run, w.place DESC
        )
        UPDATE bank_statements SET applied_at = clock_timestamp()
        WHERE id IN (
            SELECT w.id FROM waiting w JOIN fits f USING (bank_account, currency, run)
            WHERE w.place <= f.place
        );
        GET DIAGNOSTICS fitting = ROW_COUNT;
        EXIT WHEN fitting = 0;
        applied := applied + fitting;
    END LOOP;
    RETURN applied;
END $$;

-- Of one file, with all of its statements or with the reason why nothing of it counts. State:
-- taken, quarantined, or known (it was taken before: nothing happens).
CREATE OR REPLACE FUNCTION bank_take(
    the_sha256 bytea, the_place text, the_reason text, statements jsonb,
    OUT state text, OUT reason text, OUT applied integer, OUT waiting integer
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    file bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('bank_take'));
    applied := 0;
    reason := the_reason;
    state := 'known';
    IF NOT EXISTS (SELECT FROM bank_files f
                   WHERE f.sha256 = the_sha256 AND f.state = 'taken') THEN
        INSERT INTO bank_files AS f (sha256, stored_as, state, reason)
        VALUES (the_sha256, the_place, 'quarantined', coalesce(the_reason, 'not finished'))
        ON CONFLICT (sha256) DO UPDATE SET reason = excluded.reason
        RETURNING f.id INTO file;
        IF reason IS NULL THEN
            BEGIN
                PERFORM bank_keep(file, statements);
                UPDATE bank_files f SET state = 'taken', reason = NULL WHERE f.id = file;
                applied := bank_apply();
            EXCEPTION WHEN unique_violation THEN
                reason := 'another statement has the same number and day';
                UPDATE bank_files f SET reason = bank_take.reason WHERE f.id = file;
            END;
        END IF;
        state := CASE WHEN reason IS NULL THEN 'taken' ELSE 'quarantined' END;
    END IF;
    SELECT count(*) INTO waiting FROM bank_statements s WHERE s.applied_at IS NULL;
END $$;

-- What the bank sends again in other bytes is there already.
CREATE OR REPLACE FUNCTION bank_keep(the_file bigint, statements jsonb) RETURNS void
LANGUAGE sql AS $$
    WITH given AS (
        SELECT * FROM jsonb_to_recordset(statements) AS s (
            bank_account text, currency text, number text, sequence integer[], ends date,
            opening bigint, closing bigint, content text, entries jsonb)
    ), kept AS (
        INSERT INTO bank_statements
            (file_id, bank_account, currency, number, sequence, ends, opening, closing, content)
        SELECT the_file, bank_account, currency, number, sequence, ends, opening, closing,
            decode(content, 'hex')
        FROM given
        ON CONFLICT ON CONSTRAINT one_statement_counts_once DO NOTHING
        RETURNING id, bank_account, currency, number, ends
    )
    INSERT INTO bank_entries (statement_id, place, amount_minor, booked_on, value_on, reference)
    SELECT k.id, e.place, (e.value ->> 0)::bigint, (e.value ->> 1)::date,
        (e.value ->> 2)::date, e.value ->> 3
    FROM kept k JOIN given g USING (bank_account, currency, number, ends),
        LATERAL jsonb_array_elements(g.entries) WITH ORDINALITY AS e (value, place)
$$;

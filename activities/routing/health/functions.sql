-- Circuit breakers over what all workers saw. The state is decided by the code, under the lock of
-- the breaker's row; what was counted is always about the state that it is in.

-- Takes what a worker saw: [{psp, account, method, ago, failed}] in the order in which it came
-- about, `ago` in seconds since the call began. A call from before the breaker entered its state
-- tells nothing about it. An account's own breaker learns from calls of every method unless it is
-- closed: they are its probes. Gives the breakers whose state must be looked at.
CREATE OR REPLACE FUNCTION routing_observe(observations jsonb, window_seconds double precision)
RETURNS TABLE (of_psp text, of_account text, of_method text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    report    record;
    breaker routing_breakers;
    seen    record;
    at      timestamptz := clock_timestamp();
BEGIN
    FOR report IN
        WITH heard AS (
            SELECT
                o.value ->> 'psp' AS psp, o.value ->> 'account' AS account,
                o.value ->> 'method' AS method, (o.value ->> 'failed')::boolean AS failed,
                at - make_interval(secs => (o.value ->> 'ago')::double precision) AS began,
                o.place
            FROM jsonb_array_elements(observations) WITH ORDINALITY AS o (value, place)
        ), about AS (
            SELECT * FROM heard
            UNION ALL
            SELECT h.psp, h.account, b.method, h.failed, h.began, h.place
            FROM heard h JOIN routing_breakers b
                ON b.psp = h.psp AND b.account = h.account AND b.method = '*'
            WHERE h.method <> '*' AND b.state <> 'closed'
        )
        SELECT
            a.psp, a.account, a.method, array_agg(a.failed ORDER BY a.place) AS failed,
            array_agg(a.began ORDER BY a.place) AS began
        FROM about a GROUP BY a.psp, a.account, a.method
        -- One order for all, so that nobody waits for somebody who waits for them.
        ORDER BY a.psp COLLATE "C", a.account COLLATE "C", a.method COLLATE "C"
    LOOP
        INSERT INTO routing_breakers (psp, account, method)
        VALUES (report.psp, report.account, report.method) ON CONFLICT DO NOTHING;
        SELECT * INTO breaker FROM routing_breakers b
        WHERE b.psp = report.psp AND b.account = report.account AND b.method = report.method FOR UPDATE;
        WITH counted AS (
            SELECT c.* FROM unnest(report.failed, report.began) WITH ORDINALITY
                AS c (failed, began, place)
            WHERE c.began >= breaker.since
        )
        SELECT
            count(*) FILTER (WHERE NOT c.failed)::integer AS answered,
            count(*) FILTER (WHERE c.failed)::integer AS failed,
            count(*) FILTER (WHERE c.failed AND c.place > coalesce(
                (SELECT max(place) FROM counted l WHERE NOT l.failed), 0
            ))::integer AS last_failed
        INTO seen FROM counted c;
        CONTINUE WHEN seen.answered + seen.failed = 0;
        INSERT INTO routing_breaker_counts AS c (psp, account, method, second, answered, failed)
        VALUES (
            report.psp, report.account, report.method, date_trunc('second', at), seen.answered,
            seen.failed
        )
        ON CONFLICT (psp, account, method, second) DO UPDATE
        SET answered = c.answered + excluded.answered, failed = c.failed + excluded.failed;
        DELETE FROM routing_breaker_counts c
        WHERE c.psp = report.psp AND c.account = report.account AND c.method = report.method
          AND c.second < at - make_interval(secs => window_seconds);
        IF seen.failed > 0 OR breaker.failed_in_a_row > 0 OR breaker.probes <> '{}' THEN
            UPDATE routing_breakers b SET
                failed_in_a_row = seen.last_failed
                    + CASE WHEN seen.answered = 0 THEN b.failed_in_a_row ELSE 0 END,
                probes = b.probes[1 + seen.answered + seen.failed:]
            WHERE b.psp = report.psp AND b.account = report.account AND b.method = report.method;
        END IF;
        IF seen.failed > 0 OR breaker.state <> 'closed' THEN
            of_psp := report.psp;
            of_account := report.account;
            of_method := report.method;
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

-- A breaker and what was seen of it, locked until the transaction ends. Times in seconds since
-- 1970.
CREATE OR REPLACE FUNCTION routing_breaker(
    the_psp text, the_account text, the_method text, window_seconds double precision
) RETURNS TABLE (
    state text, since double precision, opened integer, failed_in_a_row integer,
    probes integer, answered integer, failed integer, now double precision
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM routing_breakers b
    WHERE b.psp = the_psp AND b.account = the_account AND b.method = the_method FOR UPDATE;
    RETURN QUERY
    SELECT
        b.state, extract(epoch FROM b.since)::double precision, b.opened, b.failed_in_a_row,
        (SELECT count(*)::integer FROM unnest(b.probes) AS p WHERE p > clock_timestamp()),
        coalesce(c.answered, 0), coalesce(c.failed, 0),
        extract(epoch FROM clock_timestamp())::double precision
    FROM routing_breakers b, LATERAL (
        SELECT sum(c.answered)::integer AS answered, sum(c.failed)::integer AS failed
        FROM routing_breaker_counts c
        WHERE c.psp = b.psp AND c.account = b.account AND c.method = b.method
          AND c.second >= clock_timestamp() - make_interval(secs => window_seconds)
    ) c
    WHERE b.psp = the_psp AND b.account = the_account AND b.method = the_method;
END $$;

-- Called under the lock. What was counted was about the state that ends.
CREATE OR REPLACE FUNCTION routing_breaker_move(
    the_psp text, the_account text, the_method text, the_state text, the_opened integer,
    at double precision, the_reason text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO routing_health_events (at, psp, account, method, before, after, reason)
    SELECT to_timestamp(at), b.psp, b.account, b.method, b.state, the_state, the_reason
    FROM routing_breakers b
    WHERE b.psp = the_psp AND b.account = the_account AND b.method = the_method;
    UPDATE routing_breakers b SET
        state = the_state, since = to_timestamp(at), opened = the_opened, failed_in_a_row = 0,
        probes = '{}'
    WHERE b.psp = the_psp AND b.account = the_account AND b.method = the_method;
    DELETE FROM routing_breaker_counts c
    WHERE c.psp = the_psp AND c.account = the_account AND c.method = the_method;
END $$;

-- Called under the lock. Whoever takes a probe and dies gives it back when the lease runs out.
CREATE OR REPLACE FUNCTION routing_breaker_probe(
    the_psp text, the_account text, the_method text, lease_seconds double precision
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE routing_breakers b SET probes = array(
        SELECT p FROM unnest(b.probes) AS p WHERE p > clock_timestamp() ORDER BY p
    ) || (clock_timestamp() + make_interval(secs => lease_seconds))
    WHERE b.psp = the_psp AND b.account = the_account AND b.method = the_method;
$$;

-- Whether calls to an account go by its PSP's own queue alone: the queue has a rate, which nothing
-- may pass by, or the account's breaker is not closed.
CREATE OR REPLACE FUNCTION routing_goes_slowly(the_psp text, the_account text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM routing_breakers b
        WHERE b.psp = the_psp AND b.account = the_account AND b.state <> 'closed'
    ) OR coalesce((
        SELECT r.per_second IS NOT NULL FROM routing_rates r
        WHERE r.psp = the_psp ORDER BY r.id DESC LIMIT 1
    ), false);
$$;

-- How PSPs are: circuit breakers over what all workers saw. And what people stop by hand, the
-- payments that wait for it, and how fast a PSP may be asked.

-- One row per PSP, merchant account and method; the method `*` is for calls that have none. The
-- state is decided by the code, under the lock of the row.
CREATE TABLE routing_breakers (
    psp             text COLLATE "C" NOT NULL,
    account         text COLLATE "C" NOT NULL,
    method          text COLLATE "C" NOT NULL,
    state           text NOT NULL DEFAULT 'closed'
        CHECK (state IN ('closed', 'open', 'half_open')),
    since           timestamptz NOT NULL DEFAULT to_timestamp(0),
    opened          integer NOT NULL DEFAULT 0,
    failed_in_a_row integer NOT NULL DEFAULT 0,
    probes          timestamptz[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (psp, account, method)
);

-- What was seen since the breaker entered its state, by the second in which it was told.
CREATE TABLE routing_breaker_counts (
    psp      text COLLATE "C" NOT NULL,
    account  text COLLATE "C" NOT NULL,
    method   text COLLATE "C" NOT NULL,
    second   timestamptz NOT NULL,
    answered integer NOT NULL,
    failed   integer NOT NULL,
    PRIMARY KEY (psp, account, method, second)
);

CREATE TABLE routing_health_events (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    psp     text NOT NULL,
    account text NOT NULL,
    method  text NOT NULL,
    before  text NOT NULL,
    after   text NOT NULL,
    reason  text NOT NULL
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON routing_health_events
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Takes what a worker saw: [{psp, account, method, ago, failed}] in the order in which it came
-- about, `ago` in seconds since the call began. A call from before the breaker entered its state
-- tells nothing about it. An account's own breaker learns from calls of every method unless it is
-- closed: they are its probes. Gives the breakers whose state must be looked at.
CREATE FUNCTION routing_observe(observations jsonb, window_seconds double precision)
RETURNS TABLE (of_psp text, of_account text, of_method text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    told    record;
    breaker routing_breakers;
    seen    record;
    at      timestamptz := clock_timestamp();
BEGIN
    FOR told IN
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
        VALUES (told.psp, told.account, told.method) ON CONFLICT DO NOTHING;
        SELECT * INTO breaker FROM routing_breakers b
        WHERE b.psp = told.psp AND b.account = told.account AND b.method = told.method FOR UPDATE;
        WITH counted AS (
            SELECT c.* FROM unnest(told.failed, told.began) WITH ORDINALITY
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
            told.psp, told.account, told.method, date_trunc('second', at), seen.answered, seen.failed
        )
        ON CONFLICT (psp, account, method, second) DO UPDATE
        SET answered = c.answered + excluded.answered, failed = c.failed + excluded.failed;
        DELETE FROM routing_breaker_counts c
        WHERE c.psp = told.psp AND c.account = told.account AND c.method = told.method
          AND c.second < at - make_interval(secs => window_seconds);
        IF seen.failed > 0 OR breaker.failed_in_a_row > 0 OR breaker.probes <> '{}' THEN
            UPDATE routing_breakers b SET
                failed_in_a_row = seen.last_failed
                    + CASE WHEN seen.answered = 0 THEN b.failed_in_a_row ELSE 0 END,
                probes = b.probes[1 + seen.answered + seen.failed:]
            WHERE b.psp = told.psp AND b.account = told.account AND b.method = told.method;
        END IF;
        IF seen.failed > 0 OR breaker.state <> 'closed' THEN
            of_psp := told.psp;
            of_account := told.account;
            of_method := told.method;
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

-- A breaker and what was seen of it, locked until the transaction ends. Times in seconds since 1970.
CREATE FUNCTION routing_breaker(
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
CREATE FUNCTION routing_breaker_move(
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
CREATE FUNCTION routing_breaker_probe(
    the_psp text, the_account text, the_method text, lease_seconds double precision
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE routing_breakers b SET probes = array(
        SELECT p FROM unnest(b.probes) AS p WHERE p > clock_timestamp() ORDER BY p
    ) || (clock_timestamp() + make_interval(secs => lease_seconds))
    WHERE b.psp = the_psp AND b.account = the_account AND b.method = the_method;
$$;

-- `*` stands for every brand, PSP, account or region. A stop is live until it is lifted; then what
-- it parked is released at a rate. `drained_until` is when the next one is due.
CREATE TABLE routing_stops (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    brand            text NOT NULL,
    psp              text NOT NULL,
    account          text NOT NULL,
    region           text NOT NULL,
    operation        text NOT NULL CHECK (operation IN ('captures', 'payouts')),
    reason           text NOT NULL,
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    lifted_by        text,
    lifted_at        timestamptz,
    drain_per_second double precision CHECK (drain_per_second > 0),
    drained_until    timestamptz
);
CREATE UNIQUE INDEX routing_stops_live ON routing_stops (brand, psp, account, region, operation)
    WHERE lifted_at IS NULL;

CREATE TABLE routing_stop_events (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stop_id          bigint NOT NULL,
    what             text NOT NULL CHECK (what IN ('set', 'lifted', 'rate')),
    reason           text NOT NULL,
    drain_per_second double precision,
    by               text NOT NULL,
    at               timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX routing_stop_events_of ON routing_stop_events (stop_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON routing_stop_events
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- A payment that waits for a stop. Without PSP and account: it could go to stopped ones only, and
-- waits for any of the stops. Released: it may go; told: its run knows, or is over; rerouted: it
-- was released and told to be routed anew.
CREATE TABLE routing_parked (
    payment_id   text NOT NULL,
    stop_id      bigint NOT NULL,
    brand        text NOT NULL,
    psp          text,
    account      text,
    region       text NOT NULL,
    operation    text NOT NULL,
    parked_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    released_at  timestamptz,
    leased_until timestamptz,
    told_at      timestamptz,
    run_over     boolean NOT NULL DEFAULT false,
    rerouted     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (payment_id, stop_id)
);
CREATE INDEX routing_parked_waiting ON routing_parked (stop_id, parked_at, payment_id)
    WHERE released_at IS NULL;
CREATE INDEX routing_parked_untold ON routing_parked (leased_until)
    WHERE released_at IS NOT NULL AND told_at IS NULL;

CREATE FUNCTION routing_covers(
    stop routing_stops, the_brand text, the_psp text, the_account text, the_region text,
    the_operation text
) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT stop.operation = the_operation AND stop.brand IN ('*', the_brand)
        AND stop.region IN ('*', the_region)
        AND (the_psp IS NULL
             OR stop.psp IN ('*', the_psp) AND stop.account IN ('*', the_account));
$$;

-- The stop for which the payment waits, or null: it may move. Asking twice is asking once. What a
-- lifted stop has parked waits for its turn; what it has not goes at once. A payment without an
-- account may be routed anew, once, for each of its stops that let it go.
CREATE FUNCTION routing_may_move(
    the_payment text, the_brand text, the_psp text, the_account text, the_region text,
    the_operation text
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    held bigint;
BEGIN
    IF the_psp IS NULL THEN
        UPDATE routing_parked p
        SET rerouted = true, told_at = coalesce(p.told_at, clock_timestamp())
        WHERE p.payment_id = the_payment AND p.psp IS NULL
          AND p.released_at IS NOT NULL AND NOT p.rerouted;
        IF FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    SELECT min(s.id) INTO held FROM routing_stops s
    WHERE s.lifted_at IS NULL
      AND routing_covers(s, the_brand, the_psp, the_account, the_region, the_operation);
    IF held IS NOT NULL THEN
        INSERT INTO routing_parked AS parked
            (payment_id, stop_id, brand, psp, account, region, operation)
        SELECT the_payment, s.id, the_brand, the_psp, the_account, the_region, the_operation
        FROM routing_stops s
        WHERE s.lifted_at IS NULL AND (the_psp IS NULL OR s.id = held)
          AND routing_covers(s, the_brand, the_psp, the_account, the_region, the_operation)
        -- It went another way in the meantime, and is back.
        ON CONFLICT (payment_id, stop_id) DO UPDATE
        SET psp = excluded.psp, account = excluded.account, parked_at = excluded.parked_at,
            released_at = NULL, leased_until = NULL, told_at = NULL, rerouted = false
        WHERE parked.released_at IS NOT NULL;
        RETURN held;
    END IF;
    SELECT min(p.stop_id) INTO held
    FROM routing_parked p JOIN routing_stops s ON s.id = p.stop_id AND s.lifted_at IS NOT NULL
    WHERE p.payment_id = the_payment AND p.released_at IS NULL
      AND routing_covers(s, the_brand, the_psp, the_account, the_region, the_operation);
    IF held IS NULL THEN
        UPDATE routing_parked p
        SET released_at = coalesce(p.released_at, clock_timestamp()), told_at = clock_timestamp()
        WHERE p.payment_id = the_payment AND p.told_at IS NULL;
    END IF;
    RETURN held;
END $$;

-- The stop that is live now, this one or the same one that was set before. What an earlier stop of
-- the same is still releasing waits for this one.
CREATE FUNCTION routing_stop(
    the_brand text, the_psp text, the_account text, the_region text, the_operation text,
    the_reason text, the_setter text
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    stop routing_stops;
BEGIN
    INSERT INTO routing_stops (brand, psp, account, region, operation, reason, set_by)
    VALUES (
        the_brand, the_psp, the_account, the_region, the_operation, the_reason, the_setter
    )
    ON CONFLICT (brand, psp, account, region, operation) WHERE lifted_at IS NULL DO NOTHING
    RETURNING * INTO stop;
    IF NOT FOUND THEN
        RETURN (
            SELECT s.id FROM routing_stops s
            WHERE s.lifted_at IS NULL AND s.brand = the_brand AND s.psp = the_psp
              AND s.account = the_account AND s.region = the_region
              AND s.operation = the_operation
        );
    END IF;
    INSERT INTO routing_stop_events (stop_id, what, reason, by)
    VALUES (stop.id, 'set', the_reason, the_setter);
    WITH moved AS (
        DELETE FROM routing_parked p USING routing_stops s
        WHERE p.stop_id = s.id AND s.lifted_at IS NOT NULL AND p.released_at IS NULL
          AND routing_covers(stop, p.brand, p.psp, p.account, p.region, p.operation)
        RETURNING p.*
    )
    INSERT INTO routing_parked
        (payment_id, stop_id, brand, psp, account, region, operation, parked_at)
    SELECT payment_id, stop.id, brand, psp, account, region, operation, parked_at FROM moved
    ON CONFLICT DO NOTHING;
    RETURN stop.id;
END $$;

-- Outcome: lifted (now or before, at this rate), rate (it was lifted before, and is slower or
-- faster now), or unknown.
CREATE FUNCTION routing_lift(
    the_stop bigint, per_second double precision, the_reason text, the_lifter text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    stop routing_stops;
    done text := 'lifted';
BEGIN
    SELECT * INTO stop FROM routing_stops WHERE id = the_stop FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    IF stop.lifted_at IS NOT NULL THEN
        IF stop.drain_per_second = per_second THEN
            RETURN 'lifted';
        END IF;
        done := 'rate';
    END IF;
    UPDATE routing_stops SET
        lifted_by = coalesce(lifted_by, the_lifter),
        lifted_at = coalesce(lifted_at, clock_timestamp()),
        drain_per_second = per_second, drained_until = clock_timestamp()
    WHERE id = the_stop;
    INSERT INTO routing_stop_events (stop_id, what, reason, drain_per_second, by)
    VALUES (the_stop, done, the_reason, per_second, the_lifter);
    RETURN done;
END $$;

-- Takes what is due at this moment: first what was released and never told, then the oldest of
-- what waits for lifted stops, each at its stop's rate. What was not taken in time is not made up
-- for, but for a second's worth. Whoever takes it tells the runs within the lease.
CREATE FUNCTION routing_drain(most integer, lease_seconds double precision)
RETURNS TABLE (payment text, stop bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    draining routing_stops;
    at       timestamptz := clock_timestamp();
    until_at timestamptz := at + make_interval(secs => lease_seconds);
    begun    timestamptz;
    taken    integer;
    room     integer := most;
BEGIN
    RETURN QUERY
    UPDATE routing_parked p SET leased_until = until_at
    FROM (
        SELECT u.payment_id, u.stop_id FROM routing_parked u
        WHERE u.released_at IS NOT NULL AND u.told_at IS NULL AND u.leased_until < at
        ORDER BY u.leased_until LIMIT room FOR UPDATE SKIP LOCKED
    ) due
    WHERE p.payment_id = due.payment_id AND p.stop_id = due.stop_id
    RETURNING p.payment_id, p.stop_id;
    GET DIAGNOSTICS taken = ROW_COUNT;
    room := room - taken;
    FOR draining IN
        SELECT s.* FROM routing_stops s
        WHERE s.lifted_at IS NOT NULL AND EXISTS (
            SELECT FROM routing_parked w WHERE w.stop_id = s.id AND w.released_at IS NULL
        )
        ORDER BY s.id FOR UPDATE OF s SKIP LOCKED
    LOOP
        begun := greatest(
            draining.drained_until,
            at - make_interval(secs => greatest(1, 2 / draining.drain_per_second))
        );
        RETURN QUERY
        UPDATE routing_parked p SET released_at = at, leased_until = until_at
        FROM (
            SELECT w.payment_id FROM routing_parked w
            WHERE w.stop_id = draining.id AND w.released_at IS NULL
            ORDER BY w.parked_at, w.payment_id
            LIMIT least(room, greatest(0, floor(
                extract(epoch FROM at - begun) * draining.drain_per_second
            )))::bigint
            FOR UPDATE SKIP LOCKED
        ) due
        WHERE p.stop_id = draining.id AND p.payment_id = due.payment_id
        RETURNING p.payment_id, p.stop_id;
        GET DIAGNOSTICS taken = ROW_COUNT;
        room := room - taken;
        UPDATE routing_stops s
        SET drained_until = begun + make_interval(secs => taken / draining.drain_per_second)
        WHERE s.id = draining.id AND taken > 0;
    END LOOP;
END $$;

CREATE FUNCTION routing_told(the_payment text, the_stop bigint, the_run_is_over boolean)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE routing_parked SET told_at = clock_timestamp(), run_over = the_run_is_over
    WHERE payment_id = the_payment AND stop_id = the_stop AND told_at IS NULL;
$$;

-- What a stop would touch: deposits that are authorised and not captured, payouts that were not
-- sent. Without PSP and account: not yet routed.
CREATE VIEW routing_movable AS
SELECT
    p.id AS payment_id, p.brand, p.region, p.currency, p.amount_minor, p.status,
    CASE p.kind WHEN 'deposit' THEN 'captures' ELSE 'payouts' END AS operation,
    coalesce(p.facts #>> '{account,psp}', r.first_psp) AS psp,
    coalesce(p.facts #>> '{account,id}', r.first_account) AS account
FROM payments p LEFT JOIN LATERAL (
    SELECT r.first_psp, r.first_account FROM routing_receipts r
    WHERE r.payment_id = p.id ORDER BY r.number DESC LIMIT 1
) r ON true
WHERE NOT p.final AND (
    p.kind = 'deposit' AND p.status IN ('AUTHORIZED', 'PARKED')
    OR p.kind = 'payout' AND p.status IN (
        'PAYOUT_SUBMITTED', 'PAYOUT_AWAITING_APPROVAL', 'PAYOUT_POSTPONED', 'PAYOUT_PARKED'
    )
);

-- How many of a stop's payments still wait.
CREATE VIEW routing_waiting AS
SELECT w.stop_id, w.payment_id, w.parked_at, p.brand, p.currency, p.amount_minor, p.status
FROM routing_parked w JOIN payments p ON p.id = w.payment_id
WHERE w.released_at IS NULL AND NOT p.final;

-- Append-only: the latest row of a PSP counts. Null is no limit.
CREATE TABLE routing_rates (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    psp        text NOT NULL,
    per_second double precision CHECK (per_second > 0),
    reason     text NOT NULL,
    set_by     text NOT NULL,
    set_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX routing_rates_latest ON routing_rates (psp, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON routing_rates
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

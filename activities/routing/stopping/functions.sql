-- What people stop by hand, and the payments that wait for it: none moves while a stop that covers
-- it is live, and afterwards each in its turn.

-- Without PSP and account: a payment that is not yet routed, which any stop of its brand, region
-- and operation covers.
CREATE OR REPLACE FUNCTION routing_covers(
    stop routing_stops, the_brand text, the_psp text, the_account text, the_region text,
    the_operation text
) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT stop.operation = the_operation AND stop.brand IN ('*', the_brand)
        AND stop.region IN ('*', the_region)
        AND (the_psp IS NULL
             OR stop.psp IN ('*', the_psp) AND stop.account IN ('*', the_account));
$$;

-- The stop that is live now, this one or the same one that was set before. What an earlier stop of
-- the same is still releasing waits for this one.
CREATE OR REPLACE FUNCTION routing_stop(
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

-- The stop for which the payment waits, or null: it may move. Asking twice is asking once. What a
-- lifted stop has parked waits for its turn; what it has not goes at once. A payment without an
-- account may be routed anew, once, for each of its stops that let it go.
CREATE OR REPLACE FUNCTION routing_may_move(
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

-- Outcome: lifted (now or before, at this rate), rate (it was lifted before, and is slower or
-- faster now), or unknown.
CREATE OR REPLACE FUNCTION routing_lift(
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
CREATE OR REPLACE FUNCTION routing_drain(most integer, lease_seconds double precision)
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
    -- Of its own (WITH): a subquery that a plan runs again for each row skips what it took already,
    -- and takes as many once more.
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT u.payment_id, u.stop_id FROM routing_parked u
        WHERE u.released_at IS NOT NULL AND u.told_at IS NULL AND u.leased_until < at
        ORDER BY u.leased_until LIMIT room FOR UPDATE SKIP LOCKED
    )
    UPDATE routing_parked p SET leased_until = until_at FROM due
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
        WITH due AS MATERIALIZED (
            SELECT w.payment_id FROM routing_parked w
            WHERE w.stop_id = draining.id AND w.released_at IS NULL
            ORDER BY w.parked_at, w.payment_id
            LIMIT least(room, greatest(0, floor(
                extract(epoch FROM at - begun) * draining.drain_per_second
            )))::bigint
            FOR UPDATE SKIP LOCKED
        )
        UPDATE routing_parked p SET released_at = at, leased_until = until_at FROM due
        WHERE p.stop_id = draining.id AND p.payment_id = due.payment_id
        RETURNING p.payment_id, p.stop_id;
        GET DIAGNOSTICS taken = ROW_COUNT;
        room := room - taken;
        UPDATE routing_stops s
        SET drained_until = begun + make_interval(secs => taken / draining.drain_per_second)
        WHERE s.id = draining.id AND taken > 0;
    END LOOP;
END $$;

-- Its run knows, or is over.
CREATE OR REPLACE FUNCTION routing_told(the_payment text, the_stop bigint, the_run_is_over boolean)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE routing_parked SET told_at = clock_timestamp(), run_over = the_run_is_over
    WHERE payment_id = the_payment AND stop_id = the_stop AND told_at IS NULL;
$$;

-- What was paired is settled: it moves from what is open to what its line has confirmed. The day is
-- that on which it was done, where the account counts its days. Gives how many.
CREATE OR REPLACE FUNCTION matching_settle(the_moment timestamptz, the_zone text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_nestloop = off SET enable_mergejoin = off AS $$
DECLARE
    moved bigint;
BEGIN
    WITH moving AS (
        DELETE FROM expectations e USING matching_pairs p WHERE e.id = p.expectation_id
        RETURNING e.id, e.key, e.movement, e.number, e.payment_id, e.brand, e.psp, e.account,
            e.method, e.currency, e.amount_minor, e.psp_ref, e.done_at, e.due_at, e.transfer_id,
            p.file_id, p.place
    ), counted AS (
        INSERT INTO reconciliation_days (psp, account, as_of, file_id, day, currency, matched,
            matched_minor)
        SELECT psp, account, the_moment, file_id, (done_at AT TIME ZONE the_zone)::date, currency,
            count(*), sum(abs(amount_minor))
        FROM moving GROUP BY 1, 2, 4, 5, 6
    )
    INSERT INTO settled (expectation_id, key, movement, number, payment_id, brand, psp, account,
        method, currency, amount_minor, psp_ref, done_at, due_at, transfer_id, file_id, place,
        settled_at)
    SELECT id, key, movement, number, payment_id, brand, psp, account, method, currency,
        amount_minor, psp_ref, done_at, due_at, transfer_id, file_id, place, the_moment
    FROM moving
    -- The index by payment is far larger than memory: in its order each of its pages comes once.
    ORDER BY payment_id;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved > (SELECT reltuples FROM pg_class WHERE oid = 'settled'::regclass) THEN
        -- The steps that come look there, and nobody has counted it yet.
        ANALYZE settled;
    END IF;
    RETURN moved;
END $$;

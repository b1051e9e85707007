-- What is left of the new lines, and the lines of before that may still match; and of the open
-- expectations those that they could be. Gives the number of lines.
CREATE OR REPLACE FUNCTION matching_gather(
    the_psp text, the_account text, the_moment timestamptz
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    lines bigint;
BEGIN
    CREATE TEMP TABLE matching_rest ON COMMIT DROP AS
        SELECT l.file_id, l.place, l.identity, l.key, l.movement, l.psp_ref, l.currency, l.gross,
            l.booked_at, NULL::text AS class, NULL::text AS differs,
            NULL::bigint AS expectation_id, NULL::bigint AS ours_minor,
            NULL::text AS payment_id, NULL::text AS brand
        FROM (
            SELECT file_id, place FROM matching_pairs WHERE expectation_id IS NULL
            UNION
            SELECT b.file_id, b.place FROM breaks b
            WHERE b.psp = the_psp AND b.account = the_account AND b.closed_at IS NULL
              AND b.file_id IS NOT NULL AND matching_may_still_match(b.class, b.differs)
        ) left_over JOIN settlement_lines l USING (file_id, place);
    GET DIAGNOSTICS lines = ROW_COUNT;
    TRUNCATE matching_pairs;
    ANALYZE matching_rest;
    CREATE TEMP TABLE matching_candidates ON COMMIT DROP AS
        SELECT e.id, e.key, e.movement, e.number, e.psp_ref, e.currency, e.amount_minor,
            e.payment_id, e.brand
        FROM expectations e
        WHERE lines > 0 AND e.psp = the_psp AND e.account = the_account
          AND e.done_at <= the_moment
          AND (e.key IN (SELECT r.key FROM matching_rest r WHERE r.key IS NOT NULL)
               OR e.psp_ref IN (SELECT r.psp_ref FROM matching_rest r
                                WHERE r.psp_ref IS NOT NULL));
    ANALYZE matching_candidates;
    RETURN lines;
END $$;

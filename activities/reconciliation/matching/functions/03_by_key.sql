-- The many: one line and one movement under a key, of the same amount and currency. What is not as
-- simple as that is left to the steps after it. Gives the number of lines.
-- Leaves `matching_pairs`: each new line of a payment, and which expectation it confirms.
CREATE OR REPLACE FUNCTION matching_by_key(
    the_psp text, the_account text, the_moment timestamptz
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
-- A file that has just come has no statistics yet.
SET enable_nestloop = off SET enable_mergejoin = off AS $$
DECLARE
    files bigint[] := ARRAY(SELECT id FROM matching_files);
    lines bigint;
BEGIN
    -- Where several lines or several movements have one key it takes more than the key.
    CREATE TEMP TABLE matching_several ON COMMIT DROP AS
        SELECT l.match FROM settlement_lines l
        WHERE l.file_id = ANY (files) AND l.match IS NOT NULL
          AND l.movement = ANY (matching_of_payments())
        GROUP BY l.match HAVING count(*) > 1;
    INSERT INTO matching_several
        SELECT e.match FROM expectations e
        WHERE e.psp = the_psp AND e.account = the_account AND e.number > 1
        UNION
        SELECT l.match FROM breaks b JOIN settlement_lines l USING (file_id, place)
        WHERE b.psp = the_psp AND b.account = the_account AND b.closed_at IS NULL
          AND matching_may_still_match(b.class, b.differs) AND l.match IS NOT NULL;
    CREATE TEMP TABLE matching_pairs ON COMMIT DROP AS
        SELECT l.file_id, l.place, e.id AS expectation_id
        FROM (
            SELECT n.file_id, n.place, n.match, n.key, n.movement, n.currency, n.gross
            FROM settlement_lines n
            WHERE n.file_id = ANY (files) AND n.movement = ANY (matching_of_payments())
        ) l
        LEFT JOIN (
            SELECT o.id, o.match, o.key, o.movement, o.currency, o.amount_minor
            FROM expectations o
            WHERE o.psp = the_psp AND o.account = the_account AND o.done_at <= the_moment
              AND NOT EXISTS (SELECT FROM matching_several s WHERE s.match = o.match)
        ) e ON e.match = l.match AND e.key = l.key AND e.movement = l.movement
            AND e.currency = l.currency AND e.amount_minor = l.gross;
    GET DIAGNOSTICS lines = ROW_COUNT;
    ANALYZE matching_pairs;
    RETURN lines;
END $$;

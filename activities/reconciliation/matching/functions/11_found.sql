-- What does not agree, gathered before it is compared with what is open already.
-- Leaves `matching_found`, with what was found of the lines of payments.
CREATE OR REPLACE FUNCTION matching_found(the_zone text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    CREATE TEMP TABLE matching_found ON COMMIT DROP AS
        SELECT r.class, r.differs, r.brand, (r.booked_at AT TIME ZONE the_zone)::date AS day,
            r.currency, r.ours_minor, r.gross AS theirs_minor, r.payment_id, r.key, r.movement,
            r.file_id, r.place, r.expectation_id, l.batch
        FROM matching_rest r JOIN settlement_lines l USING (file_id, place)
        WHERE r.class IS NOT NULL;
END $$;

-- Money of new lines that no movement explains: types that nobody knows, and corrections whose
-- other half is not in the batch.
CREATE OR REPLACE FUNCTION matching_unexplained(the_zone text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    files bigint[] := ARRAY(SELECT id FROM matching_files);
BEGIN
    INSERT INTO matching_found (class, day, currency, theirs_minor, key, movement, file_id, place,
        batch)
    SELECT 'unexplained', (l.booked_at AT TIME ZONE the_zone)::date, l.net_currency, l.net, l.key,
        l.movement, l.file_id, l.place, l.batch
    FROM (
        SELECT n.*, sum(n.net) OVER (
            PARTITION BY n.file_id, n.batch, n.net_currency, n.movement) AS of_batch
        FROM settlement_lines n
        WHERE n.file_id = ANY (files) AND n.movement IN ('other', 'correction') AND n.net <> 0
    ) l
    WHERE l.movement = 'other' OR l.of_batch <> 0;
END $$;

-- Batches that were paid out and do not come to zero with their payout.
CREATE OR REPLACE FUNCTION matching_batches(the_zone text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    files bigint[] := ARRAY(SELECT id FROM matching_files);
BEGIN
    INSERT INTO matching_found (class, day, currency, ours_minor, theirs_minor, movement, file_id,
        batch)
    SELECT 'batch_mismatch', (max(l.booked_at) AT TIME ZONE the_zone)::date, l.net_currency, 0,
        sum(l.net), 'transfer', l.file_id, l.batch
    FROM settlement_lines l
    WHERE l.file_id = ANY (files) AND l.batch IS NOT NULL
    GROUP BY l.file_id, l.batch, l.net_currency
    HAVING sum(l.net) <> 0 AND bool_or(l.movement = 'transfer');
END $$;

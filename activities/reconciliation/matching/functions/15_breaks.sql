-- Closes the breaks whose reason is gone, and opens those that were found and are not open yet. A
-- break is never changed: one of another class takes its place.
CREATE OR REPLACE FUNCTION matching_break(
    the_psp text, the_account text, the_moment timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    CREATE INDEX ON matching_found (file_id, place);
    ANALYZE matching_found;
    UPDATE breaks b
    SET closed_at = the_moment, closed_by = CASE
        WHEN NOT EXISTS (SELECT FROM matching_found f
                         WHERE (f.file_id, f.place) = (b.file_id, b.place)
                           AND matching_may_still_match(f.class, f.differs))
            THEN 'a late movement'
        WHEN b.class = 'timing' THEN 'its delay is over'
        ELSE 'another finding' END
    WHERE b.psp = the_psp AND b.account = the_account AND b.closed_at IS NULL
      AND b.file_id IS NOT NULL AND matching_may_still_match(b.class, b.differs)
      AND NOT EXISTS (
        SELECT FROM matching_found f
        WHERE (f.file_id, f.place, f.class) = (b.file_id, b.place, b.class)
          AND (f.differs, f.expectation_id, f.ours_minor)
            IS NOT DISTINCT FROM (b.differs, b.expectation_id, b.ours_minor));
    INSERT INTO breaks (class, differs, psp, account, brand, day, currency, ours_minor,
        theirs_minor, payment_id, key, movement, file_id, place, expectation_id, batch, opened_at)
    SELECT f.class, f.differs, the_psp, the_account, f.brand, f.day, f.currency, f.ours_minor,
        f.theirs_minor, f.payment_id, f.key, f.movement, f.file_id, f.place, f.expectation_id,
        f.batch, the_moment
    FROM matching_found f
    ON CONFLICT (file_id, place, class) WHERE closed_at IS NULL AND file_id IS NOT NULL DO NOTHING;
END $$;

-- Movements of ours that no line confirms. They are open anyway: only those whose delay is over are
-- breaks, and those that another line contradicts have that break instead.
CREATE OR REPLACE FUNCTION matching_missing(
    the_psp text, the_account text, the_moment timestamptz, the_zone text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE breaks b SET closed_at = the_moment, closed_by = 'a late line'
    WHERE b.psp = the_psp AND b.account = the_account AND b.closed_at IS NULL
      AND b.class = 'missing_psp'
      AND (NOT EXISTS (SELECT FROM expectations e WHERE e.id = b.expectation_id)
           OR EXISTS (SELECT FROM breaks o WHERE o.expectation_id = b.expectation_id
                      AND o.class = 'amount_mismatch' AND o.closed_at IS NULL));
    INSERT INTO breaks (class, psp, account, brand, day, currency, ours_minor, payment_id, key,
        movement, expectation_id, opened_at)
    SELECT 'missing_psp', e.psp, e.account, e.brand, (e.done_at AT TIME ZONE the_zone)::date,
        e.currency, e.amount_minor, e.payment_id, e.key, e.movement, e.id, the_moment
    FROM expectations e
    WHERE e.psp = the_psp AND e.account = the_account AND e.done_at <= the_moment
      AND e.due_at < the_moment
      AND NOT EXISTS (SELECT FROM breaks b WHERE b.expectation_id = e.id
                      AND (b.closed_at IS NULL OR NOT matching_closed_by_itself(b.closed_by)));
END $$;

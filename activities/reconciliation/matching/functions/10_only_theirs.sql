-- Nothing of ours is like it: it may still come, until its delay is over. The payment is given where
-- the line names one.
CREATE OR REPLACE FUNCTION matching_only_theirs(
    the_psp text, the_account text, the_moment timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    delay interval := matching_delay(the_psp, the_account);
BEGIN
    UPDATE matching_rest r
    SET class = CASE WHEN r.booked_at + delay > the_moment THEN 'timing'
                     ELSE 'missing_platform' END,
        payment_id = coalesce(r.payment_id, p.id), brand = coalesce(r.brand, p.brand)
    FROM matching_rest n LEFT JOIN LATERAL (
        SELECT i.payment_id FROM psp_instructions i
        WHERE i.psp_ref = n.psp_ref AND i.psp = the_psp AND i.account = the_account
        ORDER BY i.asked_at DESC, i.key LIMIT 1
    ) i ON true LEFT JOIN payments p ON p.id = coalesce(
        (SELECT k.id FROM payments k WHERE k.id = split_part(n.key, ':', 1)), i.payment_id)
    WHERE (r.file_id, r.place) = (n.file_id, n.place) AND r.class IS NULL;
END $$;

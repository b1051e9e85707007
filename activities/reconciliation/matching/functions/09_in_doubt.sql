-- Lines of an instruction whose outcome we do not know: they say what became of it. The key of a
-- sale's line is that of a capture, which the sale had no need of. Gives how many are new.
CREATE OR REPLACE FUNCTION matching_in_doubt(
    the_psp text, the_account text, the_moment timestamptz
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found bigint;
BEGIN
    WITH asked AS (
        SELECT DISTINCT ON (r.file_id, r.place) r.file_id, r.place, i.payment_id, i.key,
            i.operation, r.movement, r.currency, r.gross, r.psp_ref, r.booked_at
        FROM matching_rest r JOIN psp_instructions i ON i.payment_id = split_part(r.key, ':', 1)
            OR i.psp_ref = r.psp_ref
        WHERE r.class IS NULL AND i.state IN ('asked', 'pending')
          AND i.psp = the_psp AND i.account = the_account
          AND i.currency = r.currency AND i.amount_minor = abs(r.gross)
          AND (i.key = r.key
               OR r.movement = 'capture' AND i.operation IN ('authorize', 'complete')
               OR i.psp_ref = r.psp_ref AND CASE r.movement
                    WHEN 'capture' THEN i.operation IN ('authorize', 'complete', 'capture')
                    WHEN 'refund' THEN i.operation IN ('refund', 'void')
                    ELSE i.operation = r.movement END)
        ORDER BY r.file_id, r.place, i.key = r.key DESC, i.asked_at DESC, i.key
    )
    INSERT INTO settlement_completions (file_id, place, payment_id, key, operation, psp, account,
        movement, currency, amount_minor, psp_ref, booked_at, found_at)
    SELECT file_id, place, payment_id, key, operation, the_psp, the_account, movement, currency,
        gross, psp_ref, booked_at, the_moment
    FROM asked
    ON CONFLICT (file_id, place) DO NOTHING;
    GET DIAGNOSTICS found = ROW_COUNT;
    RETURN found;
END $$;

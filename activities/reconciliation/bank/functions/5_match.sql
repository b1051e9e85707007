-- What is certain is marked, what is not is a break; both again and again, with the same end.
-- Gives how many entries were matched, how many commands the ledger does not have yet, and the open
-- breaks by class.
CREATE OR REPLACE FUNCTION bank_match(
    the_moment timestamptz, receivers jsonb,
    OUT matched integer, OUT to_book integer, OUT open_breaks jsonb
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('bank_match'));
    INSERT INTO bank_matches (statement_id, place, psp, account, payout, currency, amount_minor,
        matched_by, matched_at)
    SELECT statement_id, place, psp, account, payout, currency, amount_minor,
        CASE rank WHEN 4 THEN 'amount' ELSE 'reference' END, the_moment
    FROM bank_pairs(the_moment, receivers) WHERE alone AND rank <> 3;
    GET DIAGNOSTICS matched = ROW_COUNT;
    PERFORM bank_break(the_moment, receivers);
    SELECT count(*) INTO to_book FROM bank_commands(NULL);
    SELECT coalesce(jsonb_object_agg(b.class, b.breaks), '{}') INTO open_breaks
    FROM (SELECT class, count(*) AS breaks FROM breaks
          WHERE closed_at IS NULL AND class IN ('bank_missing', 'bank_unexplained')
          GROUP BY class) b;
END $$;

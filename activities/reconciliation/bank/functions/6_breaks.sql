-- What does not agree with the bank at a moment. `key` is the payout's, or of the bank's entry.
-- An entry that no payout explains is one where nothing but settlements comes in (`only_payouts`).
CREATE OR REPLACE FUNCTION bank_breaks(the_moment timestamptz, receivers jsonb)
RETURNS TABLE (
    class text, differs text, psp text, account text, day date, currency text, ours_minor bigint,
    theirs_minor bigint, key text, batch text
)
LANGUAGE sql STABLE AS $$
    WITH pairs AS MATERIALIZED (
        SELECT * FROM bank_pairs(the_moment, receivers)
    ), pays_to AS (
        SELECT r.bank_account, r.only_payouts,
            coalesce(t.bank_delay, interval '3 days') AS delay
        FROM jsonb_to_recordset(receivers) AS r
            (psp text, account text, bank_account text, only_payouts boolean)
        LEFT JOIN settlement_terms t ON t.psp = r.psp AND t.account = r.account AND t.method = ''
    )
    SELECT 'bank_missing', NULL, p.psp, p.account, (p.booked_at AT TIME ZONE 'UTC')::date,
        p.currency, p.amount_minor, NULL, p.payout, p.batch
    FROM bank_payouts p
    LEFT JOIN settlement_terms t ON t.psp = p.psp AND t.account = p.account AND t.method = ''
    WHERE p.applied_at <= the_moment
      AND p.booked_at + coalesce(t.bank_delay, interval '3 days') < the_moment
      AND NOT EXISTS (SELECT FROM bank_matches m
                      WHERE m.psp = p.psp AND m.account = p.account AND m.payout = p.payout)
      AND NOT EXISTS (SELECT FROM pairs o
                      WHERE o.psp = p.psp AND o.account = p.account AND o.payout = p.payout)
    UNION ALL
    -- Two could be meant, or it names one and has another amount.
    SELECT 'bank_unexplained', CASE min(o.rank) WHEN 3 THEN 'amount' ELSE 'ambiguous' END,
        (array_agg(o.psp ORDER BY o.psp, o.account))[1],
        (array_agg(o.account ORDER BY o.psp, o.account))[1], e.booked_on, e.currency,
        CASE WHEN count(*) = 1 THEN min(o.amount_minor) END, e.amount_minor, e.key,
        string_agg(o.payout, ', ' ORDER BY o.psp, o.account, o.payout)
    FROM pairs o JOIN bank_booked e USING (statement_id, place)
    WHERE o.rank = 3 OR NOT o.alone
    GROUP BY e.key, e.booked_on, e.currency, e.amount_minor
    UNION ALL
    SELECT 'bank_unexplained', NULL, 'bank', e.bank_account, e.booked_on, e.currency, NULL,
        e.amount_minor, e.key, NULL
    FROM bank_booked e
    JOIN (SELECT bank_account, max(delay) AS delay FROM pays_to
          WHERE only_payouts GROUP BY 1) r USING (bank_account)
    WHERE e.applied_at <= the_moment AND e.booked_on + r.delay < the_moment AT TIME ZONE 'UTC'
      AND NOT EXISTS (SELECT FROM bank_matches m
                      WHERE m.statement_id = e.statement_id AND m.place = e.place)
      AND NOT EXISTS (SELECT FROM pairs o
                      WHERE o.statement_id = e.statement_id AND o.place = e.place)
    UNION ALL
    -- What was matched, and is another payout in a newer version of the PSP's file, or gone.
    SELECT 'bank_unexplained', 'changed', m.psp, m.account, e.booked_on, m.currency,
        p.amount_minor, m.amount_minor, e.key, m.payout
    FROM bank_matches m JOIN bank_booked e USING (statement_id, place)
    LEFT JOIN bank_payouts p USING (psp, account, payout)
    WHERE (p.currency, p.amount_minor) IS DISTINCT FROM (m.currency, m.amount_minor)
$$;

-- Opens those that there are now, and closes those that there are no more. One that a person has
-- closed stays closed.
CREATE OR REPLACE FUNCTION bank_break(the_moment timestamptz, receivers jsonb) RETURNS void
LANGUAGE sql AS $$
    WITH found AS MATERIALIZED (
        SELECT * FROM bank_breaks(the_moment, receivers)
    ), closed AS (
        UPDATE breaks b SET closed_at = the_moment, closed_by = 'the bank''s entry'
        WHERE b.closed_at IS NULL AND b.class IN ('bank_missing', 'bank_unexplained')
          AND NOT EXISTS (
            SELECT FROM found f
            WHERE (f.class, f.psp, f.account, f.key) = (b.class, b.psp, b.account, b.key)
              AND (f.differs, f.ours_minor, f.theirs_minor, f.batch)
                IS NOT DISTINCT FROM (b.differs, b.ours_minor, b.theirs_minor, b.batch))
    )
    INSERT INTO breaks (class, differs, psp, account, day, currency, ours_minor, theirs_minor, key,
        batch, opened_at)
    SELECT f.class, f.differs, f.psp, f.account, f.day, f.currency, f.ours_minor, f.theirs_minor,
        f.key, f.batch, the_moment
    FROM found f
    WHERE NOT EXISTS (
        SELECT FROM breaks b
        WHERE (f.class, f.psp, f.account, f.key) = (b.class, b.psp, b.account, b.key)
          AND (f.differs, f.ours_minor, f.theirs_minor, f.batch)
            IS NOT DISTINCT FROM (b.differs, b.ours_minor, b.theirs_minor, b.batch)
          AND (b.closed_at IS NULL OR b.closed_by <> 'the bank''s entry'))
$$;

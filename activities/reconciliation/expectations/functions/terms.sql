-- How long a movement may wait for its line, and a batch for the bank: as the settings of the worker
-- that started last say. What they do not name any more goes.
CREATE OR REPLACE FUNCTION expectation_terms(terms jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Workers that start at once take turns: none sees the rows of neither.
    PERFORM pg_advisory_xact_lock(hashtextextended('settlement_terms', 0));
    DELETE FROM settlement_terms s WHERE NOT EXISTS (
        SELECT FROM jsonb_to_recordset(terms) AS t (psp text, account text, method text)
        WHERE (t.psp, t.account, t.method) = (s.psp, s.account, s.method));
    INSERT INTO settlement_terms AS s (psp, account, method, delay, bank_delay)
    SELECT psp, account, method, delay * interval '1 hour', bank_delay * interval '1 hour'
    FROM jsonb_to_recordset(terms)
        AS t (psp text, account text, method text, delay numeric, bank_delay numeric)
    ON CONFLICT (psp, account, method) DO UPDATE
    SET delay = excluded.delay, bank_delay = excluded.bank_delay
    WHERE (s.delay, s.bank_delay) <> (excluded.delay, excluded.bank_delay);
END $$;

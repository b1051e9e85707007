-- Fees of captures against the account's contract: by currency a fixed part, and a rate in
-- millionths of the amount. What drifts by more than the tolerance is a break of its line; where more
-- than a hundred of a batch do, one break of the batch.
CREATE OR REPLACE FUNCTION matching_fees(the_zone text, contract jsonb, tolerance jsonb)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    files bigint[] := ARRAY(SELECT id FROM matching_files);
    minor bigint := tolerance ->> 'minor';
    millionths bigint := tolerance ->> 'millionths';
BEGIN
    INSERT INTO matching_found (class, day, currency, ours_minor, theirs_minor, key, movement,
        file_id, place, batch)
    WITH drifted AS (
        SELECT l.*, -c.fixed - round(l.gross * c.rate / 1000000.0)::bigint AS agreed,
            (l.booked_at AT TIME ZONE the_zone)::date AS day,
            count(*) OVER (PARTITION BY l.file_id, l.batch, l.net_currency) AS of_batch
        FROM settlement_lines l
        JOIN jsonb_to_recordset(contract) AS c (currency text, fixed bigint, rate bigint)
            ON c.currency = l.currency
        WHERE l.file_id = ANY (files) AND l.movement = 'capture' AND l.gross > 0
          AND l.currency = l.net_currency
          AND abs(l.fee + c.fixed + round(l.gross * c.rate / 1000000.0))
            > minor + l.gross * millionths / 1000000
    )
    SELECT 'fee_drift', day, net_currency, agreed, fee, key, movement, file_id, place, batch
    FROM drifted WHERE of_batch <= 100
    UNION ALL
    SELECT 'fee_drift', min(day), net_currency, sum(agreed), sum(fee), NULL, 'capture', file_id,
        NULL, batch
    FROM drifted WHERE of_batch > 100 GROUP BY file_id, batch, net_currency;
END $$;

-- What the PSP kept of the captures of the new lines, in the currency in which they were made.
CREATE OR REPLACE FUNCTION matching_charged() RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    files bigint[] := ARRAY(SELECT id FROM matching_files);
BEGIN
    RETURN (
        SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.currency), '[]') FROM (
            SELECT l.currency, count(*) AS captures, sum(l.gross) AS gross_minor,
                sum(l.fee) AS fee_minor
            FROM settlement_lines l
            WHERE l.file_id = ANY (files) AND l.movement = 'capture' AND l.gross > 0
              AND l.currency = l.net_currency
            GROUP BY 1) c);
END $$;

-- New lines of payments that do not add up in themselves: the net is the gross and the fee; of a
-- conversion the gross at its rate, to one minor unit, for the PSP rounds each line.
CREATE OR REPLACE FUNCTION matching_nets(the_zone text, exponents jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    files bigint[] := ARRAY(SELECT id FROM matching_files);
BEGIN
    INSERT INTO matching_found (class, differs, day, currency, ours_minor, theirs_minor, key,
        movement, file_id, place, batch)
    SELECT 'amount_mismatch', CASE WHEN currency = net_currency THEN 'fee' ELSE 'rate' END,
        (booked_at AT TIME ZONE the_zone)::date, net_currency, due, net, key, movement, file_id,
        place, batch
    FROM (
        SELECT l.*, l.fee + CASE
            WHEN l.currency = l.net_currency THEN l.gross
            ELSE round(l.gross * l.rate::numeric * 10 ^ (
                (exponents ->> l.net_currency)::numeric - (exponents ->> l.currency)::numeric))
            END AS due
        FROM settlement_lines l
        WHERE l.file_id = ANY (files) AND l.movement = ANY (matching_of_payments())
          AND (l.currency = l.net_currency AND l.gross + l.fee <> l.net
               OR l.currency <> l.net_currency AND l.rate IS NOT NULL)
    ) l
    WHERE abs(net - due) > CASE WHEN currency = net_currency THEN 0 ELSE 1 END;
END $$;

-- What the ledger does not have yet of the matches: in transit -> bank, as `wallet_post_house` takes
-- it. What the bank converted goes back to the PSP's account, changes its currency there, and is on
-- its way again: in one call, so that nobody sees it on its way.
CREATE OR REPLACE FUNCTION bank_commands(at_most integer) RETURNS TABLE (command jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH booked AS (
        SELECT e.key, m.psp, m.account, e.bank_account, m.currency AS paid_in,
            m.amount_minor AS paid, e.currency, e.amount_minor AS came, m.matched_at
        FROM bank_matches m JOIN bank_booked e USING (statement_id, place)
        WHERE NOT EXISTS (SELECT FROM transfers t WHERE t.key = e.key)
        ORDER BY m.matched_at, e.key LIMIT at_most
    ), steps AS (
        SELECT b.key, 'bank_entry' AS kind, b.psp, b.account, b.bank_account AS bank, b.currency,
            b.came AS amount, NULL AS counter_currency, NULL::bigint AS counter_amount
        FROM booked b
        UNION ALL
        SELECT b.key || ':' || s.step, s.kind, b.psp, b.account, NULL, s.currency, s.amount,
            s.counter_currency, s.counter_amount
        FROM booked b, LATERAL (VALUES
            ('back', 'settlement', b.paid_in, b.paid, NULL, NULL),
            ('fx', 'fx', b.paid_in, -b.paid, b.currency, b.came),
            ('on', 'settlement', b.currency, -b.came, NULL, NULL)
        ) AS s (step, kind, currency, amount, counter_currency, counter_amount)
        WHERE b.paid_in <> b.currency
    ), bodies AS (
        SELECT s.key, jsonb_strip_nulls(to_jsonb(s)) AS body FROM steps s
    )
    SELECT body || jsonb_build_object('hash', md5(body::text)) FROM bodies ORDER BY key
$$;

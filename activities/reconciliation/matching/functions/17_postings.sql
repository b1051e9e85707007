-- What the ledger is to book of a file: one command for each batch, kind and currency. An amount is
-- what the command changes in what the PSP owes us, so that with the payments' own movements the
-- clearing account comes to the sum of the nets, and to zero once all was paid out. A conversion takes
-- from one currency and gives in another: the PSP rounds each line, the sum is booked as it is.
-- `batch` is empty of lines that name none.
CREATE OR REPLACE FUNCTION matching_postings(the_file bigint) RETURNS TABLE (
    kind text, batch text, currency text, amount_minor bigint, counter_currency text,
    counter_minor bigint
)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH sums AS MATERIALIZED (
        SELECT coalesce(l.batch, '') AS batch, l.movement, l.currency, l.net_currency,
            l.movement = ANY (matching_of_payments()) AS of_payments,
            sum(l.gross) AS gross, sum(l.net) AS net, sum(l.fee) AS fee
        FROM settlement_lines l WHERE l.file_id = the_file GROUP BY 1, 2, 3, 4
    ), legs AS (
        -- The halves of one conversion name the payment that it is for.
        SELECT coalesce(l.batch, '') AS batch, l.psp_ref, l.net_currency AS currency,
            sum(l.net - l.fee) AS change,
            row_number() OVER (PARTITION BY l.batch, l.psp_ref ORDER BY sum(l.net - l.fee)) AS turn,
            count(*) OVER (PARTITION BY l.batch, l.psp_ref) AS legs
        FROM settlement_lines l WHERE l.file_id = the_file AND l.movement = 'fx' GROUP BY l.batch, 2, 3
    ), conversions AS (
        SELECT s.batch, s.currency, -s.gross AS change, s.net_currency AS counter,
            s.net - s.fee AS counter_change
        FROM sums s WHERE s.of_payments AND s.currency <> s.net_currency
        UNION ALL
        SELECT a.batch, a.currency, a.change, b.currency, b.change
        FROM legs a JOIN legs b ON a.batch = b.batch AND a.psp_ref IS NOT DISTINCT FROM b.psp_ref
            AND a.turn = 1 AND b.turn = 2
        WHERE a.legs = 2
    ), converted AS (
        SELECT c.batch, c.currency, sum(c.change) AS change, c.counter,
            sum(c.counter_change) AS counter_change
        FROM conversions c GROUP BY 1, 2, 4
    ), changes AS (
        SELECT s.batch, CASE s.movement
                WHEN 'transfer' THEN 'settlement' WHEN 'reserve' THEN 'reserve'
                WHEN 'carried' THEN 'carried' WHEN 'fee' THEN 'fee' WHEN 'dispute_fee' THEN 'fee'
                ELSE 'suspense' END AS kind,
            s.net_currency AS currency, s.net - s.fee AS change
        FROM sums s WHERE NOT s.of_payments AND s.movement <> 'fx'
        UNION ALL
        SELECT s.batch, 'fee', s.net_currency, s.fee FROM sums s
        UNION ALL
        SELECT s.batch, 'suspense', s.net_currency, s.net - s.fee - s.gross
        FROM sums s WHERE s.of_payments AND s.currency = s.net_currency
        UNION ALL
        SELECT l.batch, 'suspense', l.currency, l.change FROM legs l WHERE l.legs <> 2
        UNION ALL
        -- One side of it came to nothing.
        SELECT c.batch, 'fx', CASE c.change WHEN 0 THEN c.counter ELSE c.currency END,
            c.change + c.counter_change
        FROM converted c WHERE c.change = 0 OR c.counter_change = 0
    )
    SELECT c.kind, c.batch, c.currency, sum(c.change)::bigint, NULL::text, NULL::bigint
    FROM changes c GROUP BY 1, 2, 3 HAVING sum(c.change) <> 0
    UNION ALL
    SELECT 'fx', c.batch, c.currency, c.change::bigint, c.counter, c.counter_change::bigint
    FROM converted c WHERE c.change <> 0 AND c.counter_change <> 0
$$;

-- The commands of a file as documents, or those that turn them back when a newer version counts.
-- Raises where they do not sum to its lines: of each currency, the gross of payments and the
-- commands are the net.
CREATE OR REPLACE FUNCTION matching_commands(the_file bigint, is_undone boolean) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    postings jsonb := coalesce(
        (SELECT jsonb_agg(to_jsonb(p)) FROM matching_postings(the_file) p), '[]');
    uneven text;
BEGIN
    SELECT string_agg(currency, ', ' ORDER BY currency) INTO uneven
    FROM (
        SELECT currency FROM (
            SELECT l.currency, sum(l.gross) AS change FROM settlement_lines l
            WHERE l.file_id = the_file AND l.movement = ANY (matching_of_payments()) GROUP BY 1
            UNION ALL
            SELECT l.net_currency, -sum(l.net) FROM settlement_lines l
            WHERE l.file_id = the_file GROUP BY 1
            UNION ALL
            SELECT p ->> 'currency', (p ->> 'amount_minor')::bigint
            FROM jsonb_array_elements(postings) p
            UNION ALL
            SELECT p ->> 'counter_currency', (p ->> 'counter_minor')::bigint
            FROM jsonb_array_elements(postings) p WHERE p ->> 'counter_currency' IS NOT NULL
        ) each_change GROUP BY currency HAVING sum(change) <> 0
    ) each_currency;
    IF uneven IS NOT NULL THEN
        RAISE EXCEPTION 'what is to be booked of file % does not sum to its lines: %',
            the_file, uneven USING ERRCODE = 'check_violation';
    END IF;
    RETURN (
        SELECT coalesce(jsonb_agg(p || jsonb_build_object(
            'key', concat_ws(':', 'settlement', the_file, p ->> 'batch', p ->> 'kind',
                p ->> 'currency', p ->> 'counter_currency', CASE WHEN is_undone THEN 'undone' END),
            'psp', f.psp, 'account', f.account,
            'amount_minor', turned * (p ->> 'amount_minor')::bigint,
            'counter_minor', turned * (p ->> 'counter_minor')::bigint
        ) ORDER BY p ->> 'batch', p ->> 'kind', p ->> 'currency', p ->> 'counter_currency'), '[]')
        FROM jsonb_array_elements(postings) p
        JOIN settlement_files f ON f.id = the_file
        CROSS JOIN (SELECT CASE WHEN is_undone THEN -1 ELSE 1 END AS turned) t);
END $$;

-- Files of which the ledger has not booked all, and those that it has to turn back, in that order.
CREATE OR REPLACE FUNCTION matching_to_post(the_psp text, the_account text)
RETURNS TABLE (file_id bigint, is_undone boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT m.file_id, undone FROM matched_files m, unnest(ARRAY[true, false]) undone
    WHERE m.psp = the_psp AND m.account = the_account
      AND CASE WHEN undone THEN m.posted_at IS NOT NULL AND m.undone_at IS NOT NULL
                                AND m.unposted_at IS NULL
               ELSE m.posted_at IS NULL AND m.undone_at IS NULL END
    ORDER BY undone DESC, m.file_id
$$;

CREATE OR REPLACE FUNCTION matching_posted(the_file bigint, is_undone boolean) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE matched_files SET
        posted_at = CASE WHEN is_undone THEN posted_at
                         ELSE coalesce(posted_at, clock_timestamp()) END,
        unposted_at = CASE WHEN is_undone THEN coalesce(unposted_at, clock_timestamp())
                           ELSE unposted_at END
    WHERE file_id = the_file
$$;

-- Which open entry of the bank could be which open payout of a PSP, by what is known at a moment.
-- Rank: 1 it names the payout and has its amount; 2 it names it, in another currency; 3 it names it
-- and has another amount; 4 it has amount and currency, on an account where the PSP pays to, within
-- five banking days. Only the best rank counts on both sides: who is named is never meant by amount.
-- `alone`: neither could be another one.
CREATE OR REPLACE FUNCTION bank_pairs(the_moment timestamptz, receivers jsonb)
RETURNS TABLE (
    statement_id bigint, place integer, psp text, account text, payout text, currency text,
    amount_minor bigint, rank integer, alone boolean
)
LANGUAGE sql STABLE AS $$
    WITH entries AS MATERIALIZED (
        SELECT e.*, w AS words, replace(w, ' ', '') AS letters
        FROM bank_booked e, LATERAL bank_words(e.reference) AS w
        WHERE e.applied_at <= the_moment
          AND NOT EXISTS (SELECT FROM bank_matches m
                          WHERE m.statement_id = e.statement_id AND m.place = e.place)
    ), payouts AS MATERIALIZED (
        SELECT p.*, bank_pattern(p.reference) AS pattern,
            replace(bank_words(p.reference), ' ', '') AS letters, (p.booked_at AT TIME ZONE 'UTC')::date AS paid_on,
            bank_day_after((p.booked_at AT TIME ZONE 'UTC')::date, 5) AS until
        FROM bank_payouts p
        WHERE p.applied_at <= the_moment
          AND NOT EXISTS (SELECT FROM bank_matches m
                          WHERE m.psp = p.psp AND m.account = p.account AND m.payout = p.payout)
    ), pays_to AS (
        SELECT * FROM jsonb_to_recordset(receivers) AS r (psp text, account text, bank_account text)
    ), named AS (
        SELECT e.statement_id, e.place, p.psp, p.account, p.payout, p.currency, p.amount_minor,
            CASE WHEN e.currency <> p.currency THEN 2
                 WHEN e.amount_minor = p.amount_minor THEN 1 ELSE 3 END AS rank,
            length(p.letters) = max(length(p.letters))
                OVER (PARTITION BY e.statement_id, e.place) AS longest
        FROM payouts p JOIN entries e ON e.booked_on >= p.paid_on - 1
            -- What is found at once spares the pattern nearly all of its work.
            AND CASE WHEN strpos(e.letters, p.letters) > 0 THEN e.words ~ p.pattern END
        WHERE e.currency = p.currency OR sign(e.amount_minor) = sign(p.amount_minor)
    ), possible AS (
        SELECT n.statement_id, n.place, n.psp, n.account, n.payout, n.currency, n.amount_minor,
            n.rank
        FROM named n WHERE n.longest
        UNION ALL
        SELECT e.statement_id, e.place, p.psp, p.account, p.payout, p.currency, p.amount_minor, 4
        FROM payouts p
        JOIN pays_to r ON r.psp = p.psp AND r.account = p.account
        JOIN entries e ON e.bank_account = r.bank_account AND e.currency = p.currency
            AND e.amount_minor = p.amount_minor AND e.booked_on BETWEEN p.paid_on - 1 AND p.until
        WHERE NOT EXISTS (
            SELECT FROM named n WHERE (n.statement_id, n.place, n.psp, n.account, n.payout)
                = (e.statement_id, e.place, p.psp, p.account, p.payout))
    ), best AS (
        SELECT o.*, min(o.rank) OVER (PARTITION BY o.statement_id, o.place) AS of_entry,
            min(o.rank) OVER (PARTITION BY o.psp, o.account, o.payout) AS of_payout
        FROM possible o
    )
    SELECT b.statement_id, b.place, b.psp, b.account, b.payout, b.currency, b.amount_minor, b.rank,
        count(*) OVER (PARTITION BY b.statement_id, b.place) = 1
        AND count(*) OVER (PARTITION BY b.psp, b.account, b.payout) = 1
    FROM best b WHERE b.rank = least(b.of_entry, b.of_payout)
$$;

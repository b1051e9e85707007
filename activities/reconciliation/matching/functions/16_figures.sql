-- How much of each day agrees, and how much does not, as of a moment: of every day that a run has
-- added to since another moment, or that has an open break. Shares are in millionths, by count and by
-- money; what may still come is no discrepancy.
CREATE OR REPLACE FUNCTION matching_days(
    the_psp text, the_account text, since timestamptz, the_moment timestamptz
) RETURNS TABLE (
    day date, currency text, matched bigint, matched_minor bigint, broken bigint,
    broken_minor bigint, count_millionths bigint, money_millionths bigint
)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH broken AS (
        SELECT b.day, b.currency, count(*) AS items,
            sum(abs(coalesce(b.theirs_minor, 0) - CASE b.class
                WHEN 'duplicate' THEN 0 ELSE coalesce(b.ours_minor, 0) END)) AS differs,
            sum(greatest(abs(b.ours_minor), abs(b.theirs_minor))) AS amount
        FROM breaks b
        WHERE b.psp = the_psp AND b.account = the_account AND b.opened_at <= the_moment
          AND (b.closed_at IS NULL OR b.closed_at > the_moment)
          AND b.class NOT IN ('timing', 'bank_missing', 'bank_unexplained')
        GROUP BY 1, 2
    ), touched AS (
        SELECT b.day, b.currency FROM broken b
        UNION
        SELECT d.day, d.currency FROM reconciliation_days d
        WHERE d.psp = the_psp AND d.account = the_account AND d.as_of > since
          AND d.as_of <= the_moment
    ), agreed AS (
        SELECT t.day, t.currency, coalesce(sum(d.matched), 0) AS items,
            coalesce(sum(d.matched_minor), 0) AS amount
        FROM touched t LEFT JOIN reconciliation_days d
            ON (d.psp, d.account, d.day, d.currency) = (the_psp, the_account, t.day, t.currency)
            AND d.as_of <= the_moment
        GROUP BY 1, 2
    )
    SELECT a.day, a.currency, a.items, a.amount, coalesce(b.items, 0), coalesce(b.differs, 0),
        coalesce(ceil(b.items * 1000000 / nullif(a.items + b.items, 0)), 0)::bigint,
        coalesce(ceil(b.differs * 1000000 / nullif(a.amount + b.amount, 0)), 0)::bigint
    FROM agreed a LEFT JOIN broken b USING (day, currency)
    ORDER BY 1, 2
$$;

-- Writes down that the run was made, and what it found. `counted` is what its steps counted.
CREATE OR REPLACE FUNCTION matching_close(
    the_psp text, the_account text, the_moment timestamptz, counted jsonb
) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    before timestamptz := coalesce((
        SELECT max(r.as_of) FROM reconciliations r
        WHERE r.psp = the_psp AND r.account = the_account), '-infinity');
    found jsonb;
BEGIN
    SELECT counted || jsonb_build_object(
        'waiting', (
            SELECT count(*) FROM expectations e WHERE e.psp = the_psp AND e.account = the_account
              AND e.done_at <= the_moment AND e.due_at >= the_moment),
        'breaks', coalesce((
            SELECT jsonb_object_agg(o.class, o.items) FROM (
                SELECT b.class, count(*) AS items FROM breaks b
                WHERE b.psp = the_psp AND b.account = the_account AND b.closed_at IS NULL
                GROUP BY 1) o), '{}'),
        'opened', (SELECT count(*) FROM breaks b WHERE b.psp = the_psp
                   AND b.account = the_account AND b.opened_at = the_moment),
        'closed', (SELECT count(*) FROM breaks b WHERE b.psp = the_psp
                   AND b.account = the_account AND b.closed_at = the_moment),
        'to_pass_on', (SELECT count(*) FROM matching_to_pass_on(the_psp, the_account, NULL)),
        'days', coalesce((
            SELECT jsonb_agg(to_jsonb(d)) FROM matching_days(
                the_psp, the_account, before, the_moment) d), '[]')
    ) INTO found;
    INSERT INTO reconciliations (psp, account, as_of, figures)
    VALUES (the_psp, the_account, the_moment, found);
    RETURN found;
END $$;

-- What was found by the last run as of a moment or before it; null where there was none.
CREATE OR REPLACE FUNCTION matching_recorded(
    the_psp text, the_account text, the_moment timestamptz
) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.figures FROM reconciliations r
    WHERE r.psp = the_psp AND r.account = the_account AND r.as_of <= the_moment
    ORDER BY r.as_of DESC LIMIT 1
$$;

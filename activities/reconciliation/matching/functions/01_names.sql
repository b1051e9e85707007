-- The movements that payments make, and so wait for their lines.
CREATE OR REPLACE FUNCTION matching_of_payments() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY['capture', 'refund', 'payout', 'return', 'chargeback', 'chargeback_reversed'];
$$;

-- The breaks that are judged anew as long as they are open: a line that has one may still match.
CREATE OR REPLACE FUNCTION matching_may_still_match(the_class text, what_differs text)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT the_class IN ('timing', 'missing_platform', 'duplicate')
        OR the_class = 'amount_mismatch' AND what_differs NOT IN ('fee', 'rate');
$$;

-- Whether no person closed it: then it is opened again when what it tells of comes back.
CREATE OR REPLACE FUNCTION matching_closed_by_itself(the_reason text)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT the_reason IN ('a late line', 'a late movement', 'its delay is over', 'another finding',
        'a newer version of the file');
$$;

-- How long a line of theirs waits for a movement of ours.
CREATE OR REPLACE FUNCTION matching_delay(the_psp text, the_account text) RETURNS interval
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce((
        SELECT delay FROM settlement_terms
        WHERE psp = the_psp AND account IN (the_account, '') AND method = ''
        ORDER BY account DESC LIMIT 1), interval '3 days');
$$;

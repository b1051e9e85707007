-- Lines that complete a payment in doubt, the oldest first, until each is passed on; none of a file
-- that a newer version took the place of.
CREATE OR REPLACE FUNCTION matching_to_pass_on(the_psp text, the_account text, at_most integer)
RETURNS SETOF settlement_completions
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM settlement_completions c
    WHERE c.psp = the_psp AND c.account = the_account AND c.passed_on_at IS NULL
      AND EXISTS (SELECT FROM settlement_files f WHERE f.id = c.file_id AND f.state = 'applied')
    ORDER BY c.found_at, c.file_id, c.place LIMIT at_most
$$;

CREATE OR REPLACE FUNCTION matching_passed_on(files bigint[], places integer[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE settlement_completions c SET passed_on_at = clock_timestamp()
    FROM unnest(files, places) AS p (file_id, place)
    WHERE (c.file_id, c.place) = (p.file_id, p.place) AND c.passed_on_at IS NULL
$$;

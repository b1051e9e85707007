-- Lines and expectations that share a name, by `key` or by `psp_ref`: first those of the same
-- amount, in the order in which they were booked and done, so that equal honest lines meet as many
-- equal movements. Then several lines that together are the one movement: a charge, and the part of
-- it that was not captured. Gives how many were settled.
CREATE OR REPLACE FUNCTION matching_pair(by_what text, the_moment timestamptz, the_zone text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    moved bigint;
BEGIN
    INSERT INTO matching_pairs (file_id, place, expectation_id)
    SELECT l.file_id, l.place, e.id
    FROM (
        SELECT r.*, name, row_number() OVER (PARTITION BY name, movement, currency, gross
            ORDER BY booked_at, identity, file_id, place) AS turn
        FROM matching_rest r, LATERAL (SELECT CASE by_what WHEN 'key' THEN key ELSE psp_ref END
            AS name) WHERE name IS NOT NULL AND class IS NULL
    ) l JOIN (
        SELECT c.*, name, row_number() OVER (PARTITION BY name, movement, currency, amount_minor
            ORDER BY number, id) AS turn
        FROM matching_candidates c, LATERAL (SELECT CASE by_what WHEN 'key' THEN key ELSE psp_ref
            END AS name)
    ) e ON (e.name, e.movement, e.currency, e.amount_minor, e.turn)
         = (l.name, l.movement, l.currency, l.gross, l.turn);
    moved := matching_take(the_moment, the_zone);
    INSERT INTO matching_pairs (file_id, place, expectation_id)
    SELECT l.file_id, l.place, CASE l.turn WHEN 1 THEN e.id END
    FROM (
        SELECT r.*, name, sum(gross) OVER same AS total, count(*) OVER same AS lines,
            min(gross) OVER same < 0 AND max(gross) OVER same > 0 AS both_ways,
            row_number() OVER (PARTITION BY name, movement, currency
                ORDER BY abs(gross) DESC, booked_at, file_id, place) AS turn
        FROM matching_rest r, LATERAL (SELECT CASE by_what WHEN 'key' THEN key ELSE psp_ref END
            AS name) WHERE name IS NOT NULL AND class IS NULL
        WINDOW same AS (PARTITION BY name, movement, currency)
    ) l JOIN (
        SELECT c.*, name, count(*) OVER (PARTITION BY name, movement) AS movements
        FROM matching_candidates c, LATERAL (SELECT CASE by_what WHEN 'key' THEN key ELSE psp_ref
            END AS name)
    ) e ON (e.name, e.movement, e.currency, e.amount_minor)
         = (l.name, l.movement, l.currency, l.total)
    WHERE l.both_ways AND e.movements = 1;
    RETURN moved + matching_take(the_moment, the_zone);
END $$;

-- Settles the pairs there are, and leaves them out from here on.
CREATE OR REPLACE FUNCTION matching_take(the_moment timestamptz, the_zone text) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    moved bigint := matching_settle(the_moment, the_zone);
BEGIN
    DELETE FROM matching_rest r USING matching_pairs p
    WHERE (r.file_id, r.place) = (p.file_id, p.place);
    DELETE FROM matching_candidates c USING matching_pairs p WHERE c.id = p.expectation_id;
    TRUNCATE matching_pairs;
    RETURN moved;
END $$;

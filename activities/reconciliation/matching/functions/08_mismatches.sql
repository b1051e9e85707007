-- Lines of a movement that is open, with another amount, currency or direction: both stay open.
CREATE OR REPLACE FUNCTION matching_mismatches(by_what text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE matching_rest r
    SET class = 'amount_mismatch', expectation_id = e.id, ours_minor = e.amount_minor,
        payment_id = e.payment_id, brand = e.brand,
        differs = CASE WHEN r.currency <> e.currency THEN 'currency'
                       WHEN sign(r.gross) <> sign(e.amount_minor) THEN 'direction'
                       ELSE 'amount' END
    FROM (
        SELECT m.file_id, m.place, m.movement, name, row_number() OVER (
            PARTITION BY name, m.movement ORDER BY m.booked_at, m.identity, m.file_id, m.place)
            AS turn
        FROM matching_rest m, LATERAL (SELECT CASE by_what WHEN 'key' THEN m.key ELSE m.psp_ref
            END AS name) WHERE name IS NOT NULL AND m.class IS NULL
    ) l JOIN (
        SELECT c.*, name, row_number() OVER (PARTITION BY name, c.movement ORDER BY c.number, c.id)
            AS turn
        FROM matching_candidates c, LATERAL (SELECT CASE by_what WHEN 'key' THEN c.key
            ELSE c.psp_ref END AS name)
        WHERE NOT EXISTS (SELECT FROM matching_rest t WHERE t.expectation_id = c.id)
    ) e ON (e.name, e.movement, e.turn) = (l.name, l.movement, l.turn)
    WHERE (r.file_id, r.place) = (l.file_id, l.place);
END $$;

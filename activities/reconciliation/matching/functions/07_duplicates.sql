-- Lines of what another line has confirmed already, in this file or in any before it. By key; those
-- without a key that is ours, by the PSP's reference. Never netted: each is a break of its own.
-- Where more movements of the same name are open, a line of another amount may be of one of them.
CREATE OR REPLACE FUNCTION matching_duplicates(by_what text, the_psp text, the_account text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE matching_rest r
    SET class = 'duplicate', ours_minor = s.amount_minor, payment_id = s.payment_id,
        brand = s.brand
    FROM (
        SELECT DISTINCT ON (n.file_id, n.place) n.file_id, n.place, s.amount_minor, s.payment_id,
            s.brand
        FROM (
            SELECT file_id, place, key, psp_ref, movement, currency, gross,
                split_part(key, ':', 1) AS of_payment
            FROM matching_rest WHERE by_what = 'key' AND class IS NULL AND key IS NOT NULL
            UNION ALL
            SELECT m.file_id, m.place, NULL, m.psp_ref, m.movement, m.currency, m.gross,
                i.payment_id
            FROM matching_rest m JOIN psp_instructions i
                ON i.psp_ref = m.psp_ref AND i.psp = the_psp AND i.account = the_account
            WHERE by_what = 'psp_ref' AND m.class IS NULL
        ) n JOIN settled s ON s.payment_id = n.of_payment AND s.movement = n.movement
            AND s.psp = the_psp AND s.account = the_account
            AND coalesce(s.key = n.key, s.psp_ref = n.psp_ref)
        WHERE (s.currency, s.amount_minor) = (n.currency, n.gross)
           OR NOT EXISTS (SELECT FROM matching_candidates c WHERE c.movement = n.movement
                          AND coalesce(c.key = n.key, c.psp_ref = n.psp_ref))
        ORDER BY n.file_id, n.place, (s.currency, s.amount_minor) = (n.currency, n.gross) DESC,
            s.number
    ) s
    WHERE (r.file_id, r.place) = (s.file_id, s.place);
END $$;

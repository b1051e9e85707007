-- One run at a time for each account. Gives false where a run as of this moment or a later one was
-- made already: what that one found is recorded, and is not found again.
-- Leaves `matching_files`: the files that no run has judged, as they were known at the moment.
CREATE OR REPLACE FUNCTION matching_open(
    the_psp text, the_account text, the_moment timestamptz
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('matching'), hashtext(the_psp || '/' || the_account));
    IF EXISTS (SELECT FROM reconciliations r WHERE r.psp = the_psp AND r.account = the_account
               AND r.as_of >= the_moment) THEN
        RETURN false;
    END IF;
    PERFORM matching_undo(the_psp, the_account, the_moment);
    CREATE TEMP TABLE matching_files ON COMMIT DROP AS
        SELECT f.id FROM settlement_files f
        WHERE f.psp = the_psp AND f.account = the_account AND f.state = 'applied'
          AND f.applied_at <= the_moment
          AND NOT EXISTS (SELECT FROM matched_files m WHERE m.file_id = f.id);
    INSERT INTO matched_files (file_id, psp, account, matched_at)
    SELECT id, the_psp, the_account, the_moment FROM matching_files;
    RETURN true;
END $$;

-- What a file had settled is open again once a newer version of it counts, and its breaks are gone.
CREATE OR REPLACE FUNCTION matching_undo(
    the_psp text, the_account text, the_moment timestamptz
) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    undone bigint[];
BEGIN
    WITH gone AS (
        UPDATE matched_files m SET undone_at = the_moment
        FROM settlement_files f
        WHERE f.id = m.file_id AND f.state <> 'applied' AND m.undone_at IS NULL
          AND m.psp = the_psp AND m.account = the_account
        RETURNING m.file_id
    )
    SELECT coalesce(array_agg(file_id), '{}') INTO undone FROM gone;
    IF undone = '{}' THEN
        RETURN;
    END IF;
    WITH moved AS (DELETE FROM settled s WHERE s.file_id = ANY (undone) RETURNING s.*)
    INSERT INTO expectations (id, key, movement, number, payment_id, brand, psp, account, method,
        currency, amount_minor, psp_ref, done_at, due_at, transfer_id)
    OVERRIDING SYSTEM VALUE
    SELECT expectation_id, key, movement, number, payment_id, brand, psp, account, method,
        currency, amount_minor, psp_ref, done_at, due_at, transfer_id
    FROM moved;
    INSERT INTO reconciliation_days (psp, account, as_of, file_id, day, currency, matched,
        matched_minor)
    SELECT psp, account, the_moment, file_id, day, currency, -sum(matched), -sum(matched_minor)
    FROM reconciliation_days WHERE file_id = ANY (undone) GROUP BY 1, 2, 4, 5, 6;
    UPDATE breaks SET closed_at = the_moment, closed_by = 'a newer version of the file'
    WHERE file_id = ANY (undone) AND closed_at IS NULL AND class NOT IN ('changed', 'vanished');
END $$;

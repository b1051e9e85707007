-- What policies that learn look at.

-- Counts that are the same make no new version; only the latest versions are kept.
CREATE OR REPLACE FUNCTION routing_count(the_document jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    latest bigint;
BEGIN
    UPDATE routing_statistics SET counted_at = now()
    WHERE version = (SELECT max(version) FROM routing_statistics) AND document = the_document
    RETURNING version INTO latest;
    IF NOT FOUND THEN
        INSERT INTO routing_statistics (document) VALUES (the_document)
        RETURNING version INTO latest;
        DELETE FROM routing_statistics WHERE version <= latest - 100;
    END IF;
    RETURN latest;
END $$;

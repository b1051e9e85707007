-- A case and its history: whatever happens to it is noted once by key, and only added to.

-- Whoever opens a case begins its history: there is no other way to make one.
CREATE OR REPLACE FUNCTION case_opened() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO case_events (case_id, key, what, by, facts, at)
    VALUES (NEW.id, 'opened', 'opened', '', '{}', NEW.opened_at);
    RETURN NULL;
END $$;

-- Notes what happened to a case, once by key, and keeps the case's columns in step with it.
CREATE OR REPLACE FUNCTION case_note(
    the_case text, the_key text, the_what text, the_author text, the_facts jsonb
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO case_events (case_id, key, what, by, facts)
    VALUES (the_case, the_key, the_what, the_author, the_facts)
    ON CONFLICT (case_id, key) DO NOTHING;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    CASE the_what
        WHEN 'assigned' THEN
            UPDATE cases SET owner = the_facts ->> 'owner' WHERE id = the_case;
        WHEN 'proposed' THEN
            UPDATE cases SET proposal = the_facts || jsonb_build_object('by', the_author)
            WHERE id = the_case;
        WHEN 'declined', 'lapsed', 'not_done' THEN
            UPDATE cases SET proposal = NULL WHERE id = the_case;
        WHEN 'resolved' THEN
            UPDATE cases SET state = 'resolved', proposal = NULL, resolved_at = now(),
                resolution = the_facts || jsonb_build_object('by', the_author)
            WHERE id = the_case AND state = 'open';
        ELSE NULL;
    END CASE;
END $$;

-- Of a case the API changes who looks after it, and nothing else.
CREATE OR REPLACE FUNCTION case_assign(the_case text, the_key text, the_author text, the_owner text)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT case_note(the_case, the_key, 'assigned', the_author,
        jsonb_build_object('owner', the_owner));
$$;

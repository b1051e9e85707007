-- Cases that people resolve: a name, a state, an owner, and a history that only grows.
--
-- A case is named after its key, so that whoever opens it twice names it once.

ALTER TABLE cases
    ADD COLUMN id text NOT NULL GENERATED ALWAYS AS ('case_' || md5(key)) STORED,
    ADD COLUMN state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved')),
    ADD COLUMN owner text,
    ADD COLUMN proposal jsonb,
    ADD COLUMN resolution jsonb,
    ADD COLUMN resolved_at timestamptz,
    ADD CONSTRAINT resolved_by_a_resolution
        CHECK ((state = 'resolved') = (resolution IS NOT NULL AND resolved_at IS NOT NULL));
CREATE UNIQUE INDEX cases_id ON cases (id);
CREATE INDEX cases_open ON cases (payment_id) WHERE state = 'open';

CREATE TABLE case_events (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id text NOT NULL,
    key     text NOT NULL,
    what    text NOT NULL,
    by      text NOT NULL,
    facts   jsonb NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (case_id, key)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_events
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON cases
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE FUNCTION case_opened() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO case_events (case_id, key, what, by, facts, at)
    VALUES (NEW.id, 'opened', 'opened', '', '{}', NEW.opened_at);
    RETURN NULL;
END $$;
CREATE TRIGGER opened AFTER INSERT ON cases FOR EACH ROW EXECUTE FUNCTION case_opened();

INSERT INTO case_events (case_id, key, what, by, facts, at)
SELECT id, 'opened', 'opened', '', '{}', opened_at FROM cases ORDER BY opened_at, key;

-- Notes what happened to a case, once by key, and keeps the case's columns in step with it.
CREATE FUNCTION case_note(
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

-- What came too late and was put aside is told to the runs that see to such facts now.
UPDATE inbox_events SET parked = NULL, next_at = now() WHERE parked = 'run_closed';

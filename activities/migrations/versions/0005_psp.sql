-- What was asked of PSPs. Written by functions alone.

CREATE TABLE psp_instructions (
    key          text PRIMARY KEY,
    payment_id   text NOT NULL,
    operation    text NOT NULL CHECK (operation IN
        ('authorize', 'complete', 'capture', 'void', 'refund', 'payout')),
    psp          text NOT NULL,
    account      text NOT NULL,
    currency     text NOT NULL,
    amount_minor bigint NOT NULL,
    acts_on      text,
    acts_on_ref  text,
    rest         boolean NOT NULL DEFAULT false,
    state        text NOT NULL CHECK (state IN
        ('asked', 'not_sent', 'pending', 'approved', 'declined')),
    answer       jsonb,
    psp_ref      text,
    asked_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    times        integer NOT NULL DEFAULT 1,
    answered_at  timestamptz,
    CONSTRAINT what_is_answered_has_its_answer
        CHECK ((answer IS NULL) = (state IN ('asked', 'not_sent')))
);
COMMENT ON COLUMN psp_instructions.acts_on IS
    'the key of the authorization that a completion, capture or void belongs to';
COMMENT ON COLUMN psp_instructions.rest IS
    'of a void: what is left after a capture, which it does not exclude';
COMMENT ON COLUMN psp_instructions.state IS
    'asked: it may have happened; not_sent: it certainly left us never, or did nothing';
CREATE INDEX psp_instructions_of_payment ON psp_instructions (payment_id);
CREATE INDEX psp_instructions_by_ref ON psp_instructions (psp_ref) WHERE psp_ref IS NOT NULL;
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON psp_instructions
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE OR REPLACE FUNCTION search_of_instruction() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE TRIGGER found_by_answer AFTER INSERT OR UPDATE OF psp_ref ON psp_instructions
    FOR EACH ROW WHEN (NEW.psp_ref IS NOT NULL) EXECUTE FUNCTION search_of_instruction();

-- What may have moved money at a PSP, or will: it stands in the way of what it excludes. Like every
-- view it reads as whoever asks it, under the same policies.
CREATE VIEW psp_effective WITH (security_invoker = true) AS
SELECT * FROM psp_instructions WHERE state IN ('asked', 'pending', 'approved');

CREATE TYPE psp_asked AS (
    verdict  text,
    asked_at timestamptz,
    answer   jsonb,
    stop_id  bigint,
    case_id  text,
    rival    jsonb
);

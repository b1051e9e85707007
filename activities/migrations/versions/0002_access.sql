-- Credentials of the API's callers, and who did what with them. Nothing is ever deleted.

-- Tokens are kept as hashes, and found by their prefix.
CREATE TABLE credentials (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL,
    token_hash   text NOT NULL UNIQUE,
    roles        text[] NOT NULL,
    brands       text[] NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    revoked_at   timestamptz,
    prefix       text UNIQUE,
    person       text NOT NULL,
    routes       text[] NOT NULL DEFAULT '{*}',
    at_most      jsonb NOT NULL DEFAULT '{}',
    expires_at   timestamptz,
    last_used_at timestamptz,
    CONSTRAINT what_is_valid_can_be_found CHECK (prefix IS NOT NULL OR revoked_at IS NOT NULL)
);
CREATE INDEX ix_credentials_name ON credentials (name);

-- One row for each thing that a person or a program had done, never what it said. What came of it
-- is the answer to its idempotency key.
CREATE TABLE actions (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    actor    text NOT NULL,
    person   text NOT NULL,
    brand    text NOT NULL,
    remote   text,
    what     text NOT NULL,
    subject  text NOT NULL,
    reason   text,
    trace_id text NOT NULL,
    key      text
);
CREATE INDEX actions_of_brand ON actions (brand, id);
CREATE INDEX actions_of_subject ON actions (subject, id);
CREATE INDEX actions_of_person ON actions (person, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON actions
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

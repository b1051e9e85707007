-- The inbox: verified facts, how they wait, and what was refused at the doors.

CREATE TABLE inbox_events (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    psp          text NOT NULL,
    event_id     text NOT NULL,
    payment_id   text NOT NULL,
    event        jsonb NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT now(),
    next_at      timestamptz NOT NULL DEFAULT now(),
    attempts     integer NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    parked       text,
    refusals     integer NOT NULL DEFAULT 0,
    escalated_at timestamptz,
    meaning      text,
    gist         text,
    UNIQUE (psp, event_id)
);
CREATE INDEX inbox_of_payment ON inbox_events (payment_id);
-- One for each lane of the relay: a crowd in one is not looked through for the other.
CREATE INDEX inbox_fresh ON inbox_events (id)
    WHERE delivered_at IS NULL AND parked IS NULL AND attempts = 0;
CREATE INDEX inbox_waiting ON inbox_events (next_at)
    WHERE delivered_at IS NULL AND parked IS NULL AND attempts > 0;
-- The newest first, of one payment or of all.
CREATE INDEX inbox_parked ON inbox_events (id) WHERE parked IS NOT NULL;
CREATE OR REPLACE FUNCTION search_of_events() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE TRIGGER found_by_webhook AFTER INSERT ON inbox_events REFERENCING NEW TABLE AS stored
    FOR EACH STATEMENT EXECUTE FUNCTION search_of_events();

CREATE TABLE inbox_nonces (
    psp     text NOT NULL,
    nonce   text NOT NULL,
    used_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (psp, nonce)
);
CREATE INDEX inbox_nonces_used ON inbox_nonces (used_at);

-- A sending whose signature does not cover its body is bound to the body that came first.
CREATE TABLE inbox_sendings (
    psp         text NOT NULL,
    sent_as     text NOT NULL,
    body_sha256 text NOT NULL,
    first_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (psp, sent_as)
);
CREATE INDEX inbox_sendings_first ON inbox_sendings (first_at);

-- What a run was told, or is about to be: by all that is signed (`meaning`), and by what it says in
-- short (`gist`). As many rows of a payment as it may be told of, so that counting them is cheap.
CREATE TABLE inbox_meanings (
    payment_id text NOT NULL,
    meaning    text NOT NULL,
    gist       text NOT NULL,
    event_id   bigint NOT NULL,
    PRIMARY KEY (payment_id, meaning)
);

-- Who had a webhook delivered again, and why. Append-only.
CREATE TABLE inbox_redeliveries (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id bigint NOT NULL,
    key      text NOT NULL,
    was      text NOT NULL,
    by       text NOT NULL,
    reason   text NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (event_id, key)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON inbox_redeliveries
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER within_brands BEFORE INSERT ON inbox_redeliveries
    FOR EACH ROW EXECUTE FUNCTION within_brands(
        'inbox_events e JOIN payments p ON p.id = e.payment_id WHERE e.id = ($1).event_id');

CREATE TYPE inbox_taken AS (
    added      integer,
    nonce_used boolean,
    forged     boolean,
    contested  bigint[]
);

-- Types of webhooks that told us nothing, by day: known ones are passed over, others are news.
CREATE TABLE webhook_types (
    psp   text NOT NULL,
    day   date NOT NULL,
    type  text NOT NULL,
    known boolean NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (psp, day, type, known)
);

-- A row tells of `occurrences` refusals of one kind in one process; the rest of it is of the last.
-- Of the API's own door it names the place and the actor, and no PSP.
CREATE TABLE security_events (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    psp          text,
    rule         text NOT NULL,
    status       integer NOT NULL,
    occurrences  integer NOT NULL,
    remote       text,
    header_names text[] NOT NULL,
    body_bytes   bigint,
    body_sha256  text,
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    place        text,
    actor        text
);
CREATE INDEX security_events_of_psp ON security_events (psp, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON security_events
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

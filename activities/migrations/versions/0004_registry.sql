-- The registry: payments, their history, idempotency keys, and the words by which payments are
-- found. Written by its functions alone.

CREATE TABLE payments (
    id           text PRIMARY KEY,
    kind         text NOT NULL,
    brand        text NOT NULL,
    region       text NOT NULL,
    player_id    text NOT NULL,
    currency     text NOT NULL,
    amount_minor bigint NOT NULL,
    method       text NOT NULL,
    status       text NOT NULL,
    version      integer NOT NULL,
    final        boolean NOT NULL,
    intent_id    text,
    refund_id    text,
    capture_id   text UNIQUE,
    trace_id     text NOT NULL,
    requester    text NOT NULL,
    details      jsonb NOT NULL,
    run_order    jsonb NOT NULL,
    facts        jsonb NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    credential   text NOT NULL DEFAULT ''
);
CREATE INDEX payments_listed ON payments (kind, brand, created_at, id);
CREATE INDEX payments_of_player ON payments (kind, brand, player_id, created_at, id);
CREATE INDEX payments_of_intent ON payments (intent_id);
CREATE INDEX payments_open ON payments (updated_at) WHERE NOT final;
CREATE UNIQUE INDEX payments_refund_id ON payments (brand, refund_id);
-- Payouts that wait for a person: few, however many payments there are.
CREATE INDEX payments_undecided ON payments (created_at, id)
    WHERE kind = 'payout' AND status IN ('PAYOUT_AWAITING_APPROVAL', 'PAYOUT_POSTPONED');
CREATE TRIGGER within_brands BEFORE INSERT OR UPDATE ON payments
    FOR EACH ROW WHEN (brand_is_foreign(NEW.brand)) EXECUTE FUNCTION within_brands();

CREATE TABLE payment_events (
    payment_id   text NOT NULL,
    version      integer NOT NULL,
    status       text NOT NULL,
    final        boolean NOT NULL,
    facts        jsonb NOT NULL,
    at           timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    content_hash text NOT NULL DEFAULT '',
    PRIMARY KEY (payment_id, version)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_events
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
-- Of deposits alone, and not of the first version, which nobody can watch yet.
CREATE OR REPLACE FUNCTION registry_wake() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE TRIGGER woken AFTER INSERT ON payment_events
    FOR EACH ROW WHEN (NEW.version > 1 AND NEW.payment_id LIKE 'in\_%')
    EXECUTE FUNCTION registry_wake();

CREATE TABLE idempotency_keys (
    brand         text NOT NULL,
    key           text NOT NULL,
    request_hash  text NOT NULL,
    resource_id   text NOT NULL,
    answer_status integer,
    answer_body   text,
    created_at    timestamptz NOT NULL,
    swept_at      timestamptz,
    PRIMARY KEY (brand, key)
);
CREATE INDEX idempotency_keys_unanswered ON idempotency_keys (created_at)
    WHERE answer_status IS NULL AND swept_at IS NULL;
CREATE TRIGGER within_brands BEFORE INSERT OR UPDATE ON idempotency_keys
    FOR EACH ROW WHEN (brand_is_foreign(NEW.brand)) EXECUTE FUNCTION within_brands();

-- One row for each word by which a payment can be found, written once, when it becomes known. The
-- key is the way in: all of one value, the newest first. (An array with a GIN index would be
-- written anew with every version, and gives no order.)
CREATE TABLE search_terms (
    value      text NOT NULL,
    created_at timestamptz NOT NULL,
    payment_id text NOT NULL,
    word       text NOT NULL,
    brand      text NOT NULL,
    PRIMARY KEY (value, created_at, payment_id, word)
);
CREATE OR REPLACE FUNCTION search_of_payment() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE TRIGGER found_by_opening AFTER INSERT ON payments
    FOR EACH ROW EXECUTE FUNCTION search_of_payment();
CREATE TRIGGER found_by_facts AFTER UPDATE OF facts ON payments
    FOR EACH ROW WHEN (OLD.facts IS DISTINCT FROM NEW.facts) EXECUTE FUNCTION search_of_payment();

CREATE TYPE registry_claimed AS (
    request_hash    text,
    resource_id     text,
    first           boolean,
    answer_status   integer,
    answer_body     text,
    refund_id_taken boolean
);

CREATE TYPE registry_recorded AS (version integer, superseded boolean, unfinished boolean);

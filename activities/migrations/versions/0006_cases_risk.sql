-- The cases that people decide, and what compliance knows of players.

-- A case is named after its key, so that whoever opens it twice names it once.
CREATE TABLE cases (
    key                  text PRIMARY KEY,
    payment_id           text NOT NULL,
    brand                text NOT NULL,
    kind                 text NOT NULL,
    summary              text NOT NULL,
    money_at_risk_minor  bigint,
    currency             text,
    facts                jsonb NOT NULL,
    opened_at            timestamptz NOT NULL DEFAULT now(),
    id                   text NOT NULL GENERATED ALWAYS AS ('case_' || md5(key)) STORED,
    state                text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved')),
    owner                text,
    proposal             jsonb,
    resolution           jsonb,
    resolved_at          timestamptz,
    CONSTRAINT resolved_by_a_resolution
        CHECK ((state = 'resolved') = (resolution IS NOT NULL AND resolved_at IS NOT NULL))
);
CREATE INDEX cases_listed ON cases (brand, opened_at, key);
CREATE INDEX cases_of_payment ON cases (payment_id);
CREATE UNIQUE INDEX cases_id ON cases (id);
CREATE INDEX cases_open ON cases (payment_id) WHERE state = 'open';
-- Looked at before every payout.
CREATE INDEX cases_of_money_gone ON cases (payment_id) WHERE state = 'open' AND kind = 'money_gone';
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON cases
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER within_brands BEFORE INSERT OR UPDATE ON cases
    FOR EACH ROW WHEN (brand_is_foreign(NEW.brand)) EXECUTE FUNCTION within_brands();
CREATE OR REPLACE FUNCTION case_opened() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE TRIGGER opened AFTER INSERT ON cases FOR EACH ROW EXECUTE FUNCTION case_opened();

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
CREATE TRIGGER within_brands BEFORE INSERT ON case_events
    FOR EACH ROW EXECUTE FUNCTION within_brands('cases WHERE id = ($1).case_id');

CREATE TABLE risk_players (
    brand      text NOT NULL,
    player_id  text NOT NULL,
    kyc        text NOT NULL,
    blocked    boolean NOT NULL,
    vip        boolean NOT NULL,
    country    text,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (brand, player_id)
);

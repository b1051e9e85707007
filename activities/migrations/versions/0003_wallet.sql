-- The ledger: accounts, transfers, entries. Written by the wallet's functions alone; append-only by
-- trigger and by grant.

CREATE TABLE accounts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    currency   text NOT NULL,
    brand      text,
    player_id  text,
    purpose    text NOT NULL CHECK (purpose IN ('available', 'held', 'house')),
    balance    bigint,
    version    bigint NOT NULL DEFAULT 0,
    UNIQUE (name, currency),
    CONSTRAINT never_below_zero CHECK (balance >= 0),
    CONSTRAINT only_players_have_a_balance CHECK ((balance IS NULL) = (purpose = 'house')),
    CONSTRAINT only_players_have_a_name
        CHECK ((player_id IS NULL) = (purpose = 'house') AND (brand IS NULL) = (purpose = 'house'))
) WITH (fillfactor = 70);
CREATE INDEX accounts_of_player ON accounts (player_id, brand) WHERE player_id IS NOT NULL;
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON accounts
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- A hold is a pending transfer; the transfer that resolves it names it, and only one can.
CREATE TABLE transfers (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key          text NOT NULL UNIQUE,
    request_hash text NOT NULL,
    kind         text NOT NULL CHECK (kind IN (
        'credit', 'debit', 'hold', 'capture_hold', 'release', 'claw_back', 'restore')),
    payment_id   text NOT NULL,
    brand        text NOT NULL,
    player_id    text NOT NULL,
    currency     text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    against      bigint,
    resolves     bigint UNIQUE,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT only_holds_are_bounded CHECK (against IS NULL OR kind = 'hold'),
    CONSTRAINT only_a_resolution_resolves
        CHECK ((resolves IS NOT NULL) = (kind IN ('capture_hold', 'release')))
);
CREATE INDEX transfers_against ON transfers (against) WHERE against IS NOT NULL;
CREATE INDEX transfers_of_payment ON transfers (payment_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- No foreign keys to accounts: their key-share locks on a hot account would halve the speed. The
-- functions prove that an account exists and has the currency.
CREATE TABLE entries (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transfer_id   bigint NOT NULL,
    account_id    bigint NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor <> 0),
    balance_after bigint,
    version       bigint,
    recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT a_balance_has_its_version CHECK ((balance_after IS NULL) = (version IS NULL))
);
CREATE UNIQUE INDEX entries_chain ON entries (account_id, version) WHERE version IS NOT NULL;
CREATE INDEX entries_of_transfer ON entries (transfer_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE OR REPLACE FUNCTION entries_balance() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE TRIGGER entries_balance AFTER INSERT ON entries REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION entries_balance();

CREATE TABLE wallet_refusals (
    key          text PRIMARY KEY,
    request_hash text NOT NULL,
    reason       text NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_refusals
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TYPE wallet_result AS (transfer_id bigint, replayed boolean, refused text);

CREATE TYPE payment_closed AS (
    transfer_id bigint,
    replayed    boolean,
    refused     text,
    version     integer,
    superseded  boolean
);

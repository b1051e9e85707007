-- What does not agree between our books and a PSP's, and how much of a day that is. Minor units,
-- signed from our side.

-- One row a run of the matching. A run begins where the last one of the account ended.
CREATE TABLE reconciliations (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    psp          text NOT NULL,
    account      text NOT NULL,
    as_of        timestamptz NOT NULL,
    finished_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    figures      jsonb NOT NULL,
    CONSTRAINT one_run_as_of_a_moment UNIQUE (psp, account, as_of)
);
-- reconciliations.figures:
--   counts and sums by class, shares by count and by money of each day and currency.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliations
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- How much of a day agreed: what a run added to it, and took from it with a file that was replaced.
CREATE TABLE reconciliation_days (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    psp           text NOT NULL,
    account       text NOT NULL,
    as_of         timestamptz NOT NULL,
    file_id       bigint NOT NULL,
    day           date NOT NULL,
    currency      text NOT NULL,
    matched       bigint NOT NULL,
    matched_minor bigint NOT NULL
);
-- reconciliation_days.matched_minor: without signs: money that moved.
CREATE INDEX reconciliation_days_of_account ON reconciliation_days (psp, account, day);
CREATE INDEX reconciliation_days_of_file ON reconciliation_days (file_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliation_days
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- The files whose lines were judged, each once, and what of them the ledger has.
CREATE TABLE matched_files (
    file_id     bigint PRIMARY KEY,
    psp         text NOT NULL,
    account     text NOT NULL,
    matched_at  timestamptz NOT NULL,
    posted_at   timestamptz,
    undone_at   timestamptz,
    unposted_at timestamptz
);
-- matched_files.undone_at: when a newer version of it took its place.
-- matched_files.unposted_at: when the ledger had turned back what it had of it.
CREATE INDEX matched_files_to_post ON matched_files (psp, account)
    WHERE posted_at IS NULL OR undone_at IS NOT NULL AND unposted_at IS NULL;
CREATE INDEX matched_files_in_force ON matched_files (psp, account) WHERE undone_at IS NULL;
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON matched_files
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TABLE breaks (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    class          text NOT NULL CHECK (class IN ('timing', 'missing_psp', 'missing_platform',
        'amount_mismatch', 'duplicate', 'unexplained', 'fee_drift', 'changed', 'vanished',
        'batch_mismatch', 'bank_missing', 'bank_unexplained')),
    differs        text,
    psp            text NOT NULL,
    account        text NOT NULL,
    brand          text,
    day            date NOT NULL,
    currency       text NOT NULL,
    ours_minor     bigint,
    theirs_minor   bigint,
    payment_id     text,
    key            text,
    movement       text,
    file_id        bigint,
    place          integer,
    expectation_id bigint,
    batch          text,
    opened_at      timestamptz NOT NULL,
    closed_at      timestamptz,
    closed_by      text,
    case_id        text,
    CONSTRAINT closed_by_something CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
-- breaks.differs:
--   of an amount_mismatch: currency, direction, amount, fee, or rate of a conversion.
-- breaks.closed_by:
--   a late line, another version of the file, or who dismissed it and why.
CREATE UNIQUE INDEX breaks_of_line ON breaks (file_id, place, class)
    WHERE closed_at IS NULL AND file_id IS NOT NULL;
CREATE UNIQUE INDEX breaks_of_missing ON breaks (expectation_id, class)
    WHERE closed_at IS NULL AND file_id IS NULL AND expectation_id IS NOT NULL;
CREATE INDEX breaks_of_expectation ON breaks (expectation_id) WHERE expectation_id IS NOT NULL;
CREATE INDEX breaks_open ON breaks (psp, account, opened_at) WHERE closed_at IS NULL;
CREATE INDEX breaks_of_payment ON breaks (payment_id) WHERE payment_id IS NOT NULL;
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON breaks
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Lines that say what became of an instruction whose outcome we do not know. Each is passed on to
-- the payment's run, once.
CREATE TABLE settlement_completions (
    file_id      bigint NOT NULL,
    place        integer NOT NULL,
    payment_id   text NOT NULL,
    key          text NOT NULL,
    operation    text NOT NULL,
    psp          text NOT NULL,
    account      text NOT NULL,
    movement     text NOT NULL,
    currency     text NOT NULL,
    amount_minor bigint NOT NULL,
    psp_ref      text,
    booked_at    timestamptz NOT NULL,
    found_at     timestamptz NOT NULL,
    passed_on_at timestamptz,
    PRIMARY KEY (file_id, place)
);
-- settlement_completions.key: of the instruction that is in doubt.
CREATE INDEX settlement_completions_of_payment ON settlement_completions (payment_id);
CREATE INDEX settlement_completions_to_pass_on ON settlement_completions (psp, account)
    WHERE passed_on_at IS NULL;
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON settlement_completions
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

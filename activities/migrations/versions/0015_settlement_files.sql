-- The files of PSPs as they came, and their lines. Minor units, signed from our side.

CREATE TABLE settlement_files (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    psp         text NOT NULL,
    account     text NOT NULL,
    kind        text NOT NULL,
    name        text NOT NULL,
    period      text NOT NULL,
    sequence    integer NOT NULL,
    version     integer NOT NULL,
    sha256      bytea NOT NULL CHECK (length(sha256) = 32),
    size_bytes  bigint NOT NULL,
    stored_as   text NOT NULL,
    state       text NOT NULL CHECK (state IN ('stored', 'applied', 'quarantined', 'replaced')),
    reason      text,
    lines       integer,
    summary     jsonb,
    received_at timestamptz NOT NULL DEFAULT now(),
    applied_at  timestamptz,
    replaces    bigint,
    CONSTRAINT the_same_bytes_are_one_file UNIQUE (sha256, psp, account),
    CONSTRAINT quarantined_for_a_reason CHECK (state <> 'quarantined' OR reason IS NOT NULL),
    CONSTRAINT applied_after_its_checks CHECK (state <> 'applied' OR summary IS NOT NULL)
);
-- Its state: stored: nothing of it counts yet; replaced: a newer version of it counts.
CREATE UNIQUE INDEX settlement_files_in_force ON settlement_files
    (psp, account, kind, period, sequence) WHERE state = 'applied';
CREATE INDEX settlement_files_listed ON settlement_files (received_at, id);
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON settlement_files
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TABLE settlement_lines (
    file_id        bigint NOT NULL,
    place          integer NOT NULL,
    psp            text NOT NULL,
    account        text NOT NULL,
    identity       text NOT NULL,
    movement       text NOT NULL,
    currency       text NOT NULL,
    gross          bigint NOT NULL,
    net_currency   text NOT NULL,
    net            bigint NOT NULL,
    fee            bigint NOT NULL,
    fees           jsonb,
    rate           text,
    batch          text,
    bank_reference text,
    booked_at      timestamptz NOT NULL,
    raw_type       text NOT NULL,
    key            text,
    psp_ref        text,
    match          uuid GENERATED ALWAYS AS
        (md5(psp || ' ' || account || ' ' || key || ' ' || movement)::uuid) STORED,
    PRIMARY KEY (file_id, place)
);
-- A line counts while its file is applied.

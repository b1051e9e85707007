-- Statements of our bank accounts. Minor units, signed from our side: above zero it came in.

CREATE TABLE bank_files (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256      bytea NOT NULL UNIQUE CHECK (length(sha256) = 32),
    stored_as   text NOT NULL,
    -- Quarantined: nothing of it counts; it is read again when it comes again.
    state       text NOT NULL CHECK (state IN ('taken', 'quarantined')),
    reason      text,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT quarantined_for_a_reason CHECK ((state = 'quarantined') = (reason IS NOT NULL))
);
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON bank_files
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TABLE bank_statements (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_id      bigint NOT NULL,
    -- Our own name of it from the settings: account numbers stay in the file.
    bank_account text NOT NULL,
    currency     text NOT NULL,
    number       text NOT NULL,
    sequence     integer[] NOT NULL,
    ends         date NOT NULL,
    opening      bigint NOT NULL,
    closing      bigint NOT NULL,
    -- Digest of all that counts: the bank may send it again in other bytes.
    content      bytea NOT NULL CHECK (length(content) = 32),
    -- Null: kept apart, until the statement that is missing before it comes.
    applied_at   timestamptz,
    CONSTRAINT one_statement_counts_once UNIQUE (bank_account, currency, content),
    CONSTRAINT one_statement_has_one_content UNIQUE (bank_account, currency, number, ends)
);
CREATE INDEX bank_statements_in_order ON bank_statements
    (bank_account, currency, ends, sequence, id);
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON bank_statements
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TABLE bank_entries (
    statement_id bigint NOT NULL,
    place        integer NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    booked_on    date NOT NULL,
    value_on     date,
    reference    text NOT NULL,
    PRIMARY KEY (statement_id, place)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_entries
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Which payout of a PSP an entry is. Each is in it once, whoever matches at the same time.
CREATE TABLE bank_matches (
    statement_id bigint NOT NULL,
    place        integer NOT NULL,
    psp          text NOT NULL,
    account      text NOT NULL,
    payout       text NOT NULL,
    currency     text NOT NULL,
    -- Of the payout, in its currency: another one than the entry's where the bank converted it.
    amount_minor bigint NOT NULL,
    matched_by   text NOT NULL CHECK (matched_by IN ('reference', 'amount')),
    matched_at   timestamptz NOT NULL,
    PRIMARY KEY (statement_id, place),
    UNIQUE (psp, account, payout)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_matches
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE INDEX settlement_lines_of_transfers ON settlement_lines (psp, account)
    WHERE movement = 'transfer';

-- What PSPs say that they paid to us, or took: one row for what the bank should show as one entry.
CREATE VIEW bank_payouts WITH (security_invoker = true) AS
    SELECT l.psp, l.account,
        coalesce(nullif(concat_ws(' ', l.batch, l.bank_reference), ''), l.identity) AS payout,
        l.batch, left(coalesce(l.bank_reference, l.batch), 140) AS reference,
        l.net_currency AS currency, -sum(l.net)::bigint AS amount_minor,
        min(l.booked_at) AS booked_at, max(f.applied_at) AS applied_at
    FROM settlement_lines l JOIN settlement_files f ON f.id = l.file_id AND f.state = 'applied'
    WHERE l.movement = 'transfer'
    GROUP BY 1, 2, 3, 4, 5, 6
    HAVING sum(l.net) <> 0;

CREATE VIEW bank_booked WITH (security_invoker = true) AS
    SELECT e.statement_id, e.place, s.bank_account, s.currency, e.amount_minor, e.booked_on,
        e.reference, s.applied_at, 'bank:' || e.statement_id || '/' || e.place AS key
    FROM bank_entries e JOIN bank_statements s ON s.id = e.statement_id
    WHERE s.applied_at IS NOT NULL;

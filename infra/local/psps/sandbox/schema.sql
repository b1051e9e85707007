-- Amounts are minor units; `at` columns are Unix seconds.
CREATE TABLE IF NOT EXISTS operations (
    id TEXT PRIMARY KEY,
    operation TEXT NOT NULL,
    merchant_account TEXT NOT NULL,
    reference TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('approved', 'declined', 'pending', 'requires_action')),
    amount INTEGER NOT NULL,
    currency TEXT,
    player_id TEXT,
    method TEXT,
    payment_token TEXT,
    return_url TEXT,
    authorization_id TEXT REFERENCES operations,
    capture_id TEXT REFERENCES operations,
    captured INTEGER NOT NULL CHECK (captured >= 0),
    released INTEGER NOT NULL CHECK (released >= 0),
    refunded INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND amount),
    charged_back INTEGER NOT NULL CHECK (charged_back BETWEEN 0 AND amount),
    voided INTEGER NOT NULL,
    taken_at_once INTEGER NOT NULL DEFAULT 0,
    initiated_by TEXT NOT NULL
        CHECK (initiated_by IN ('merchant', 'dashboard', 'issuer', 'expiry')),
    payment_reference TEXT,
    code TEXT,
    authenticated TEXT,
    idempotency_key TEXT NOT NULL,
    trace_id TEXT,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    decide_at REAL,
    decide_code TEXT,
    CHECK (captured + released <= amount)
);
CREATE INDEX IF NOT EXISTS operations_by_reference ON operations (merchant_account, reference);
CREATE INDEX IF NOT EXISTS operations_to_decide ON operations (decide_at)
    WHERE decide_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS voided_references (
    merchant_account TEXT NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (merchant_account, reference)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS answers (
    merchant_account TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request BLOB NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (merchant_account, idempotency_key)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS journal (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    operation TEXT NOT NULL,
    id TEXT NOT NULL,
    reference TEXT NOT NULL,
    merchant_account TEXT NOT NULL,
    player_id TEXT,
    amount INTEGER NOT NULL,
    currency TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN ('approved', 'declined')),
    code TEXT,
    idempotency_key TEXT NOT NULL,
    trace_id TEXT,
    at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS journal_by_reference ON journal (reference);
CREATE TRIGGER IF NOT EXISTS journal_is_never_changed BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS journal_is_never_cut BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- `due_at` is null once delivered, and for what is withheld until somebody resends it; `blocked`
-- while an earlier event of the same subject is undelivered.
CREATE TABLE IF NOT EXISTS outbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    type TEXT NOT NULL,
    reference TEXT NOT NULL,
    body BLOB NOT NULL,
    created_at REAL NOT NULL,
    due_at REAL,
    blocked INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    delivered_at REAL,
    last_answer TEXT
);
CREATE INDEX IF NOT EXISTS outbox_next ON outbox (due_at)
    WHERE due_at IS NOT NULL AND blocked = 0;
CREATE INDEX IF NOT EXISTS outbox_lines ON outbox (subject, sequence) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    told TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS kept (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

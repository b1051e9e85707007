-- Merchant accounts and routing policies as versioned documents that two people agree on, why each
-- payment went where it went, and what was learned from it.

-- Which PSP, merchant account or method takes new payments. Append-only: the latest row counts,
-- and the rows before it are the audit of who switched what, when and why.
CREATE TABLE routing_switches (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    brand      text NOT NULL,
    psp        text NOT NULL,
    account    text NOT NULL,
    method     text NOT NULL,
    enabled    boolean NOT NULL,
    reason     text NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX routing_switches_latest ON routing_switches (psp, account, method, brand, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON routing_switches
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TABLE routing_changes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject     text NOT NULL CHECK (subject IN ('account', 'policy')),
    name        text NOT NULL,
    brand       text NOT NULL,
    version     integer NOT NULL,
    based_on    integer NOT NULL,
    document    jsonb NOT NULL,
    reason      text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (subject, name, version)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON routing_changes
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER within_brands BEFORE INSERT OR UPDATE ON routing_changes
    FOR EACH ROW WHEN (brand_is_foreign(NEW.brand)) EXECUTE FUNCTION within_brands();

CREATE TABLE routing_decisions (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    change_id  bigint NOT NULL UNIQUE,
    decision   text NOT NULL CHECK (decision IN ('approve', 'reject')),
    reason     text NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON routing_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER within_brands BEFORE INSERT ON routing_decisions
    FOR EACH ROW EXECUTE FUNCTION within_brands('routing_changes WHERE id = ($1).change_id');

CREATE VIEW routing_approved WITH (security_invoker = true) AS
SELECT c.*, d.id AS decision_id, d.decided_by, d.decided_at
FROM routing_changes c JOIN routing_decisions d ON d.change_id = c.id AND d.decision = 'approve';

-- Why a payment went where it went. The first account is null where none was a candidate.
CREATE TABLE routing_receipts (
    payment_id    text NOT NULL,
    number        integer NOT NULL,
    at            timestamptz NOT NULL,
    brand         text NOT NULL,
    policy        text NOT NULL,
    version       integer NOT NULL,
    generation    bigint NOT NULL,
    facts         jsonb NOT NULL,
    receipt       jsonb NOT NULL,
    route         jsonb NOT NULL,
    first_psp     text,
    first_account text,
    experiment    text,
    arm           text,
    PRIMARY KEY (payment_id, number)
);
CREATE INDEX routing_receipts_at ON routing_receipts (at);
CREATE INDEX routing_receipts_experiment ON routing_receipts (policy, experiment)
    WHERE experiment IS NOT NULL;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON routing_receipts
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TABLE routing_chargebacks (
    payment_id  text PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT now(),
    reported_by text NOT NULL
);
CREATE INDEX routing_chargebacks_at ON routing_chargebacks (at);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON routing_chargebacks
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- What the registry knows of the first attempt of each payment, beside the receipt that sent it
-- there (null where there is none). The outcome is null as long as it is not certain.
CREATE VIEW routing_first_attempts WITH (security_invoker = true) AS
SELECT
    p.id AS payment_id, p.kind, p.brand, p.region, p.method, p.player_id, p.amount_minor,
    p.currency, p.created_at, p.facts -> 'attempts' AS attempts,
    r.at AS routed_at, r.policy, r.facts, r.receipt, r.first_psp, r.first_account, r.experiment,
    r.arm,
    (
        SELECT a.attempt ->> 'outcome'
        FROM jsonb_array_elements(p.facts -> 'attempts') AS a (attempt)
        WHERE a.attempt ->> 'key' IN (p.id || ':authorize:1', p.id || ':payout:1')
          AND a.attempt #>> '{account,psp}' = r.first_psp
          AND a.attempt #>> '{account,id}' = r.first_account
        LIMIT 1
    ) AS outcome,
    c.at AS charged_back_at
FROM payments p
LEFT JOIN routing_receipts r ON r.payment_id = p.id AND r.number = 1
LEFT JOIN routing_chargebacks c ON c.payment_id = p.id
WHERE p.kind IN ('deposit', 'payout');

-- Counts over a sliding window, as a policy that learns looks at them.
CREATE TABLE routing_statistics (
    version    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document   jsonb NOT NULL,
    counted_at timestamptz NOT NULL DEFAULT now()
);

-- Merchant accounts and routing policies as versioned documents that two people agree on, why each
-- payment went where it went, and what was learned from it.

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

CREATE VIEW routing_approved AS
SELECT c.*, d.id AS decision_id, d.decided_by, d.decided_at
FROM routing_changes c JOIN routing_decisions d ON d.change_id = c.id AND d.decision = 'approve';

CREATE FUNCTION routing_active_version(the_subject text, the_name text) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(max(version), 0) FROM routing_approved
    WHERE subject = the_subject AND name = the_name;
$$;

-- One proposal or decision at a time: versions have no gaps, and decisions become visible in the
-- order of their ids, so that the highest id tells whether what somebody remembers is still right.
CREATE FUNCTION routing_in_turn() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT pg_advisory_xact_lock(7265871010);
$$;

-- Outcome: proposed; stale (it was written against a version that is not active any more); or
-- other_brand (a policy stays with the brand of its first version).
CREATE FUNCTION routing_propose(
    the_subject text, the_name text, the_brand text, the_document jsonb, the_base integer,
    the_reason text, the_proposer text,
    OUT outcome text, OUT change_id bigint, OUT the_version integer
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    active integer;
BEGIN
    PERFORM routing_in_turn();
    active := routing_active_version(the_subject, the_name);
    IF the_base <> active THEN
        outcome := 'stale';
        RETURN;
    END IF;
    IF EXISTS (
        SELECT FROM routing_changes
        WHERE subject = the_subject AND name = the_name AND brand <> the_brand
    ) THEN
        outcome := 'other_brand';
        RETURN;
    END IF;
    SELECT coalesce(max(version), 0) + 1 INTO the_version
    FROM routing_changes WHERE subject = the_subject AND name = the_name;
    INSERT INTO routing_changes
        (subject, name, brand, version, based_on, document, reason, proposed_by)
    VALUES (
        the_subject, the_name, the_brand, the_version, active,
        CASE the_subject
            WHEN 'policy' THEN the_document || jsonb_build_object('version', the_version)
            ELSE the_document
        END,
        the_reason, the_proposer
    ) RETURNING id INTO change_id;
    outcome := 'proposed';
END $$;

-- Outcome: decided (now, or before by the same person in the same way), unknown, already_decided,
-- same_person, stale, or moved: other decisions came between, against which it was not judged.
CREATE FUNCTION routing_decide(
    the_change bigint, the_decision text, the_reason text, the_decider text, seen bigint
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    change routing_changes;
    earlier routing_decisions;
BEGIN
    PERFORM routing_in_turn();
    SELECT * INTO change FROM routing_changes WHERE id = the_change;
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    IF change.proposed_by = the_decider THEN
        RETURN 'same_person';
    END IF;
    SELECT * INTO earlier FROM routing_decisions WHERE change_id = the_change;
    IF FOUND THEN
        RETURN CASE
            WHEN earlier.decided_by = the_decider AND earlier.decision = the_decision
            THEN 'decided' ELSE 'already_decided'
        END;
    END IF;
    IF the_decision = 'approve' THEN
        IF routing_active_version(change.subject, change.name) <> change.based_on THEN
            RETURN 'stale';
        END IF;
        IF (SELECT coalesce(max(id), 0) FROM routing_decisions) <> seen THEN
            RETURN 'moved';
        END IF;
    END IF;
    INSERT INTO routing_decisions (change_id, decision, reason, decided_by)
    VALUES (the_change, the_decision, the_reason, the_decider);
    RETURN 'decided';
END $$;

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

-- Gives the route that counts: this one, or that of whoever was first. A twin in flight makes the
-- insert wait; the statement after it then sees what the twin wrote.
CREATE FUNCTION routing_keep(kept jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    new routing_receipts := jsonb_populate_record(NULL::routing_receipts, kept);
BEGIN
    INSERT INTO routing_receipts SELECT new.* ON CONFLICT DO NOTHING;
    RETURN (
        SELECT r.route FROM routing_receipts r
        WHERE r.payment_id = new.payment_id AND r.number = new.number
    );
END $$;

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
CREATE VIEW routing_first_attempts AS
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

-- Counts that are the same make no new version; only the latest versions are kept.
CREATE FUNCTION routing_count(the_document jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    latest bigint;
BEGIN
    UPDATE routing_statistics SET counted_at = now()
    WHERE version = (SELECT max(version) FROM routing_statistics) AND document = the_document
    RETURNING version INTO latest;
    IF NOT FOUND THEN
        INSERT INTO routing_statistics (document) VALUES (the_document)
        RETURNING version INTO latest;
        DELETE FROM routing_statistics WHERE version <= latest - 100;
    END IF;
    RETURN latest;
END $$;

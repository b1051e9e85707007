-- Accounts and policies change by a proposal of one person and a decision of another, each judged
-- against what is active now. Versions have no gaps.

-- One proposal or decision at a time: versions have no gaps, and decisions become visible in the
-- order of their ids, so that the highest id tells whether what somebody remembers is still right.
CREATE OR REPLACE FUNCTION routing_in_turn() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT pg_advisory_xact_lock(7265871010);
$$;

CREATE OR REPLACE FUNCTION routing_active_version(the_subject text, the_name text) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(max(version), 0) FROM routing_approved
    WHERE subject = the_subject AND name = the_name;
$$;

-- Outcome: proposed; stale (it was written against a version that is not active any more); or
-- other_brand (a policy stays with the brand of its first version).
CREATE OR REPLACE FUNCTION routing_propose(
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
CREATE OR REPLACE FUNCTION routing_decide(
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

-- A payment's history: versions without gaps, each with what became known, none after the end but
-- what amends the end itself.

-- The version under which this content stands: the one asked for; the next free one where somebody
-- wrote something else there meanwhile; NULL where an amendment has to look again, or there is a
-- gap. What comes after the end is superseded by it, unless it amends the end itself. An end is
-- refused as unfinished while it leaves behind what its run does not know of.
CREATE OR REPLACE FUNCTION registry_record(
    the_payment text, the_version integer, the_status text, is_final boolean, the_facts jsonb,
    the_capture_id text, happened_at timestamptz, the_hash text, amends boolean
) RETURNS registry_recorded
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    result registry_recorded := (NULL, false, false);
    payment payments;
    -- What is not there is not kept: most facts of most versions are null.
    merged jsonb := jsonb_strip_nulls(the_facts);
BEGIN
    SELECT * INTO payment FROM payments WHERE id = the_payment FOR NO KEY UPDATE;
    IF payment.id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT min(e.version) INTO result.version FROM payment_events e
    WHERE e.payment_id = the_payment AND e.version >= the_version AND e.content_hash = the_hash;
    IF result.version IS NOT NULL THEN
        -- Of a run that repeats what it was at before the end: it is behind, and follows.
        result.superseded := payment.final AND NOT amends AND result.version < payment.version;
        RETURN result;
    END IF;
    IF payment.final AND NOT amends THEN
        result.superseded := true;
        RETURN result;
    END IF;
    IF payment.version < the_version - 1 OR amends AND payment.version <> the_version - 1 THEN
        RETURN result;
    END IF;
    IF is_final AND NOT amends AND payment.kind = 'deposit'
        AND coalesce(the_facts -> 'captured', 'null') = 'null'
        AND psp_unfinished(the_payment, the_facts -> 'attempts') THEN
        result.unfinished := true;
        RETURN result;
    END IF;
    IF NOT amends THEN
        -- What others have added to the list of attempts stays there.
        merged := jsonb_set(merged, '{attempts}', coalesce((
            SELECT jsonb_agg(a) FROM jsonb_array_elements(payment.facts -> 'attempts') AS a
            WHERE NOT coalesce(the_facts -> 'attempts', '[]') @>
                jsonb_build_array(jsonb_build_object('key', a ->> 'key'))
        ), '[]') || coalesce(merged -> 'attempts', '[]'));
    END IF;
    PERFORM psp_conclude(the_payment, merged -> 'attempts');
    IF amends AND merged -> 'reversals' IS DISTINCT FROM payment.facts -> 'reversals' THEN
        PERFORM expectation_of_undone(payment, merged, happened_at);
    END IF;
    result.version := payment.version + 1;
    UPDATE payments
    SET version = result.version, status = the_status, final = is_final, facts = merged,
        capture_id = coalesce(the_capture_id, capture_id), updated_at = now()
    WHERE id = the_payment;
    INSERT INTO payment_events
        (payment_id, version, status, final, facts, at, recorded_at, content_hash)
    VALUES (the_payment, result.version, the_status, is_final, merged, happened_at, now(),
        the_hash);
    RETURN result;
END $$;

-- Wakes whoever watches a deposit, by the trigger's condition: commits that notify wait for each
-- other, and payouts, refunds and first versions nobody can watch.
CREATE OR REPLACE FUNCTION registry_wake() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_notify('payment_versions', NEW.payment_id);
    RETURN NULL;
END $$;

-- The versions of what is watched, whatever the session may see: it tells numbers to who saw them.
CREATE OR REPLACE FUNCTION registry_versions(the_payments text[])
RETURNS TABLE (id text, version integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT p.id, p.version FROM payments p WHERE p.id = ANY (the_payments);
$$;

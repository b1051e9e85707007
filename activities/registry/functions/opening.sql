-- A payment is opened once for each idempotency key, with the action of whoever asked, and whoever
-- asks again gets the first answer.

-- Whoever claims a key is written down in the same statement: nothing is done without it. A twin in
-- flight makes the insert wait; the statement after it then sees what the twin wrote.
CREATE OR REPLACE FUNCTION registry_claim(
    the_brand text, the_key text, the_hash text, the_resource text, action jsonb DEFAULT NULL
) RETURNS registry_claimed
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    claimed registry_claimed;
BEGIN
    INSERT INTO idempotency_keys (brand, key, request_hash, resource_id, created_at)
    VALUES (the_brand, the_key, the_hash, the_resource, now())
    ON CONFLICT DO NOTHING;
    claimed.first := FOUND;
    IF claimed.first AND action IS NOT NULL THEN
        PERFORM access_act(action, the_brand, the_resource, the_key);
    END IF;
    SELECT k.request_hash, k.resource_id, k.answer_status, k.answer_body
    INTO claimed.request_hash, claimed.resource_id, claimed.answer_status, claimed.answer_body
    FROM idempotency_keys k WHERE k.brand = the_brand AND k.key = the_key;
    claimed.refund_id_taken := false;
    RETURN claimed;
END $$;

-- The first answer under a key is the answer.
CREATE OR REPLACE FUNCTION registry_answer(
    the_brand text, the_key text, the_status integer, the_body text,
    OUT answer_status integer, OUT answer_body text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE idempotency_keys k
    SET answer_status = coalesce(k.answer_status, the_status),
        answer_body = coalesce(k.answer_body, the_body)
    WHERE k.brand = the_brand AND k.key = the_key
    RETURNING k.answer_status, k.answer_body INTO answer_status, answer_body;
END $$;

-- A refund's name that is taken gives the key back: nothing was opened under it.
CREATE OR REPLACE FUNCTION registry_open(
    the_brand text, the_key text, the_hash text, the_resource text, payment jsonb,
    action jsonb DEFAULT NULL
) RETURNS registry_claimed
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    claimed registry_claimed := registry_claim(the_brand, the_key, the_hash, the_resource);
    new payments := jsonb_populate_record(NULL::payments, payment);
BEGIN
    IF NOT claimed.first THEN
        RETURN claimed;
    END IF;
    new.facts := jsonb_strip_nulls(new.facts);
    INSERT INTO payments (
        id, kind, brand, region, player_id, currency, amount_minor, method, status, version, final,
        intent_id, refund_id, trace_id, requester, credential, details, run_order, facts,
        created_at, updated_at, expires_at
    ) VALUES (
        the_resource, new.kind, new.brand, new.region, new.player_id, new.currency,
        new.amount_minor, new.method, new.status, 1, false, new.intent_id, new.refund_id,
        new.trace_id, new.requester, coalesce(new.credential, ''), new.details,
        payment -> 'order', '{}', now(), now(), new.expires_at
    ) ON CONFLICT (brand, refund_id) DO NOTHING;
    IF NOT FOUND THEN
        DELETE FROM idempotency_keys k WHERE k.brand = the_brand AND k.key = the_key;
        claimed.refund_id_taken := true;
        RETURN claimed;
    END IF;
    IF action IS NOT NULL THEN
        PERFORM access_act(action, the_brand, the_resource, the_key);
    END IF;
    INSERT INTO payment_events (payment_id, version, status, final, facts, at, recorded_at)
    VALUES (the_resource, 1, new.status, false, '{}', now(), now());
    RETURN claimed;
END $$;

-- The same with the answer to the key, where nothing is left to be done.
CREATE OR REPLACE FUNCTION registry_open_answered(
    the_brand text, the_key text, the_hash text, the_resource text, payment jsonb, action jsonb,
    the_status integer, the_body text
) RETURNS registry_claimed
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    claimed registry_claimed := registry_open(
        the_brand, the_key, the_hash, the_resource, payment, action);
BEGIN
    IF claimed.first AND NOT claimed.refund_id_taken AND the_body IS NOT NULL THEN
        PERFORM registry_answer(the_brand, the_key, the_status, the_body);
    END IF;
    RETURN claimed;
END $$;

-- Looked after by the sweep: a key without an answer is not looked at for ever.
CREATE OR REPLACE FUNCTION registry_swept(the_payment text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE idempotency_keys SET swept_at = now()
    WHERE resource_id = the_payment AND answer_status IS NULL
      AND swept_at IS NULL AND created_at < now() - interval '5 seconds';
$$;

-- Whether a run has the order with which its payment was opened, and asks for what it says.
CREATE OR REPLACE FUNCTION payment_is_ordered(the_payment text, the_order text, the_terms jsonb)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM payments p WHERE p.id = the_payment
          AND p.run_order ->> 'digest' = the_order AND p.run_order @> the_terms
    );
$$;

-- Whether nobody has gone ahead with this intent: it has no run, and needs none.
CREATE OR REPLACE FUNCTION registry_is_untouched(payment payments) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT payment.expires_at IS NOT NULL AND payment.version = 1 AND NOT payment.final
        AND NOT EXISTS (SELECT FROM psp_instructions i WHERE i.payment_id = payment.id);
$$;

-- Likewise, as long as it may still be gone ahead with; and a little longer, until it is expired.
CREATE OR REPLACE FUNCTION registry_sleeps(payment payments) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT registry_is_untouched(payment)
        AND payment.expires_at > now() - interval '5 minutes';
$$;

-- Ends intents that nobody has gone ahead with in time, oldest first; gives how many. A run that has
-- begun ends its own to the second: until half a minute later it is left to that. `nothing` is what
-- is known of them.
CREATE OR REPLACE FUNCTION registry_expire(at_most integer, nothing jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    overdue payments;
    expired integer := 0;
BEGIN
    FOR overdue IN
        SELECT p.* FROM payments p
        WHERE NOT p.final AND p.expires_at < now() - interval '30 seconds'
            AND registry_is_untouched(p)
        ORDER BY p.updated_at LIMIT at_most FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        PERFORM registry_record(overdue.id, 2, 'EXPIRED', true, nothing, NULL,
            overdue.expires_at, 'expired', false);
        expired := expired + 1;
    END LOOP;
    RETURN expired;
END $$;

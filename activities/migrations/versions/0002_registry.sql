-- The registry: payments, their history, idempotency keys. Written by these functions alone.

CREATE TABLE payments (
    id           text PRIMARY KEY,
    kind         text NOT NULL,
    brand        text NOT NULL,
    region       text NOT NULL,
    player_id    text NOT NULL,
    currency     text NOT NULL,
    amount_minor bigint NOT NULL,
    method       text NOT NULL,
    status       text NOT NULL,
    version      integer NOT NULL,
    final        boolean NOT NULL,
    intent_id    text,
    refund_id    text,
    capture_id   text UNIQUE,
    trace_id     text NOT NULL,
    requester    text NOT NULL,
    details      jsonb NOT NULL,
    run_order    jsonb NOT NULL,
    facts        jsonb NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX payments_listed ON payments (kind, brand, created_at, id);
CREATE INDEX payments_of_player ON payments (kind, brand, player_id, created_at, id);
CREATE INDEX payments_of_intent ON payments (intent_id);
CREATE INDEX payments_open ON payments (updated_at) WHERE NOT final;
CREATE UNIQUE INDEX payments_refund_id ON payments (brand, refund_id);

CREATE TABLE payment_events (
    payment_id  text NOT NULL,
    version     integer NOT NULL,
    status      text NOT NULL,
    final       boolean NOT NULL,
    facts       jsonb NOT NULL,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (payment_id, version)
);

CREATE TABLE idempotency_keys (
    brand         text NOT NULL,
    key           text NOT NULL,
    request_hash  text NOT NULL,
    resource_id   text NOT NULL,
    answer_status integer,
    answer_body   text,
    created_at    timestamptz NOT NULL,
    swept_at      timestamptz,
    PRIMARY KEY (brand, key)
);
CREATE INDEX idempotency_keys_unanswered ON idempotency_keys (created_at)
    WHERE answer_status IS NULL AND swept_at IS NULL;

CREATE TYPE registry_claimed AS (
    request_hash    text,
    resource_id     text,
    first           boolean,
    answer_status   integer,
    answer_body     text,
    refund_id_taken boolean
);

-- A twin in flight makes the insert wait; the statement after it then sees what the twin wrote.
CREATE FUNCTION registry_claim(
    the_brand text, the_key text, the_hash text, the_resource text
) RETURNS registry_claimed
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    claimed registry_claimed;
BEGIN
    INSERT INTO idempotency_keys (brand, key, request_hash, resource_id, created_at)
    VALUES (the_brand, the_key, the_hash, the_resource, now())
    ON CONFLICT DO NOTHING;
    claimed.first := FOUND;
    SELECT k.request_hash, k.resource_id, k.answer_status, k.answer_body
    INTO claimed.request_hash, claimed.resource_id, claimed.answer_status, claimed.answer_body
    FROM idempotency_keys k WHERE k.brand = the_brand AND k.key = the_key;
    claimed.refund_id_taken := false;
    RETURN claimed;
END $$;

CREATE FUNCTION registry_answer(
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

CREATE FUNCTION registry_open(
    the_brand text, the_key text, the_hash text, the_resource text, payment jsonb
) RETURNS registry_claimed
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    claimed registry_claimed := registry_claim(the_brand, the_key, the_hash, the_resource);
    new payments := jsonb_populate_record(NULL::payments, payment);
BEGIN
    IF NOT claimed.first THEN
        RETURN claimed;
    END IF;
    INSERT INTO payments (
        id, kind, brand, region, player_id, currency, amount_minor, method, status, version, final,
        intent_id, refund_id, trace_id, requester, details, run_order, facts, created_at, updated_at
    ) VALUES (
        the_resource, new.kind, new.brand, new.region, new.player_id, new.currency,
        new.amount_minor, new.method, new.status, 1, false, new.intent_id, new.refund_id,
        new.trace_id, new.requester, new.details, payment -> 'order', '{}', now(), now()
    ) ON CONFLICT (brand, refund_id) DO NOTHING;
    IF NOT FOUND THEN
        DELETE FROM idempotency_keys k WHERE k.brand = the_brand AND k.key = the_key;
        claimed.refund_id_taken := true;
        RETURN claimed;
    END IF;
    INSERT INTO payment_events (payment_id, version, status, final, facts, at, recorded_at)
    VALUES (the_resource, 1, new.status, false, '{}', now(), now());
    RETURN claimed;
END $$;

-- True when the payment is at this version now (written, or written before); false on a gap.
CREATE FUNCTION registry_record(
    the_payment text, the_version integer, the_status text, is_final boolean,
    the_facts jsonb, the_capture_id text, happened_at timestamptz
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE payments
    SET version = the_version, status = the_status, final = is_final, facts = the_facts,
        capture_id = coalesce(the_capture_id, capture_id), updated_at = now()
    WHERE id = the_payment AND version = the_version - 1;
    IF FOUND THEN
        INSERT INTO payment_events (payment_id, version, status, final, facts, at, recorded_at)
        VALUES (the_payment, the_version, the_status, is_final, the_facts, happened_at, now());
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM payments WHERE id = the_payment AND version >= the_version);
END $$;

CREATE FUNCTION registry_swept(the_payment text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE idempotency_keys SET swept_at = now()
    WHERE resource_id = the_payment AND answer_status IS NULL
      AND swept_at IS NULL AND created_at < now() - interval '5 seconds';
$$;

-- The words by which a payment can be found, written by triggers as they become known.

-- In one order, so that two writers of the same words cannot wait for each other.
CREATE OR REPLACE FUNCTION search_add(payment payments, words text[], the_values text[])
RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO search_terms (value, created_at, payment_id, word, brand)
    SELECT value, payment.created_at, payment.id, word, payment.brand
    FROM unnest(words, the_values) AS named (word, value)
    WHERE value <> '' AND octet_length(value) <= 2000
    ORDER BY value, word
    ON CONFLICT DO NOTHING;
$$;

-- What is known from the opening on. Of the metadata not what is a column, or the same for all.
CREATE OR REPLACE FUNCTION search_opened(payment payments) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    labels text[] := '{}';
BEGIN
    IF jsonb_typeof(payment.details -> 'metadata') = 'object' THEN
        labels := ARRAY(
            SELECT m.value FROM jsonb_each_text(payment.details -> 'metadata') AS m (name, value)
            WHERE m.name NOT IN ('brand_id', 'region', 'player_segment'));
    END IF;
    PERFORM search_add(
        payment,
        ARRAY['payment_id', 'player_id', 'trace_id', 'refund_id', 'intent_id', 'capture_id',
            'reference', 'last_four', 'amount']
            || array_fill('metadata'::text, ARRAY[cardinality(labels)]),
        ARRAY[payment.id, payment.player_id, payment.trace_id, payment.refund_id,
            coalesce(payment.intent_id, payment.details ->> 'intent_id'),
            payment.details ->> 'capture_id', payment.details ->> 'reference',
            payment.details ->> 'last_four', payment.currency || ' ' || payment.amount_minor]
            || labels
    );
END $$;

-- What has become known with one version: what the outside calls it.
CREATE OR REPLACE FUNCTION search_learned(payment payments, before jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    now_known jsonb := payment.facts;
    refs text[] := ARRAY[
        nullif(now_known ->> 'psp_ref', before ->> 'psp_ref'),
        nullif(now_known ->> 'capture_ref', before ->> 'capture_ref'),
        nullif(now_known -> 'authentication' ->> 'ds_trans_id',
            before -> 'authentication' ->> 'ds_trans_id')];
BEGIN
    IF now_known -> 'attempts' IS DISTINCT FROM before -> 'attempts' THEN
        refs := refs || ARRAY(
            SELECT ref #>> '{}' FROM jsonb_path_query(now_known, '$.attempts[*].released[*]') ref
        ) || ARRAY(
            SELECT ref #>> '{}' FROM jsonb_path_query(now_known, '$.attempts[*].psp_ref') ref
        );
    END IF;
    IF now_known -> 'reversals' IS DISTINCT FROM before -> 'reversals' THEN
        refs := refs || ARRAY(
            SELECT ref #>> '{}' FROM jsonb_path_query(now_known, '$.reversals[*].psp_ref') ref
        );
    END IF;
    refs := array_remove(refs, NULL);
    IF now_known ->> 'capture_id' IS DISTINCT FROM before ->> 'capture_id' THEN
        PERFORM search_add(
            payment,
            array_fill('psp_ref'::text, ARRAY[cardinality(refs)]) || 'capture_id'::text,
            refs || (now_known ->> 'capture_id'));
    ELSIF refs <> '{}' THEN
        PERFORM search_add(payment, array_fill('psp_ref'::text, ARRAY[cardinality(refs)]), refs);
    END IF;
END $$;

-- A version that tells nothing new is not looked through: the triggers' conditions say when.
CREATE OR REPLACE FUNCTION search_of_payment() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM search_opened(NEW);
    ELSE
        PERFORM search_learned(NEW, OLD.facts);
    END IF;
    RETURN NULL;
END $$;

-- What a PSP answered, which the facts may not keep yet: a promise has a name too.
CREATE OR REPLACE FUNCTION search_of_instruction() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM search_add(p, ARRAY['psp_ref'], ARRAY[NEW.psp_ref])
    FROM payments p WHERE p.id = NEW.payment_id;
    RETURN NULL;
END $$;

-- What a PSP calls things in its webhooks, before and beside what the payment's facts keep of it.
CREATE OR REPLACE FUNCTION search_terms_of_event(the_event jsonb) RETURNS TABLE (value text)
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT v #>> '{}' FROM jsonb_path_query(the_event, '$.reply.psp_ref') v
    UNION SELECT v #>> '{}' FROM jsonb_path_query(the_event, '$.about[*]') v;
$$;

-- All events of a webhook at once, and sorted: two webhooks may tell of the same payments.
CREATE OR REPLACE FUNCTION search_of_events() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO search_terms (value, created_at, payment_id, word, brand)
    SELECT DISTINCT heard.value, p.created_at, p.id, 'psp_ref', p.brand
    FROM stored JOIN payments p ON p.id = stored.payment_id
    CROSS JOIN LATERAL search_terms_of_event(stored.event) AS heard
    WHERE heard.value <> '' AND octet_length(heard.value) <= 2000
    ORDER BY heard.value, p.created_at, p.id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

-- What reaches a run proves that it came through our door.

-- Whether the inbox has this fact about this payment in this row. A person's fact has no row: it
-- names the case by which it was told.
CREATE OR REPLACE FUNCTION seal_is_heard(
    the_row bigint, the_psp text, the_event text, the_payment text
) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN the_row IS NULL THEN EXISTS (
        SELECT FROM cases c
        WHERE 'case:' || c.id = the_event AND c.payment_id = the_payment
    ) ELSE EXISTS (
        SELECT FROM inbox_events e
        WHERE e.id = the_row AND e.psp = the_psp AND e.event_id = the_event
          AND e.payment_id = the_payment
    ) END;
$$;

-- Whether a person has ordered that a payment's run be told how an instruction ended.
CREATE OR REPLACE FUNCTION seal_is_told(the_case text, the_payment text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM cases c WHERE c.id = the_case AND c.payment_id = the_payment
          AND c.state = 'open' AND c.proposal ->> 'action' IN ('mark_approved', 'mark_declined')
    );
$$;

-- A message without a seal of ours reached the run of a payment (or of a case about one): one case
-- counts them all until a person has looked, and a row a minute tells of it among the security
-- events, of the door `temporal`: what the message says of itself names nothing. Without a payment
-- that we know there is nothing at risk: the event alone is kept.
CREATE OR REPLACE FUNCTION seal_put_aside(the_subject text, the_message text, the_rule text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    payment payments;
    the_key text;
    times bigint := 1;
    noted bigint := 0;
BEGIN
    SELECT * INTO payment FROM payments p WHERE p.id = the_subject OR p.id = (
        SELECT c.payment_id FROM cases c WHERE c.id = the_subject);
    IF payment.id IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('forged:' || the_subject, 0));
        SELECT the_subject || ':forged' || coalesce(':' || nullif(count(*), 0), '') INTO the_key
        FROM cases c WHERE c.payment_id = payment.id AND c.kind = 'forged'
          AND c.state = 'resolved' AND starts_with(c.key, the_subject || ':forged');
        INSERT INTO cases AS c
            (key, payment_id, brand, kind, summary, money_at_risk_minor, currency, facts)
        VALUES (the_key, payment.id, payment.brand, 'forged',
            format('Somebody who reaches Temporal sent the run of %s a `%s` that is not ours: it '
                'changed nothing; find out who can send there', the_subject, the_message),
            payment.amount_minor, payment.currency,
            jsonb_build_object('message', the_message, 'rule', the_rule, 'count', '1',
                'noted', '0'))
        ON CONFLICT (key) DO UPDATE SET facts = c.facts || jsonb_build_object(
            'count', ((c.facts ->> 'count')::bigint + 1)::text, 'last', the_message)
        RETURNING (facts ->> 'count')::bigint, (facts ->> 'noted')::bigint INTO times, noted;
    END IF;
    IF EXISTS (
        SELECT FROM security_events s WHERE s.psp = 'temporal' AND s.rule = the_rule
          AND s.recorded_at > now() - interval '1 minute'
    ) THEN
        RETURN;
    END IF;
    INSERT INTO security_events
        (psp, rule, status, occurrences, remote, header_names, body_bytes, body_sha256)
    VALUES ('temporal', the_rule, 0, greatest(1, times - noted), NULL, '{}', NULL, NULL);
    UPDATE cases SET facts = facts || jsonb_build_object('noted', times::text)
    WHERE key = the_key;
END $$;

-- What a PSP took and gave back without the player ever having it: a sale that was given back by a
-- void, a capture that a person had refunded. Its report tells both.

-- The capture is not the one that was credited, if one was: that is number 1.
CREATE OR REPLACE FUNCTION expectation_given_back(
    went psp_instructions, the_capture_ref text, amount bigint
) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    capture expectations;
    refund expectations;
BEGIN
    capture.key := went.payment_id || ':capture';
    capture.movement := 'capture';
    capture.psp_ref := the_capture_ref;
    capture.number := 1 + greatest(1,
        expectation_count(went.payment_id, capture.key, capture.movement));
    refund.key := went.key;
    refund.movement := 'refund';
    refund.psp_ref := went.psp_ref;
    PERFORM expectation_pair(went.payment_id, went.psp, went.account, went.currency, amount,
        capture, refund, went.answered_at);
END $$;

-- Whether this void gave back what the sale under its authorization's key took: it named it, or the
-- PSP did. Of a sale whose yes never reached its instruction a void that names something else than
-- was promised names what was taken.
CREATE OR REPLACE FUNCTION expectation_is_given_back(sale psp_instructions, void psp_instructions)
RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT split_part(sale.key, ':', 2) = 'sale' AND void.acts_on = sale.key
        AND void.state = 'approved' AND NOT void.rest AND CASE sale.state
            WHEN 'approved' THEN coalesce((sale.answer ->> 'captured')::boolean, false)
                AND coalesce(sale.psp_ref IN (void.acts_on_ref, void.psp_ref), false)
            ELSE void.acts_on_ref IS NOT NULL
                AND void.acts_on_ref IS DISTINCT FROM sale.psp_ref
        END;
$$;

-- Of an instruction that has just been approved. The sale and its void may be in either order, each
-- by another hand: whoever comes second sees both (see `expectation_in_turn`).
CREATE OR REPLACE FUNCTION expectation_of_answer(answered psp_instructions) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    other psp_instructions;
BEGIN
    IF answered.operation = 'refund' AND psp_is_of_a_case(answered.key) THEN
        PERFORM expectation_given_back(answered, answered.acts_on_ref, answered.amount_minor);
    ELSIF answered.operation = 'void' THEN
        SELECT * INTO other FROM psp_instructions WHERE key = answered.acts_on;
        IF expectation_is_given_back(other, answered) THEN
            PERFORM expectation_given_back(answered,
                coalesce(answered.acts_on_ref, other.psp_ref), other.amount_minor);
        END IF;
    ELSIF split_part(answered.key, ':', 2) = 'sale' THEN
        SELECT v.* INTO other FROM psp_instructions v
        WHERE v.payment_id = answered.payment_id AND v.operation = 'void'
          AND expectation_is_given_back(answered, v) ORDER BY v.asked_at LIMIT 1;
        IF other.key IS NOT NULL THEN
            PERFORM expectation_given_back(other, answered.psp_ref, answered.amount_minor);
        END IF;
    END IF;
END $$;

-- Taken before the answer to a sale, a void or a case's refund is written. It locks no row: the
-- payment's is locked before instructions, and this is called by who has it and by who has not.
CREATE OR REPLACE FUNCTION expectation_in_turn(the_key text) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    SELECT pg_advisory_xact_lock(hashtextextended(split_part(the_key, ':', 1) || ':given back', 0))
    WHERE split_part(the_key, ':', 2) IN ('sale', 'void', 'case-void', 'case-refund');
$$;

-- What undoes a thing at the PSP that we have not heard of tells of both: neither moves anything in
-- our books (see `unasked.py`), and a report tells each.
CREATE OR REPLACE FUNCTION expectation_of_undone(
    payment payments, the_facts jsonb, happened_at timestamptz
) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    undoing record;
    came expectations;
    went expectations;
BEGIN
    FOR undoing IN
        SELECT r ->> 'operation' AS operation, r ->> 'psp_ref' AS psp_ref,
            (r -> 'amount' ->> 'minor_units')::bigint AS amount
        FROM jsonb_array_elements(the_facts -> 'reversals') r
        WHERE NOT coalesce(payment.facts -> 'reversals', '[]') @> jsonb_build_array(r)
          AND r ->> 'operation' IN ('refund_failed', 'chargeback_reversed')
          AND NOT EXISTS (SELECT FROM transfers t WHERE t.key = concat_ws(
              ':', payment.id, r ->> 'operation', r ->> 'psp_ref'))
    LOOP
        came.movement := CASE undoing.operation
            WHEN 'refund_failed' THEN 'return' ELSE 'chargeback_reversed' END;
        came.key := concat_ws(':', payment.id, undoing.operation, undoing.psp_ref);
        went.movement := CASE undoing.operation
            WHEN 'refund_failed' THEN 'refund' ELSE 'chargeback' END;
        went.key := concat_ws(':', payment.id, went.movement, undoing.psp_ref);
        came.psp_ref := undoing.psp_ref;
        went.psp_ref := undoing.psp_ref;
        PERFORM expectation_pair(payment.id, payment.facts -> 'account' ->> 'psp',
            payment.facts -> 'account' ->> 'id', payment.currency, undoing.amount, came, went,
            happened_at);
    END LOOP;
END $$;

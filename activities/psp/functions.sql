-- What is asked of PSPs, and what came of it. Nothing is asked that was not ordered, that what came
-- first excludes, or that may have happened already. It is decided in the statement that writes the
-- instruction down; the payment's row is locked first.

-- Whether a person ordered it with a case; the key says so.
CREATE OR REPLACE FUNCTION psp_is_of_a_case(the_key text)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT split_part(the_key, ':', 2) LIKE 'case-%';
$$;

-- What stands in the way of this instruction, if anything: it came first, and is not undone.
CREATE OR REPLACE FUNCTION psp_rival_of(new psp_instructions) RETURNS psp_effective
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT e.* FROM psp_effective e
    WHERE e.payment_id = new.payment_id AND e.key <> new.key AND CASE new.operation
        WHEN 'authorize' THEN e.operation = 'authorize' AND NOT EXISTS (
            SELECT FROM psp_instructions v
            WHERE v.operation = 'void' AND v.acts_on = e.key AND v.state = 'approved')
        WHEN 'payout' THEN e.operation = 'payout'
        WHEN 'capture' THEN
            e.operation = 'capture'
            OR e.operation = 'void' AND NOT e.rest AND e.acts_on = new.acts_on
                AND coalesce(e.acts_on_ref = new.acts_on_ref, true)
        WHEN 'void' THEN
            NOT new.rest AND e.operation = 'capture' AND e.acts_on = new.acts_on
                AND coalesce(e.acts_on_ref = new.acts_on_ref, true)
        WHEN 'refund' THEN e.operation = 'refund'
            AND psp_is_of_a_case(e.key) = psp_is_of_a_case(new.key)
        ELSE false
    END
    ORDER BY e.asked_at, e.key LIMIT 1;
$$;

-- Whether what was taken under this authorization's key is the player's: then it is refunded, and
-- not voided.
CREATE OR REPLACE FUNCTION psp_sale_is_credited(the_facts jsonb, the_authorization text)
RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(the_facts -> 'captured', 'null') <> 'null' AND EXISTS (
        SELECT FROM jsonb_array_elements(coalesce(the_facts -> 'attempts', '[]')) a
        WHERE a ->> 'key' = the_authorization AND a ->> 'outcome' = 'approved'
            AND (a ->> 'captured')::boolean);
$$;

-- Whether a sale that these facts tell of was given back, or may have been.
CREATE OR REPLACE FUNCTION psp_sale_is_given_back(the_payment text, the_facts jsonb)
RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM psp_effective v WHERE v.payment_id = the_payment AND v.operation = 'void'
            AND NOT v.rest AND psp_sale_is_credited(the_facts, v.acts_on));
$$;

-- Why the payment itself forbids this instruction, or NULL. Its row is locked.
CREATE OR REPLACE FUNCTION psp_forbidden(new psp_instructions, payment payments) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    IF payment.id IS NULL OR new.currency <> payment.currency
        OR new.amount_minor > payment.amount_minor THEN
        RETURN 'unknown_payment';
    END IF;
    IF new.operation = 'void' AND psp_sale_is_credited(payment.facts, new.acts_on) THEN
        RETURN 'over';
    END IF;
    IF new.operation = 'void' OR psp_is_of_a_case(new.key) THEN
        RETURN NULL;
    END IF;
    IF payment.final THEN
        RETURN 'over';
    END IF;
    IF new.operation IN ('payout', 'refund') AND NOT EXISTS (
        SELECT FROM transfers h WHERE h.key = payment.id || ':hold'
            AND NOT EXISTS (SELECT FROM transfers r WHERE r.resolves = h.id)
    ) THEN
        RETURN 'nothing_held';
    END IF;
    RETURN NULL;
END $$;

-- The case about money of this player that left a PSP without us: until a person has looked at it,
-- nothing is paid out to them.
CREATE OR REPLACE FUNCTION psp_payouts_wait_for(the_brand text, the_player text) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT c.id FROM cases c JOIN payments p ON p.id = c.payment_id
    WHERE c.state = 'open' AND c.kind = 'money_gone'
      AND p.brand = the_brand AND p.player_id = the_player
    ORDER BY c.opened_at LIMIT 1;
$$;

-- Before an instruction leaves us. Verdicts: `ask` (it is written down: go), `answered` (here is
-- what came of it), `look_first` (it may have happened: look, then ask with `looked`), `parked` (by
-- a stop, or a case about the player), `rival` (what excludes it came first), `over`,
-- `nothing_held`, `unknown_payment`.
CREATE OR REPLACE FUNCTION psp_ask(
    the_key text, the_payment text, the_operation text, the_psp text, the_account text,
    the_amount bigint, the_currency text, the_acts_on text, the_ref text, of_the_rest boolean,
    looked boolean, the_movement text, the_player text
) RETURNS psp_asked
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    result psp_asked;
    payment payments;
    known psp_instructions;
    rival psp_effective;
    new psp_instructions;
BEGIN
    SELECT * INTO payment FROM payments WHERE id = the_payment FOR NO KEY UPDATE;
    -- A run that was started by hand may name another player than the payment is of.
    IF payment.player_id <> the_player THEN
        result.verdict := 'unknown_payment';
        RETURN result;
    END IF;
    new.key := the_key;
    new.payment_id := the_payment;
    new.operation := the_operation;
    new.currency := the_currency;
    new.amount_minor := the_amount;
    new.acts_on := the_acts_on;
    new.acts_on_ref := the_ref;
    new.rest := of_the_rest;
    SELECT * INTO known FROM psp_instructions WHERE key = the_key;
    IF known.key IS NOT NULL THEN
        result.asked_at := known.asked_at;
        IF (known.operation, known.psp, known.account, known.amount_minor, known.currency)
            <> (the_operation, the_psp, the_account, the_amount, the_currency)
            AND known.state <> 'not_sent' THEN
            result.verdict := 'rival';
            result.rival := to_jsonb(known);
            RETURN result;
        END IF;
        IF known.answer IS NOT NULL THEN
            result.verdict := 'answered';
            result.answer := known.answer;
            RETURN result;
        END IF;
        IF known.state = 'asked' AND NOT looked THEN
            result.verdict := 'look_first';
            RETURN result;
        END IF;
    END IF;
    result.verdict := psp_forbidden(new, payment);
    IF result.verdict IS NOT NULL THEN
        RETURN result;
    END IF;
    rival := psp_rival_of(new);
    IF rival.key IS NOT NULL THEN
        result.verdict := 'rival';
        result.rival := to_jsonb(rival);
        RETURN result;
    END IF;
    IF the_movement IS NOT NULL AND known.state IS DISTINCT FROM 'asked' THEN
        result.stop_id := routing_may_move(
            the_payment, payment.brand, the_psp, the_account, payment.region, the_movement);
        IF result.stop_id IS NULL AND the_operation = 'payout' THEN
            result.case_id := psp_payouts_wait_for(payment.brand, payment.player_id);
        END IF;
        IF result.stop_id IS NOT NULL OR result.case_id IS NOT NULL THEN
            result.verdict := 'parked';
            RETURN result;
        END IF;
    END IF;
    INSERT INTO psp_instructions AS i (
        key, payment_id, operation, psp, account, currency, amount_minor, acts_on, acts_on_ref,
        rest, state
    ) VALUES (
        the_key, the_payment, the_operation, the_psp, the_account, the_currency, the_amount,
        the_acts_on, the_ref, of_the_rest, 'asked'
    ) ON CONFLICT (key) DO UPDATE SET
        psp = excluded.psp, account = excluded.account, currency = excluded.currency,
        amount_minor = excluded.amount_minor, acts_on = excluded.acts_on,
        acts_on_ref = excluded.acts_on_ref, rest = excluded.rest, state = 'asked',
        asked_at = CASE WHEN i.state = 'asked' THEN i.asked_at ELSE clock_timestamp() END,
        times = CASE WHEN i.state = 'asked' THEN i.times + 1 ELSE 1 END
    RETURNING i.asked_at INTO result.asked_at;
    result.verdict := 'ask';
    RETURN result;
END $$;

-- Whether a person had the payment refunded: the run of their case claims it before it asks.
CREATE OR REPLACE FUNCTION payment_refund_is_claimed(the_payment text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM payments p, jsonb_array_elements(coalesce(p.facts -> 'attempts', '[]')) a
        WHERE p.id = the_payment AND a ->> 'key' = the_payment || ':case-remedy'
          AND a ->> 'outcome' = 'refund'
    );
$$;

-- As `psp_ask`, of what was ordered alone: by the platform with the payment's order, and by nobody
-- while a second person is asked (`not_approved`); by a person with a case. To let go of a hold
-- nobody need order.
CREATE OR REPLACE FUNCTION psp_ask_ordered(
    the_key text, the_payment text, the_operation text, the_psp text, the_account text,
    the_amount bigint, the_currency text, the_acts_on text, the_ref text, of_the_rest boolean,
    looked boolean, the_movement text, the_player text, the_order text, the_terms jsonb
) RETURNS psp_asked
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    result psp_asked;
BEGIN
    PERFORM FROM payments WHERE id = the_payment FOR NO KEY UPDATE;
    IF NOT (CASE
        WHEN the_operation = 'void' THEN true
        WHEN psp_is_of_a_case(the_key) THEN
            the_operation = 'refund' AND payment_refund_is_claimed(the_payment)
        ELSE payment_is_ordered(the_payment, the_order, the_terms)
    END) THEN
        result.verdict := 'unknown_payment';
        RETURN result;
    END IF;
    IF the_operation = 'payout' AND EXISTS (
        SELECT FROM payments WHERE id = the_payment
            AND status IN ('PAYOUT_AWAITING_APPROVAL', 'PAYOUT_POSTPONED')
    ) THEN
        result.verdict := 'not_approved';
        RETURN result;
    END IF;
    RETURN psp_ask(the_key, the_payment, the_operation, the_psp, the_account, the_amount,
        the_currency, the_acts_on, the_ref, of_the_rest, looked, the_movement, the_player);
END $$;

-- As `psp_ask_ordered`, in the quick lane: `slow_lane`, with nothing written down, for what has to go
-- by the PSP's own queue.
CREATE OR REPLACE FUNCTION psp_ask_quickly(
    the_key text, the_payment text, the_operation text, the_psp text, the_account text,
    the_amount bigint, the_currency text, the_acts_on text, the_ref text, of_the_rest boolean,
    looked boolean, the_movement text, the_player text, the_order text, the_terms jsonb
) RETURNS psp_asked
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    result psp_asked;
BEGIN
    IF routing_goes_slowly(the_psp, the_account) THEN
        result.verdict := 'slow_lane';
        RETURN result;
    END IF;
    RETURN psp_ask_ordered(the_key, the_payment, the_operation, the_psp, the_account, the_amount,
        the_currency, the_acts_on, the_ref, of_the_rest, looked, the_movement, the_player,
        the_order, the_terms);
END $$;

-- Whether a parked payment may be asked for again.
CREATE OR REPLACE FUNCTION psp_may_move(
    the_payment text, the_brand text, the_psp text, the_account text, the_region text,
    the_movement text, the_player text, OUT stop_id bigint, OUT case_id text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    stop_id := routing_may_move(
        the_payment, the_brand, the_psp, the_account, the_region, the_movement);
    IF stop_id IS NULL AND the_movement = 'payouts' THEN
        case_id := psp_payouts_wait_for(the_brand, the_player);
    END IF;
END $$;

-- What came of it, as certain as it is. A yes or a no stands; what was promised may become one.
CREATE OR REPLACE FUNCTION psp_answer(the_key text, the_state text, the_answer jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    answered psp_instructions;
BEGIN
    IF the_state = 'approved' THEN
        PERFORM expectation_in_turn(the_key);
    END IF;
    UPDATE psp_instructions SET state = the_state, answered_at = clock_timestamp(),
        answer = CASE WHEN the_state NOT IN ('asked', 'not_sent')
            THEN jsonb_strip_nulls(the_answer) END,
        psp_ref = coalesce(nullif(the_answer ->> 'psp_ref', ''), psp_ref)
    WHERE key = the_key AND state NOT IN ('approved', 'declined')
    RETURNING * INTO answered;
    IF answered.state = 'approved' THEN
        PERFORM expectation_of_answer(answered);
    END IF;
    -- Of the second half of an authorization: it is the authorization that is answered.
    IF answered.operation = 'complete' AND the_answer IS NOT NULL THEN
        PERFORM psp_answer(answered.acts_on, the_state, the_answer);
    END IF;
END $$;

-- That a question never left us, by whoever was to send it; false if somebody has asked it again
-- meanwhile: a worker that was frozen knows of itself alone.
CREATE OR REPLACE FUNCTION psp_never_sent(the_key text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE psp_instructions SET state = 'not_sent', answered_at = clock_timestamp()
    WHERE key = the_key AND state = 'asked' AND times = 1;
    RETURN FOUND;
END $$;

-- The same, by what a run knows: its attempts, however it came to know them.
CREATE OR REPLACE FUNCTION psp_conclude(the_payment text, attempts jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM psp_answer(i.key, a.state, CASE a.state
        WHEN 'approved' THEN jsonb_build_object('kind', 'approved',
            'psp_ref', coalesce(a.attempt ->> 'psp_ref', ''),
            'captured', coalesce((a.attempt ->> 'captured')::boolean, false),
            'amount', jsonb_build_object('minor_units', i.amount_minor, 'currency', i.currency))
        WHEN 'declined' THEN jsonb_build_object('kind', 'declined',
            'reason', a.attempt ->> 'reason', 'code', coalesce(a.attempt ->> 'code', ''),
            'soft', coalesce((a.attempt ->> 'soft')::boolean, false),
            'advice', a.attempt -> 'advice')
        END)
    FROM (
        SELECT attempt, CASE attempt ->> 'outcome'
            WHEN 'approved' THEN 'approved' WHEN 'declined' THEN 'declined'
            WHEN 'not_sent' THEN 'not_sent' WHEN 'nothing_done' THEN 'not_sent' END AS state
        FROM jsonb_array_elements(coalesce(attempts, '[]')) AS attempt
    ) a JOIN psp_instructions i ON i.key = a.attempt ->> 'key'
    WHERE i.payment_id = the_payment AND a.state IS NOT NULL
      AND i.state IN ('asked', 'pending') AND i.state <> a.state;
END $$;

-- Whether a run would end a deposit of which it does not know all that was asked: a hold that it
-- has not let go of, or a capture. It was reset to before it asked.
CREATE OR REPLACE FUNCTION psp_unfinished(the_payment text, attempts jsonb) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM psp_effective e
        WHERE e.payment_id = the_payment AND e.operation IN ('authorize', 'capture')
          AND NOT psp_is_of_a_case(e.key) AND NOT EXISTS (
            SELECT FROM jsonb_array_elements(coalesce(attempts, '[]')) AS a
            LEFT JOIN psp_instructions v ON v.key = a ->> 'key' AND v.operation = 'void'
            WHERE e.key IN (a ->> 'key', v.acts_on))
    );
$$;

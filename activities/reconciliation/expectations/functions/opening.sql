-- What is expected of a PSP's report: opened in the transaction in which the money moves in our
-- books, by the function that moves it. So the open ones sum to what each PSP has of ours. Called by
-- functions that have set the search path: of their own they have none, to be quick.

CREATE OR REPLACE FUNCTION expectation_due(
    the_psp text, the_account text, the_method text, done_at timestamptz
) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT done_at + coalesce((
        SELECT delay FROM settlement_terms
        WHERE psp = the_psp AND account IN (the_account, '') AND method IN (the_method, '')
        ORDER BY account DESC, method DESC LIMIT 1
    ), interval '3 days');
$$;

-- How many there are already of a movement under a key, open or settled.
CREATE OR REPLACE FUNCTION expectation_count(
    the_payment text, the_key text, the_movement text
) RETURNS integer
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT (SELECT count(*) FROM expectations
        WHERE payment_id = the_payment AND key = the_key AND movement = the_movement)::integer
      + (SELECT count(*) FROM settled
        WHERE payment_id = the_payment AND key = the_key AND movement = the_movement)::integer;
$$;

-- The instruction by which a payout or refund was done at this account, whatever we had thought of
-- it: what is told of it later is told under its key.
CREATE OR REPLACE FUNCTION expectation_instruction(
    the_payment text, the_psp text, the_account text, the_ref text
) RETURNS psp_instructions
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT i FROM psp_instructions i
    WHERE i.payment_id = the_payment AND i.operation IN ('payout', 'refund')
      AND (i.psp, i.account) = (the_psp, the_account) AND NOT psp_is_of_a_case(i.key)
    ORDER BY i.state = 'approved' DESC, (i.psp_ref = the_ref) DESC NULLS LAST, i.asked_at DESC
    LIMIT 1;
$$;

-- As what a transfer is reported, under which key, by the words of its own key.
CREATE OR REPLACE FUNCTION expectation_named(posted transfers) RETURNS expectations
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    named expectations;
    step text := split_part(posted.key, ':', 2);
    is_refund boolean := starts_with(posted.payment_id, 're_');
BEGIN
    named.key := posted.key;
    named.number := 1;
    CASE
        WHEN posted.kind = 'credit' AND step = 'credit' THEN
            -- Of a sale too: to whoever reads a report both are captures.
            named.movement := 'capture';
            named.key := posted.payment_id || ':capture';
        WHEN posted.kind = 'credit' AND step <> 'return' THEN
            named.movement := 'capture';
        WHEN posted.kind IN ('capture_hold', 'debit') OR step = 'claw-back' THEN
            named.movement := CASE WHEN is_refund THEN 'refund' ELSE 'payout' END;
        WHEN step IN ('refund', 'chargeback', 'chargeback_reversed', 'refund_failed') THEN
            -- What others did there has no key of ours: the PSP's own name of it follows the step.
            named.movement := CASE step WHEN 'refund_failed' THEN 'return' ELSE step END;
            named.psp_ref := nullif(
                substr(posted.key, length(split_part(posted.key, ':', 1) || step) + 3), '');
        WHEN posted.kind = 'claw_back' THEN
            named.movement := 'refund';
        WHEN posted.kind = 'receivable' THEN
            named.movement := 'chargeback';
        ELSE
            named.movement := 'return';
    END CASE;
    RETURN named;
END $$;

-- `house`: the account through which it went; what went through no PSP's is not reported by one.
CREATE OR REPLACE FUNCTION expectation_open(
    posted transfers, house text, amount bigint, the_facts jsonb, happened_at timestamptz
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    named expectations := expectation_named(posted);
    asked psp_instructions;
BEGIN
    IF NOT starts_with(house, 'psp:') THEN
        RETURN;
    END IF;
    named.psp := split_part(house, ':', 2);
    named.account := substr(house, length(named.psp) + 6);
    IF named.movement = 'capture' THEN
        named.psp_ref := the_facts ->> 'capture_ref';
    ELSIF named.psp_ref IS NULL THEN
        asked := expectation_instruction(
            posted.payment_id, named.psp, named.account, the_facts ->> 'psp_ref');
        named.psp_ref := coalesce(the_facts ->> 'psp_ref', asked.psp_ref);
        named.key := coalesce(asked.key, named.key);
        named.number := 1 + expectation_count(posted.payment_id, named.key, named.movement);
    END IF;
    named.done_at := coalesce(happened_at, posted.recorded_at);
    INSERT INTO expectations (key, movement, number, payment_id, brand, psp, account, method,
        currency, amount_minor, psp_ref, done_at, due_at, transfer_id)
    SELECT named.key, named.movement, named.number, posted.payment_id, posted.brand, named.psp,
        named.account, p.method, posted.currency, amount, named.psp_ref, named.done_at,
        expectation_due(named.psp, named.account, p.method, named.done_at), posted.id
    FROM (SELECT coalesce((SELECT method FROM payments WHERE id = posted.payment_id), '')) p (method);
END $$;

-- What came and went without the wallet: reported twice, in the ledger never.
CREATE OR REPLACE FUNCTION expectation_pair(
    the_payment text, the_psp text, the_account text, the_currency text, amount bigint,
    came expectations, went expectations, done_at timestamptz
) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO expectations (key, movement, number, payment_id, brand, psp, account, method,
        currency, amount_minor, psp_ref, done_at, due_at)
    SELECT side.key, side.movement, coalesce(side.number, 1), p.id, p.brand, the_psp, the_account,
        p.method, the_currency, side.amount, side.psp_ref, done_at,
        expectation_due(the_psp, the_account, p.method, done_at)
    FROM payments p, LATERAL (
        SELECT came.key, came.movement, came.number, came.psp_ref, amount
        UNION ALL SELECT went.key, went.movement, went.number, went.psp_ref, -amount
    ) AS side (key, movement, number, psp_ref, amount)
    WHERE p.id = the_payment AND NOT EXISTS (
        SELECT FROM expectations e WHERE e.payment_id = p.id AND e.key = went.key
            AND e.movement = went.movement
        UNION ALL SELECT FROM settled s WHERE s.payment_id = p.id AND s.key = went.key
            AND s.movement = went.movement);
$$;

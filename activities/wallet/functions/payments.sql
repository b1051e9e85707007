-- The commands as payments give them, and the walls between what excludes each other: a payment and
-- a release, an ending and whatever comes after it. It is decided here, in the statement that has
-- the effect; whoever comes second is told who came first. The payment's row is locked before
-- anything of the wallet's.

-- Money is held for payments alone that were opened, are not over, and are about this money.
CREATE OR REPLACE FUNCTION payment_may_hold(
    the_payment text, the_brand text, the_player text, the_amount bigint, the_currency text
) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    payment payments;
BEGIN
    SELECT * INTO payment FROM payments WHERE id = the_payment FOR NO KEY UPDATE;
    IF payment.id IS NULL OR (payment.brand, payment.player_id, payment.currency)
        <> (the_brand, the_player, the_currency) OR the_amount > payment.amount_minor THEN
        RETURN 'unknown_payment';
    END IF;
    RETURN CASE WHEN payment.final THEN 'payment_over' END;
END $$;

-- Called by `payment_hold_ordered`, which asks for the order first.
CREATE OR REPLACE FUNCTION payment_hold(
    the_key text, the_hash text, the_brand text, the_player text, the_amount bigint,
    the_currency text, the_payment text, against_key text
) RETURNS wallet_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    -- Never kept as the command's result: it is about the payment, not about the money.
    refusal text := payment_may_hold(
        the_payment, the_brand, the_player, the_amount, the_currency);
BEGIN
    IF refusal IS NOT NULL THEN
        RETURN (NULL, false, refusal)::wallet_result;
    END IF;
    RETURN wallet_hold(the_key, the_hash, the_brand, the_player, the_amount, the_currency,
        the_payment, against_key);
END $$;

-- As `payment_hold`, for a run that has the order with which its payment was opened.
CREATE OR REPLACE FUNCTION payment_hold_ordered(
    the_key text, the_hash text, the_brand text, the_player text, the_amount bigint,
    the_currency text, the_payment text, against_key text, the_order text
) RETURNS wallet_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT payment_is_ordered(the_payment, the_order, '{}') THEN
        RETURN (NULL, false, 'unknown_payment')::wallet_result;
    END IF;
    RETURN payment_hold(the_key, the_hash, the_brand, the_player, the_amount, the_currency,
        the_payment, against_key);
END $$;

-- A release is refused while a PSP may be paying: neither is done twice, nor both.
CREATE OR REPLACE FUNCTION payment_release(
    the_key text, the_hash text, hold_key text, if_held boolean
) RETURNS wallet_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    the_payment text := split_part(hold_key, ':', 1);
BEGIN
    PERFORM FROM payments WHERE id = the_payment FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM psp_effective e WHERE e.payment_id = the_payment
            AND e.operation IN ('payout', 'refund') AND NOT psp_is_of_a_case(e.key)
    ) THEN
        RETURN (NULL, false, 'on_its_way')::wallet_result;
    END IF;
    IF if_held AND NOT EXISTS (SELECT FROM transfers WHERE key = hold_key AND kind = 'hold') THEN
        RETURN (NULL, false, NULL)::wallet_result;
    END IF;
    RETURN wallet_release(the_key, the_hash, hold_key);
END $$;

-- A wallet command of a payment and the version that tells of it: both, or neither. Without a
-- version an amendment has to look again. `command`: {"kind", "key", "hash", …} as the wallet's
-- functions take them.
CREATE OR REPLACE FUNCTION payment_close(
    command jsonb, the_payment text, the_version integer, the_status text, is_final boolean,
    the_facts jsonb, the_capture_id text, happened_at timestamptz, the_hash text, amends boolean
) RETURNS payment_closed
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    closed payment_closed;
    posted wallet_result;
    recorded registry_recorded;
    payment payments;
BEGIN
    SELECT * INTO payment FROM payments WHERE id = the_payment FOR NO KEY UPDATE;
    IF payment.id IS NULL THEN
        closed.refused := 'unknown_payment';
        RETURN closed;
    END IF;
    IF NOT EXISTS (
        SELECT FROM payment_events e WHERE e.payment_id = the_payment
            AND e.version >= the_version AND e.content_hash = the_hash
    ) THEN
        closed.superseded := payment.final AND NOT amends;
        IF closed.superseded OR amends AND payment.version <> the_version - 1 THEN
            RETURN closed;
        END IF;
    END IF;
    PERFORM psp_conclude(the_payment, the_facts -> 'attempts');
    IF command ->> 'kind' = 'credit' AND NOT amends
        AND psp_sale_is_given_back(the_payment, the_facts) THEN
        closed.refused := 'given_back';
        RETURN closed;
    END IF;
    CASE command ->> 'kind'
        WHEN 'credit' THEN
            posted := wallet_credit(command ->> 'key', command ->> 'hash', command ->> 'brand',
                command ->> 'player', command ->> 'source', (command ->> 'amount')::bigint,
                command ->> 'currency', the_payment, the_facts, happened_at);
        WHEN 'claw_back' THEN
            posted := wallet_claw_back(command ->> 'key', command ->> 'hash', command ->> 'brand',
                command ->> 'player', command ->> 'source', (command ->> 'amount')::bigint,
                command ->> 'currency', the_payment, the_facts, happened_at);
        WHEN 'restore' THEN
            posted := wallet_restore(command ->> 'key', command ->> 'hash', command ->> 'brand',
                command ->> 'player', command ->> 'source', (command ->> 'amount')::bigint,
                command ->> 'currency', the_payment, the_facts, happened_at);
        WHEN 'capture_hold' THEN
            posted := wallet_capture_hold(command ->> 'key', command ->> 'hash',
                command ->> 'hold_key', command ->> 'destination', the_facts, happened_at);
        WHEN 'release' THEN
            posted := payment_release(command ->> 'key', command ->> 'hash',
                command ->> 'hold_key', (command ->> 'if_held')::boolean);
    END CASE;
    closed.transfer_id := posted.transfer_id;
    closed.replayed := posted.replayed;
    closed.refused := posted.refused;
    IF posted.refused IS NOT NULL THEN
        RETURN closed;
    END IF;
    recorded := registry_record(the_payment, the_version, the_status, is_final, the_facts,
        the_capture_id, happened_at, the_hash, amends);
    closed.version := recorded.version;
    closed.superseded := recorded.superseded;
    RETURN closed;
END $$;

-- The commands that move money, each done once by its key: the same key gets the same result, a
-- refusal too. A hold is resolved at most once, and no balance goes below zero.

CREATE OR REPLACE FUNCTION wallet_credit(
    the_key text, the_hash text, the_brand text, the_player text, the_source text,
    the_amount bigint, the_currency text, the_payment text, the_facts jsonb DEFAULT NULL,
    happened_at timestamptz DEFAULT NULL
) RETURNS wallet_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    result wallet_result := wallet_recorded(the_key, the_hash);
    posted transfers;
    available accounts;
    available_name text := format('player:%s:%s:available', the_brand, the_player);
    house bigint;
BEGIN
    IF NOT result IS NULL THEN
        RETURN result;
    END IF;
    house := wallet_house(the_source, the_currency);
    available := wallet_move(available_name, the_currency, the_amount);
    IF available.id IS NULL THEN
        PERFORM wallet_open(the_brand, the_player, the_currency);
        available := wallet_move(available_name, the_currency, the_amount);
    END IF;
    INSERT INTO transfers
        (key, request_hash, kind, payment_id, brand, player_id, currency, amount_minor)
    VALUES (the_key, the_hash, 'credit', the_payment, the_brand, the_player,
            the_currency, the_amount)
    RETURNING * INTO posted;
    INSERT INTO entries (transfer_id, account_id, amount_minor, balance_after, version) VALUES
        (posted.id, available.id, the_amount, available.balance, available.version),
        (posted.id, house, -the_amount, NULL, NULL);
    PERFORM expectation_open(posted, the_source, the_amount, the_facts, happened_at);
    result.transfer_id := posted.id;
    result.replayed := false;
    RETURN result;
END $$;

CREATE OR REPLACE FUNCTION wallet_debit(
    the_key text, the_hash text, the_brand text, the_player text, the_destination text,
    the_amount bigint, the_currency text, the_payment text
) RETURNS wallet_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    result wallet_result := wallet_recorded(the_key, the_hash);
    posted transfers;
    available accounts;
    house bigint;
BEGIN
    IF NOT result IS NULL THEN
        RETURN result;
    END IF;
    house := wallet_house(the_destination, the_currency);
    available := wallet_move(
        format('player:%s:%s:available', the_brand, the_player), the_currency, -the_amount);
    IF available.id IS NULL THEN
        RETURN wallet_refuse(the_key, the_hash, 'insufficient_funds');
    END IF;
    INSERT INTO transfers
        (key, request_hash, kind, payment_id, brand, player_id, currency, amount_minor)
    VALUES (the_key, the_hash, 'debit', the_payment, the_brand, the_player,
            the_currency, the_amount)
    RETURNING * INTO posted;
    INSERT INTO entries (transfer_id, account_id, amount_minor, balance_after, version) VALUES
        (posted.id, available.id, -the_amount, available.balance, available.version),
        (posted.id, house, the_amount, NULL, NULL);
    PERFORM expectation_open(posted, the_destination, -the_amount, NULL, NULL);
    result.transfer_id := posted.id;
    result.replayed := false;
    RETURN result;
END $$;

-- Why a hold against a credit is refused, or NULL. The caller has locked the player's account, so
-- no other hold against this credit can come between. What may still be refunded is less by what
-- was clawed back of the credit, and more again by refunds whose money came back.
CREATE OR REPLACE FUNCTION wallet_beyond(
    credited transfers, the_brand text, the_player text, the_amount bigint, the_currency text
) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    taken bigint;
BEGIN
    IF credited.id IS NULL OR credited.kind <> 'credit' OR credited.brand <> the_brand
        OR credited.player_id <> the_player OR credited.currency <> the_currency THEN
        RETURN 'unknown_credit';
    END IF;
    SELECT coalesce(sum(h.amount_minor), 0) INTO taken FROM transfers h
    WHERE h.against = credited.id AND NOT EXISTS (
        SELECT FROM transfers r WHERE r.resolves = h.id AND r.kind = 'release'
    );
    taken := taken + coalesce((
        SELECT sum(CASE c.kind WHEN 'claw_back' THEN c.amount_minor ELSE -c.amount_minor END)
        FROM transfers c WHERE c.payment_id = credited.payment_id
            AND c.kind IN ('claw_back', 'restore', 'receivable')
    ), 0) - coalesce((
        SELECT sum(CASE b.kind WHEN 'credit' THEN b.amount_minor ELSE -b.amount_minor END)
        FROM transfers h JOIN transfers b ON b.payment_id = h.payment_id
            AND b.kind IN ('credit', 'claw_back')
        WHERE h.against = credited.id
    ), 0);
    IF taken + the_amount > credited.amount_minor THEN
        RETURN 'exceeds_credit';
    END IF;
    RETURN NULL;
END $$;

-- Both accounts move at once. Against a credit: no more is held in all than came with it.
CREATE OR REPLACE FUNCTION wallet_hold(
    the_key text, the_hash text, the_brand text, the_player text, the_amount bigint,
    the_currency text, the_payment text, against_key text
) RETURNS wallet_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    result wallet_result := wallet_recorded(the_key, the_hash);
    prefix text := format('player:%s:%s:', the_brand, the_player);
    available accounts;
    held accounts;
    credited transfers;
    refusal text;
BEGIN
    IF NOT result IS NULL THEN
        RETURN result;
    END IF;
    SELECT * INTO available FROM accounts
    WHERE name = prefix || 'available' AND currency = the_currency FOR NO KEY UPDATE;
    IF against_key IS NOT NULL THEN
        SELECT * INTO credited FROM transfers WHERE key = against_key;
        refusal := wallet_beyond(credited, the_brand, the_player, the_amount, the_currency);
    END IF;
    IF refusal IS NULL AND coalesce(available.balance, 0) < the_amount THEN
        refusal := 'insufficient_funds';
    END IF;
    IF refusal IS NOT NULL THEN
        RETURN wallet_refuse(the_key, the_hash, refusal);
    END IF;
    available := wallet_move(available.name, the_currency, -the_amount);
    held := wallet_move(prefix || 'held', the_currency, the_amount);
    INSERT INTO transfers
        (key, request_hash, kind, payment_id, brand, player_id, currency, amount_minor, against)
    VALUES (the_key, the_hash, 'hold', the_payment, the_brand, the_player,
            the_currency, the_amount, credited.id)
    RETURNING id INTO result.transfer_id;
    INSERT INTO entries (transfer_id, account_id, amount_minor, balance_after, version) VALUES
        (result.transfer_id, available.id, -the_amount, available.balance, available.version),
        (result.transfer_id, held.id, the_amount, held.balance, held.version);
    result.replayed := false;
    RETURN result;
END $$;

-- Takes the hold's two accounts in lock order and says whether it can still be resolved.
CREATE OR REPLACE FUNCTION wallet_unresolved(hold transfers) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF hold.id IS NULL OR hold.kind <> 'hold' THEN
        RETURN 'unknown_hold';
    END IF;
    PERFORM FROM accounts
    WHERE name = format('player:%s:%s:available', hold.brand, hold.player_id)
      AND currency = hold.currency FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM transfers WHERE resolves = hold.id) THEN
        RETURN 'hold_resolved';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION wallet_capture_hold(
    the_key text, the_hash text, hold_key text, the_destination text,
    the_facts jsonb DEFAULT NULL, happened_at timestamptz DEFAULT NULL
) RETURNS wallet_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    result wallet_result := wallet_recorded(the_key, the_hash);
    posted transfers;
    hold transfers;
    held accounts;
    house bigint;
    refusal text;
BEGIN
    IF NOT result IS NULL THEN
        RETURN result;
    END IF;
    SELECT * INTO hold FROM transfers WHERE key = hold_key;
    refusal := wallet_unresolved(hold);
    IF refusal IS NOT NULL THEN
        RETURN wallet_refuse(the_key, the_hash, refusal);
    END IF;
    house := wallet_house(the_destination, hold.currency);
    held := wallet_move(
        format('player:%s:%s:held', hold.brand, hold.player_id), hold.currency, -hold.amount_minor);
    INSERT INTO transfers
        (key, request_hash, kind, payment_id, brand, player_id, currency, amount_minor, resolves)
    VALUES (the_key, the_hash, 'capture_hold', hold.payment_id, hold.brand, hold.player_id,
            hold.currency, hold.amount_minor, hold.id)
    RETURNING * INTO posted;
    INSERT INTO entries (transfer_id, account_id, amount_minor, balance_after, version) VALUES
        (posted.id, held.id, -hold.amount_minor, held.balance, held.version),
        (posted.id, house, hold.amount_minor, NULL, NULL);
    PERFORM expectation_open(posted, the_destination, -hold.amount_minor, the_facts, happened_at);
    result.transfer_id := posted.id;
    result.replayed := false;
    RETURN result;
END $$;

CREATE OR REPLACE FUNCTION wallet_release(the_key text, the_hash text, hold_key text)
RETURNS wallet_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    result wallet_result := wallet_recorded(the_key, the_hash);
    prefix text;
    hold transfers;
    available accounts;
    held accounts;
    refusal text;
BEGIN
    IF NOT result IS NULL THEN
        RETURN result;
    END IF;
    SELECT * INTO hold FROM transfers WHERE key = hold_key;
    refusal := wallet_unresolved(hold);
    IF refusal IS NOT NULL THEN
        RETURN wallet_refuse(the_key, the_hash, refusal);
    END IF;
    prefix := format('player:%s:%s:', hold.brand, hold.player_id);
    available := wallet_move(prefix || 'available', hold.currency, hold.amount_minor);
    held := wallet_move(prefix || 'held', hold.currency, -hold.amount_minor);
    INSERT INTO transfers
        (key, request_hash, kind, payment_id, brand, player_id, currency, amount_minor, resolves)
    VALUES (the_key, the_hash, 'release', hold.payment_id, hold.brand, hold.player_id,
            hold.currency, hold.amount_minor, hold.id)
    RETURNING id INTO result.transfer_id;
    INSERT INTO entries (transfer_id, account_id, amount_minor, balance_after, version) VALUES
        (result.transfer_id, available.id, hold.amount_minor, available.balance, available.version),
        (result.transfer_id, held.id, -hold.amount_minor, held.balance, held.version);
    result.replayed := false;
    RETURN result;
END $$;

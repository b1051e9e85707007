-- Money of the house: between what a PSP has of ours and what became of it. One transfer per batch
-- and kind, each done once by its key. No account of the house is locked, so that nobody waits.
--
-- An amount is signed as in settlement lines. What it is about (the PSP, or of an entry the bank)
-- owes us that much more, or less below zero: its account goes down by it, the other one up.

-- The account that the amount is about, and the other one.
CREATE OR REPLACE FUNCTION wallet_sides(command jsonb, OUT mine text, OUT other text)
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT
        CASE kind WHEN 'bank_entry' THEN 'bank:' || (command ->> 'bank') ELSE 'psp' || at END,
        CASE kind
            WHEN 'settlement' THEN 'in_transit' || at
            WHEN 'bank_entry' THEN 'in_transit' || at
            WHEN 'fee' THEN 'fees' || at
            WHEN 'receivable' THEN wallet_receivable(command ->> 'brand', command ->> 'player')
            ELSE kind || at
        END
    FROM (VALUES (command ->> 'kind',
        format(':%s:%s', command ->> 'psp', command ->> 'account'))) AS c (kind, at);
$$;

-- What a player owes bounds their refunds: who holds for one has their account, and so do we.
CREATE OR REPLACE FUNCTION wallet_lock_debtors(commands jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM wallet_open(brand, player, currency)
    FROM jsonb_to_recordset(commands) AS c (kind text, brand text, player text, currency text)
    WHERE kind = 'receivable' ORDER BY brand, player, currency;
    PERFORM FROM accounts a WHERE (a.name, a.currency) IN (
        SELECT format('player:%s:%s:available', brand, player), currency
        FROM jsonb_to_recordset(commands) AS c (kind text, brand text, player text, currency text)
        WHERE kind = 'receivable') ORDER BY a.name, a.currency FOR NO KEY UPDATE;
END $$;

-- As rows; of several under one key the first is the one that may be posted.
CREATE OR REPLACE FUNCTION wallet_house_commands(commands jsonb)
RETURNS TABLE (place bigint, first boolean, key text, hash text, kind text, psp text, account text,
    payment text, brand text, player text, currency text, amount bigint, counter_currency text,
    counter_amount bigint, mine text, other text)
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT place, row_number() OVER (PARTITION BY command ->> 'key' ORDER BY place) = 1,
        command ->> 'key', command ->> 'hash', command ->> 'kind', command ->> 'psp',
        command ->> 'account', command ->> 'payment', command ->> 'brand', command ->> 'player',
        command ->> 'currency', (command ->> 'amount')::bigint, command ->> 'counter_currency',
        (command ->> 'counter_amount')::bigint, side.mine, side.other
    FROM jsonb_array_elements(commands) WITH ORDINALITY AS c (command, place),
        wallet_sides(command) AS side;
$$;

-- What each may write: two entries, four of a conversion into another currency.
CREATE OR REPLACE FUNCTION wallet_house_legs(commands jsonb)
RETURNS TABLE (key text, name text, currency text, amount bigint)
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT c.key, leg.name, leg.currency, leg.amount
    FROM wallet_house_commands(commands) c, LATERAL (VALUES
        (c.mine, c.currency, -c.amount), (c.other, c.currency, c.amount),
        (c.mine, c.counter_currency, -c.counter_amount),
        (c.other, c.counter_currency, c.counter_amount)) AS leg (name, currency, amount)
    WHERE c.first AND leg.currency IS NOT NULL;
$$;

-- Each command's own result, by its place. `commands`: [{"key", "hash", "kind", "psp", "account",
-- "bank", "currency", "amount", "counter_currency", "counter_amount", "payment", "brand",
-- "player"}], the last three of a receivable alone. Twins wait for each other at the key, and who
-- posts many comes there in the order of the keys.
CREATE OR REPLACE FUNCTION wallet_post_house(commands jsonb)
RETURNS TABLE (place bigint, transfer_id bigint, replayed boolean, refused text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    made bigint[];
BEGIN
    PERFORM wallet_lock_debtors(commands);
    INSERT INTO accounts (name, currency, purpose)
    SELECT DISTINCT leg.name, leg.currency, 'house' FROM wallet_house_legs(commands) leg
    WHERE NOT EXISTS (
        SELECT FROM accounts a WHERE a.name = leg.name AND a.currency = leg.currency)
    ORDER BY leg.name, leg.currency ON CONFLICT (name, currency) DO NOTHING;
    WITH posted AS (
        INSERT INTO transfers AS t (key, request_hash, kind, payment_id, brand, player_id, currency,
            amount_minor, counter_currency, counter_minor)
        SELECT key, hash, kind, payment, brand, player, currency, amount, counter_currency,
            counter_amount
        FROM wallet_house_commands(commands) WHERE first ORDER BY key
        ON CONFLICT (key) DO NOTHING RETURNING t.id, t.key
    ), written AS (
        INSERT INTO entries (transfer_id, account_id, amount_minor)
        SELECT posted.id, a.id, leg.amount
        FROM posted JOIN wallet_house_legs(commands) leg USING (key)
        JOIN accounts a ON a.name = leg.name AND a.currency = leg.currency
        ORDER BY posted.id, a.id
    )
    SELECT coalesce(array_agg(id), '{}') INTO made FROM posted;
    PERFORM expectation_open(t, c.mine, t.amount_minor, NULL, NULL)
    FROM transfers t JOIN wallet_house_commands(commands) c ON c.key = t.key AND c.first
    WHERE t.id = ANY (made) AND t.kind = 'receivable';
    -- A statement of its own: what a twin has done meanwhile is there for this one.
    RETURN QUERY
    SELECT c.place, CASE WHEN t.request_hash = c.hash THEN t.id END,
        t.request_hash = c.hash AND NOT (c.first AND t.id = ANY (made)),
        CASE WHEN t.request_hash <> c.hash THEN 'key_conflict' END
    FROM wallet_house_commands(commands) c JOIN transfers t ON t.key = c.key
    ORDER BY c.place;
END $$;

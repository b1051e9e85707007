-- What every command of the wallet is made of. The ledger is written by these functions alone, one
-- round trip per command.
--
-- Lock order, everywhere: the payment, the command's key, the player's available account, then the
-- held one. House accounts are never locked: they have entries and no balance row.

-- Both sides of a transfer are written by one statement, so a statement must balance; what has four
-- is a conversion, and balances in each of its currencies.
CREATE OR REPLACE FUNCTION entries_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    uneven boolean;
    has_conversions boolean;
BEGIN
    SELECT bool_or(total <> 0 OR sides < 2), bool_or(sides > 3) INTO uneven, has_conversions
    FROM (
        SELECT sum(amount_minor) AS total, count(*) AS sides FROM written GROUP BY transfer_id
    ) each_transfer;
    IF has_conversions THEN
        uneven := uneven OR EXISTS (
            SELECT FROM written w JOIN accounts a ON a.id = w.account_id
            GROUP BY w.transfer_id, a.currency HAVING sum(w.amount_minor) <> 0);
    END IF;
    IF uneven THEN
        RAISE EXCEPTION 'the entries of a transfer must sum to zero'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

-- An account of the house is made by the first command that needs it.
CREATE OR REPLACE FUNCTION wallet_house(the_name text, the_currency text) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    house bigint;
BEGIN
    SELECT id INTO house FROM accounts
    WHERE name = the_name AND currency = the_currency AND purpose = 'house';
    IF FOUND THEN
        RETURN house;
    END IF;
    INSERT INTO accounts (name, currency, purpose) VALUES (the_name, the_currency, 'house')
    ON CONFLICT (name, currency) DO NOTHING;
    SELECT id INTO STRICT house FROM accounts
    WHERE name = the_name AND currency = the_currency AND purpose = 'house';
    RETURN house;
END $$;

-- The account of what a player owes.
CREATE OR REPLACE FUNCTION wallet_receivable(the_brand text, the_player text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT format('receivable:%s:%s', the_brand, the_player);
$$;

-- A player's two accounts of a currency, without which there is nothing to lock.
CREATE OR REPLACE FUNCTION wallet_open(the_brand text, the_player text, the_currency text)
RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO accounts (name, currency, brand, player_id, purpose, balance)
    SELECT format('player:%s:%s:%s', the_brand, the_player, purpose), the_currency,
           the_brand, the_player, purpose, 0
    FROM unnest(ARRAY['available', 'held']) AS purpose
    ON CONFLICT (name, currency) DO NOTHING;
$$;

-- Moves a player's account by an amount, or gives NULL when it would go below zero.
CREATE OR REPLACE FUNCTION wallet_move(the_name text, the_currency text, by_minor bigint)
RETURNS accounts
LANGUAGE sql SET search_path = public, pg_temp AS $$
    UPDATE accounts SET balance = balance + by_minor, version = version + 1
    WHERE name = the_name AND currency = the_currency AND balance + by_minor >= 0
    RETURNING *;
$$;

-- What a command under this key got before, or NULL. Twins wait here for each other.
CREATE OR REPLACE FUNCTION wallet_recorded(the_key text, the_hash text) RETURNS wallet_result
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    found_hash text;
    result wallet_result;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(the_key, 0));
    SELECT request_hash, id, true INTO found_hash, result.transfer_id, result.replayed
    FROM transfers WHERE key = the_key;
    IF NOT FOUND THEN
        SELECT request_hash, reason INTO found_hash, result.refused
        FROM wallet_refusals WHERE key = the_key;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    IF found_hash <> the_hash THEN
        RETURN (NULL, false, 'key_conflict')::wallet_result;
    END IF;
    RETURN result;
END $$;

-- A refusal is a result too: the same command gets it again, whatever the balance is by then.
CREATE OR REPLACE FUNCTION wallet_refuse(the_key text, the_hash text, why text)
RETURNS wallet_result
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO wallet_refusals (key, request_hash, reason) VALUES (the_key, the_hash, why);
    RETURN (NULL, false, why)::wallet_result;
END $$;

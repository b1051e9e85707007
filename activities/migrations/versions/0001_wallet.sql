-- The ledger: accounts, transfers, entries. Written by the functions below alone, one round trip
-- per command; append-only by trigger and by grant.
--
-- Lock order, everywhere: the command's key, the player's available account, then the held one.
-- House accounts are never locked: they have entries and no balance row.

CREATE TABLE accounts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    currency   text NOT NULL,
    brand      text,
    player_id  text,
    purpose    text NOT NULL CHECK (purpose IN ('available', 'held', 'house')),
    balance    bigint,
    version    bigint NOT NULL DEFAULT 0,
    UNIQUE (name, currency),
    CONSTRAINT never_below_zero CHECK (balance >= 0),
    CONSTRAINT only_players_have_a_balance CHECK ((balance IS NULL) = (purpose = 'house')),
    CONSTRAINT only_players_have_a_name
        CHECK ((player_id IS NULL) = (purpose = 'house') AND (brand IS NULL) = (purpose = 'house'))
) WITH (fillfactor = 70);
CREATE INDEX accounts_of_player ON accounts (player_id, brand) WHERE player_id IS NOT NULL;

-- A hold is a pending transfer; the transfer that resolves it names it, and only one can.
CREATE TABLE transfers (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key          text NOT NULL UNIQUE,
    request_hash text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('credit', 'debit', 'hold', 'capture_hold', 'release')),
    payment_id   text NOT NULL,
    brand        text NOT NULL,
    player_id    text NOT NULL,
    currency     text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    against      bigint,
    resolves     bigint UNIQUE,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT only_holds_are_bounded CHECK (against IS NULL OR kind = 'hold'),
    CONSTRAINT only_a_resolution_resolves
        CHECK ((resolves IS NOT NULL) = (kind IN ('capture_hold', 'release')))
);
CREATE INDEX transfers_against ON transfers (against) WHERE against IS NOT NULL;
CREATE INDEX transfers_of_payment ON transfers (payment_id);

-- No foreign keys to accounts: their key-share locks on a hot account would halve the speed. The
-- functions prove that an account exists and has the currency.
CREATE TABLE entries (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transfer_id   bigint NOT NULL,
    account_id    bigint NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor <> 0),
    balance_after bigint,
    version       bigint,
    recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT a_balance_has_its_version CHECK ((balance_after IS NULL) = (version IS NULL))
);
CREATE UNIQUE INDEX entries_chain ON entries (account_id, version) WHERE version IS NOT NULL;
CREATE INDEX entries_of_transfer ON entries (transfer_id);

-- A refusal is a result too: the same command gets it again, whatever the balance is by then.
CREATE TABLE wallet_refusals (
    key          text PRIMARY KEY,
    request_hash text NOT NULL,
    reason       text NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: write a transfer that puts it right', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_refusals
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON accounts
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE FUNCTION entries_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM written GROUP BY transfer_id HAVING sum(amount_minor) <> 0 OR count(*) < 2
    ) THEN
        RAISE EXCEPTION 'the entries of a transfer must sum to zero'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

-- Both sides of a transfer are written by one statement, so a statement must balance.
CREATE TRIGGER entries_balance AFTER INSERT ON entries REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION entries_balance();

CREATE TYPE wallet_result AS (transfer_id bigint, replayed boolean, refused text);

-- What a command under this key got before, or NULL. Twins wait here for each other.
CREATE FUNCTION wallet_recorded(the_key text, the_hash text) RETURNS wallet_result
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

CREATE FUNCTION wallet_refuse(the_key text, the_hash text, why text) RETURNS wallet_result
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO wallet_refusals (key, request_hash, reason) VALUES (the_key, the_hash, why);
    RETURN (NULL, false, why)::wallet_result;
END $$;

CREATE FUNCTION wallet_house(the_name text, the_currency text) RETURNS bigint
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

CREATE FUNCTION wallet_open(the_brand text, the_player text, the_currency text) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO accounts (name, currency, brand, player_id, purpose, balance)
    SELECT format('player:%s:%s:%s', the_brand, the_player, purpose), the_currency,
           the_brand, the_player, purpose, 0
    FROM unnest(ARRAY['available', 'held']) AS purpose
    ON CONFLICT (name, currency) DO NOTHING;
$$;

-- Moves a player's account by an amount, or gives NULL when it would go below zero.
CREATE FUNCTION wallet_move(the_name text, the_currency text, by_minor bigint) RETURNS accounts
LANGUAGE sql SET search_path = public, pg_temp AS $$
    UPDATE accounts SET balance = balance + by_minor, version = version + 1
    WHERE name = the_name AND currency = the_currency AND balance + by_minor >= 0
    RETURNING *;
$$;

CREATE FUNCTION wallet_credit(
    the_key text, the_hash text, the_brand text, the_player text, the_source text,
    the_amount bigint, the_currency text, the_payment text
) RETURNS wallet_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    result wallet_result := wallet_recorded(the_key, the_hash);
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
    RETURNING id INTO result.transfer_id;
    INSERT INTO entries (transfer_id, account_id, amount_minor, balance_after, version) VALUES
        (result.transfer_id, available.id, the_amount, available.balance, available.version),
        (result.transfer_id, house, -the_amount, NULL, NULL);
    result.replayed := false;
    RETURN result;
END $$;

CREATE FUNCTION wallet_debit(
    the_key text, the_hash text, the_brand text, the_player text, the_destination text,
    the_amount bigint, the_currency text, the_payment text
) RETURNS wallet_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    result wallet_result := wallet_recorded(the_key, the_hash);
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
    RETURNING id INTO result.transfer_id;
    INSERT INTO entries (transfer_id, account_id, amount_minor, balance_after, version) VALUES
        (result.transfer_id, available.id, -the_amount, available.balance, available.version),
        (result.transfer_id, house, the_amount, NULL, NULL);
    result.replayed := false;
    RETURN result;
END $$;

-- Why a hold against a credit is refused, or NULL. The caller has locked the player's account,
-- so no other hold against this credit can come between.
CREATE FUNCTION wallet_beyond(
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
    IF taken + the_amount > credited.amount_minor THEN
        RETURN 'exceeds_credit';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION wallet_hold(
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
CREATE FUNCTION wallet_unresolved(hold transfers) RETURNS text
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

CREATE FUNCTION wallet_capture_hold(
    the_key text, the_hash text, hold_key text, the_destination text
) RETURNS wallet_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    result wallet_result := wallet_recorded(the_key, the_hash);
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
    RETURNING id INTO result.transfer_id;
    INSERT INTO entries (transfer_id, account_id, amount_minor, balance_after, version) VALUES
        (result.transfer_id, held.id, -hold.amount_minor, held.balance, held.version),
        (result.transfer_id, house, hold.amount_minor, NULL, NULL);
    result.replayed := false;
    RETURN result;
END $$;

CREATE FUNCTION wallet_release(the_key text, the_hash text, hold_key text)
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

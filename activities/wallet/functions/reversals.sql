-- What left a PSP without us (a refund or capture in its dashboard, a chargeback) is taken from the
-- player as far as it is there; the rest is owed: a receivable of the player's, never a balance
-- below zero. What comes back pays the receivable first.

-- What a player owes for one payment, in minor units.
CREATE OR REPLACE FUNCTION wallet_owed(
    the_payment text, the_brand text, the_player text, the_currency text
) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(-sum(e.amount_minor), 0)::bigint
    FROM transfers t JOIN entries e ON e.transfer_id = t.id JOIN accounts a ON a.id = e.account_id
    WHERE t.payment_id = the_payment AND a.purpose = 'house' AND a.currency = the_currency
      AND a.name = wallet_receivable(the_brand, the_player);
$$;

-- `by_minor` of the player's own, the rest of `the_amount` of what they owe; `sign` 1 gives, -1
-- takes.
CREATE OR REPLACE FUNCTION wallet_split(
    the_transfer bigint, sign integer, available accounts, by_minor bigint, the_amount bigint,
    the_brand text, the_player text, the_house text, the_currency text
) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO entries (transfer_id, account_id, amount_minor, balance_after, version)
    SELECT the_transfer, account_id, amount_minor, balance_after, version FROM (VALUES
        (available.id, sign * by_minor, available.balance, available.version),
        (CASE WHEN by_minor < the_amount THEN
            wallet_house(wallet_receivable(the_brand, the_player), the_currency) END,
            sign * (the_amount - by_minor), NULL, NULL),
        (wallet_house(the_house, the_currency), -sign * the_amount, NULL, NULL)
    ) AS side (account_id, amount_minor, balance_after, version) WHERE amount_minor <> 0;
END $$;

CREATE OR REPLACE FUNCTION wallet_claw_back(
    the_key text, the_hash text, the_brand text, the_player text, the_house text,
    the_amount bigint, the_currency text, the_payment text, the_facts jsonb,
    happened_at timestamptz
) RETURNS wallet_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    result wallet_result := wallet_recorded(the_key, the_hash);
    posted transfers;
    available accounts;
    there bigint;
BEGIN
    IF NOT result IS NULL THEN
        RETURN result;
    END IF;
    PERFORM wallet_open(the_brand, the_player, the_currency);
    SELECT * INTO available FROM accounts
    WHERE name = format('player:%s:%s:available', the_brand, the_player)
      AND currency = the_currency FOR NO KEY UPDATE;
    there := least(available.balance, the_amount);
    IF there > 0 THEN
        available := wallet_move(available.name, the_currency, -there);
    END IF;
    INSERT INTO transfers
        (key, request_hash, kind, payment_id, brand, player_id, currency, amount_minor)
    VALUES (the_key, the_hash, 'claw_back', the_payment, the_brand, the_player, the_currency,
            the_amount)
    RETURNING * INTO posted;
    PERFORM wallet_split(posted.id, -1, available, there, the_amount, the_brand,
        the_player, the_house, the_currency);
    PERFORM expectation_open(posted, the_house, -the_amount, the_facts, happened_at);
    result.transfer_id := posted.id;
    result.replayed := false;
    RETURN result;
END $$;

CREATE OR REPLACE FUNCTION wallet_restore(
    the_key text, the_hash text, the_brand text, the_player text, the_house text,
    the_amount bigint, the_currency text, the_payment text, the_facts jsonb,
    happened_at timestamptz
) RETURNS wallet_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    result wallet_result := wallet_recorded(the_key, the_hash);
    posted transfers;
    available accounts;
    given bigint;
BEGIN
    IF NOT result IS NULL THEN
        RETURN result;
    END IF;
    PERFORM wallet_open(the_brand, the_player, the_currency);
    SELECT * INTO available FROM accounts
    WHERE name = format('player:%s:%s:available', the_brand, the_player)
      AND currency = the_currency FOR NO KEY UPDATE;
    given := the_amount
        - least(wallet_owed(the_payment, the_brand, the_player, the_currency), the_amount);
    IF given > 0 THEN
        available := wallet_move(available.name, the_currency, given);
    END IF;
    INSERT INTO transfers
        (key, request_hash, kind, payment_id, brand, player_id, currency, amount_minor)
    VALUES (the_key, the_hash, 'restore', the_payment, the_brand, the_player, the_currency,
            the_amount)
    RETURNING * INTO posted;
    PERFORM wallet_split(posted.id, 1, available, given, the_amount, the_brand,
        the_player, the_house, the_currency);
    PERFORM expectation_open(posted, the_house, the_amount, the_facts, happened_at);
    result.transfer_id := posted.id;
    result.replayed := false;
    RETURN result;
END $$;

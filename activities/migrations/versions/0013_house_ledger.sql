-- Money of the house alone: settlements, fees, conversions, reserves and bank entries have no player.
-- Its amounts are signed as settlement lines are: above zero the PSP, or the bank, owes us more.
ALTER TABLE transfers
    ALTER payment_id DROP NOT NULL,
    ALTER brand DROP NOT NULL,
    ALTER player_id DROP NOT NULL,
    ADD COLUMN counter_currency text,
    ADD COLUMN counter_minor bigint,
    DROP CONSTRAINT transfers_kind_check,
    ADD CONSTRAINT transfers_kind_check CHECK (kind IN (
        'credit', 'debit', 'hold', 'capture_hold', 'release', 'claw_back', 'restore',
        'settlement', 'fee', 'fx', 'reserve', 'carried', 'suspense', 'bank_entry', 'receivable')),
    DROP CONSTRAINT transfers_amount_minor_check,
    ADD CONSTRAINT transfers_amount_minor_check CHECK (
        amount_minor > 0 OR amount_minor < 0 AND (brand IS NULL OR kind = 'receivable')),
    ADD CONSTRAINT only_the_house_has_no_player CHECK (
        (brand IS NULL) = (player_id IS NULL) AND (payment_id IS NULL) = (brand IS NULL)
        AND (brand IS NULL) = (kind IN (
            'settlement', 'fee', 'fx', 'reserve', 'carried', 'suspense', 'bank_entry'))),
    ADD CONSTRAINT a_receivable_is_what_left CHECK (kind <> 'receivable' OR amount_minor < 0),
    ADD CONSTRAINT only_a_conversion_has_two_currencies CHECK (
        (counter_currency IS NULL) = (counter_minor IS NULL)
        AND (counter_currency IS NULL OR kind = 'fx' AND counter_currency <> currency
            AND counter_minor <> 0)),
    -- The keys of payments' commands begin with the payment: what was refused there is not here.
    ADD CONSTRAINT the_house_has_keys_of_its_own CHECK (
        brand IS NOT NULL OR key !~ '^(in|po|re)_');
COMMENT ON COLUMN transfers.counter_currency IS
    'of a conversion, the currency into which it went; counter_minor is how much of it came';

-- Few beside payments' own: what is in transit, kept back or owed is read by them.
CREATE INDEX transfers_of_the_house ON transfers (kind)
    WHERE kind NOT IN ('credit', 'debit', 'hold', 'capture_hold', 'release');

-- They open what is expected of the PSP, and take what only the payment knows of it.
DROP FUNCTION IF EXISTS wallet_credit(text, text, text, text, text, bigint, text, text);
DROP FUNCTION IF EXISTS wallet_capture_hold(text, text, text, text);
DROP FUNCTION IF EXISTS wallet_claw_back(text, text, text, text, text, bigint, text, text);
DROP FUNCTION IF EXISTS wallet_restore(text, text, text, text, text, bigint, text, text);

-- Whether an entry of the bank names a payout. Banks change case, spaces, signs and line breaks of
-- what a PSP wrote, and cut it; digits and letters they leave.

CREATE OR REPLACE FUNCTION bank_words(reference text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT trim(regexp_replace(upper(reference), '[^A-Z0-9]+', ' ', 'g'))
$$;

-- A pattern over such words, which a line break inside of a word does not disturb, and which ends
-- where a word ends: PAYOUT 12 is not in PAYOUT 123. Null: too short to be no accident.
CREATE OR REPLACE FUNCTION bank_pattern(reference text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN length(letters) >= 6
        THEN '(^| )' || regexp_replace(letters, '(.)(?=.)', '\1 ?', 'g') || '( |$)' END
    FROM replace(bank_words(reference), ' ', '') AS letters
$$;

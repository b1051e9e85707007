-- What the tables of every group stand on: history that only grows, and the second wall between
-- brands. A session of the API says for which brands it asks (`paysaga.brands`, an array as text;
-- `{*}` is all of them); who has said nothing sees nothing. The policies that compare rows with it
-- are made with the grants, which know the roles' names.

-- Whoever owns the table may still not rewrite it by mistake.
CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: write a transfer that puts it right', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE FUNCTION brands_seen() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('paysaga.brands', true), ''), '{}')::text[];
$$;

-- Functions run as the owner, whom no policy stops: what they write is held against the session's
-- brands here. A session that never says any (a worker's, the owner's) is not held to any.
CREATE OR REPLACE FUNCTION brand_is_foreign(the_brand text)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_setting('paysaga.brands', true) <> ''
        AND NOT ARRAY[the_brand, '*'] && brands_seen();
$$;

-- The brand of the row, or the one that a query of the trigger's argument finds for it.
CREATE OR REPLACE FUNCTION within_brands() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    the_brand text;
BEGIN
    IF TG_NARGS = 0 THEN
        the_brand := NEW.brand;
    ELSE
        EXECUTE 'SELECT brand FROM ' || TG_ARGV[0] INTO the_brand USING NEW;
    END IF;
    IF brand_is_foreign(coalesce(the_brand, '')) THEN
        RAISE EXCEPTION 'a row of % is of a brand that this session does not act for', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

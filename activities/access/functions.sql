-- Credentials are found without being readable, and what was done with them is written down.

-- The credential of a prefix, ended ones too, so that nobody asks twice for what is known. A right
-- token is marked as used, once a minute at most.
CREATE OR REPLACE FUNCTION access_find(the_prefix text, the_hash text) RETURNS SETOF credentials
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE credentials SET last_used_at = now()
    WHERE prefix = the_prefix AND token_hash = the_hash AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > now())
      AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute');
    SELECT * FROM credentials WHERE prefix = the_prefix;
$$;

-- Which of these prefixes are valid; without any, all that are.
CREATE OR REPLACE FUNCTION access_live(prefixes text[]) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT prefix FROM credentials
    WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
      AND (prefixes IS NULL OR prefix = ANY (prefixes));
$$;

CREATE OR REPLACE FUNCTION access_act(action jsonb, the_brand text, the_subject text, the_key text)
RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO actions (actor, person, brand, remote, what, subject, reason, trace_id, key)
    VALUES (action ->> 'actor', action ->> 'person', the_brand, action ->> 'remote',
        action ->> 'what', the_subject, action ->> 'reason', action ->> 'trace_id', the_key);
$$;

-- Credentials of the API's callers. Tokens are kept as hashes; nothing is ever deleted.

CREATE TABLE credentials (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    token_hash text NOT NULL UNIQUE,
    roles      text[] NOT NULL,
    brands     text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
CREATE INDEX ix_credentials_name ON credentials (name);

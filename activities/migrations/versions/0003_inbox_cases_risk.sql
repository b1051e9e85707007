-- The inbox of verified facts, the cases that people decide, what compliance knows of players.

CREATE TABLE inbox_events (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    psp          text NOT NULL,
    event_id     text NOT NULL,
    payment_id   text NOT NULL,
    event        jsonb NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT now(),
    next_at      timestamptz NOT NULL DEFAULT now(),
    attempts     integer NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    parked       text,
    UNIQUE (psp, event_id)
);
CREATE INDEX inbox_undelivered ON inbox_events (next_at)
    WHERE delivered_at IS NULL AND parked IS NULL;
CREATE INDEX inbox_of_payment ON inbox_events (payment_id);

CREATE TABLE cases (
    key                  text PRIMARY KEY,
    payment_id           text NOT NULL,
    brand                text NOT NULL,
    kind                 text NOT NULL,
    summary              text NOT NULL,
    money_at_risk_minor  bigint,
    currency             text,
    facts                jsonb NOT NULL,
    opened_at            timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX cases_listed ON cases (brand, opened_at, key);
CREATE INDEX cases_of_payment ON cases (payment_id);

CREATE TABLE risk_players (
    brand      text NOT NULL,
    player_id  text NOT NULL,
    kyc        text NOT NULL,
    blocked    boolean NOT NULL,
    vip        boolean NOT NULL,
    country    text,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (brand, player_id)
);

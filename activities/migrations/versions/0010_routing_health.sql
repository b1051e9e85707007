-- How PSPs are: circuit breakers over what all workers saw. And what people stop by hand, the
-- payments that wait for it, and how fast a PSP may be asked.

-- One row per PSP, merchant account and method; the method `*` is for calls that have none. The
-- state is decided by the code, under the lock of the row.
CREATE TABLE routing_breakers (
    psp             text COLLATE "C" NOT NULL,
    account         text COLLATE "C" NOT NULL,
    method          text COLLATE "C" NOT NULL,
    state           text NOT NULL DEFAULT 'closed'
        CHECK (state IN ('closed', 'open', 'half_open')),
    since           timestamptz NOT NULL DEFAULT to_timestamp(0),
    opened          integer NOT NULL DEFAULT 0,
    failed_in_a_row integer NOT NULL DEFAULT 0,
    probes          timestamptz[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (psp, account, method)
);

-- What was seen since the breaker entered its state, by the second in which it was told.
CREATE TABLE routing_breaker_counts (
    psp      text COLLATE "C" NOT NULL,
    account  text COLLATE "C" NOT NULL,
    method   text COLLATE "C" NOT NULL,
    second   timestamptz NOT NULL,
    answered integer NOT NULL,
    failed   integer NOT NULL,
    PRIMARY KEY (psp, account, method, second)
);

CREATE TABLE routing_health_events (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    psp     text NOT NULL,
    account text NOT NULL,
    method  text NOT NULL,
    before  text NOT NULL,
    after   text NOT NULL,
    reason  text NOT NULL
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON routing_health_events
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- `*` stands for every brand, PSP, account or region. A stop is live until it is lifted; then what
-- it parked is released at a rate. `drained_until` is when the next one is due.
CREATE TABLE routing_stops (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    brand            text NOT NULL,
    psp              text NOT NULL,
    account          text NOT NULL,
    region           text NOT NULL,
    operation        text NOT NULL CHECK (operation IN ('captures', 'payouts')),
    reason           text NOT NULL,
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    lifted_by        text,
    lifted_at        timestamptz,
    drain_per_second double precision CHECK (drain_per_second > 0),
    drained_until    timestamptz
);
CREATE UNIQUE INDEX routing_stops_live ON routing_stops (brand, psp, account, region, operation)
    WHERE lifted_at IS NULL;
CREATE TRIGGER within_brands BEFORE INSERT OR UPDATE ON routing_stops
    FOR EACH ROW WHEN (brand_is_foreign(NEW.brand)) EXECUTE FUNCTION within_brands();

CREATE TABLE routing_stop_events (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stop_id          bigint NOT NULL,
    what             text NOT NULL CHECK (what IN ('set', 'lifted', 'rate')),
    reason           text NOT NULL,
    drain_per_second double precision,
    by               text NOT NULL,
    at               timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX routing_stop_events_of ON routing_stop_events (stop_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON routing_stop_events
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- A payment that waits for a stop. Without PSP and account: it could go to stopped ones only, and
-- waits for any of the stops. Released: it may go; told: its run knows, or is over; rerouted: it
-- was released and told to be routed anew.
CREATE TABLE routing_parked (
    payment_id   text NOT NULL,
    stop_id      bigint NOT NULL,
    brand        text NOT NULL,
    psp          text,
    account      text,
    region       text NOT NULL,
    operation    text NOT NULL,
    parked_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    released_at  timestamptz,
    leased_until timestamptz,
    told_at      timestamptz,
    run_over     boolean NOT NULL DEFAULT false,
    rerouted     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (payment_id, stop_id)
);
CREATE INDEX routing_parked_waiting ON routing_parked (stop_id, parked_at, payment_id)
    WHERE released_at IS NULL;
CREATE INDEX routing_parked_untold ON routing_parked (leased_until)
    WHERE released_at IS NOT NULL AND told_at IS NULL;

-- What a stop would touch: deposits that are authorised and not captured, payouts that were not
-- sent. Without PSP and account: not yet routed.
CREATE VIEW routing_movable WITH (security_invoker = true) AS
SELECT
    p.id AS payment_id, p.brand, p.region, p.currency, p.amount_minor, p.status,
    CASE p.kind WHEN 'deposit' THEN 'captures' ELSE 'payouts' END AS operation,
    coalesce(p.facts #>> '{account,psp}', r.first_psp) AS psp,
    coalesce(p.facts #>> '{account,id}', r.first_account) AS account
FROM payments p LEFT JOIN LATERAL (
    SELECT r.first_psp, r.first_account FROM routing_receipts r
    WHERE r.payment_id = p.id ORDER BY r.number DESC LIMIT 1
) r ON true
WHERE NOT p.final AND (
    p.kind = 'deposit' AND p.status IN ('AUTHORIZED', 'PARKED')
    OR p.kind = 'payout' AND p.status IN (
        'PAYOUT_SUBMITTED', 'PAYOUT_AWAITING_APPROVAL', 'PAYOUT_POSTPONED', 'PAYOUT_PARKED'
    )
);

-- How many of a stop's payments still wait.
CREATE VIEW routing_waiting WITH (security_invoker = true) AS
SELECT w.stop_id, w.payment_id, w.parked_at, p.brand, p.currency, p.amount_minor, p.status
FROM routing_parked w JOIN payments p ON p.id = w.payment_id
WHERE w.released_at IS NULL AND NOT p.final;

-- Append-only: the latest row of a PSP counts. Null is no limit.
CREATE TABLE routing_rates (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    psp        text NOT NULL,
    per_second double precision CHECK (per_second > 0),
    reason     text NOT NULL,
    set_by     text NOT NULL,
    set_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX routing_rates_latest ON routing_rates (psp, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON routing_rates
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

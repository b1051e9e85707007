-- Facts out: one notice for each version of each payment, delivered in order, kept for replay.

CREATE TABLE notices (
    payment_id   text NOT NULL,
    sequence     integer NOT NULL,
    brand        text NOT NULL,
    type         text NOT NULL,
    created_at   timestamptz NOT NULL,
    tx           bigint NOT NULL,
    state        text NOT NULL CHECK (state IN ('waiting', 'delivered', 'gave_up', 'kept')),
    next_at      timestamptz,
    until        timestamptz NOT NULL,
    attempts     integer NOT NULL,
    leased_until timestamptz,
    delivered_at timestamptz,
    last_result  text,
    PRIMARY KEY (payment_id, sequence),
    CHECK (state <> 'waiting' OR next_at IS NOT NULL)
) WITH (fillfactor = 80);
-- By brand, so that what waits for one receiver is never in the way of another's. By next_at and
-- not by state: whoever looks for one payment's waiting rows must not be led through everybody's,
-- as a planner whose statistics are older than a backlog would have it.
CREATE INDEX notices_due ON notices (brand, next_at) WHERE next_at IS NOT NULL;
-- By transaction, so that a reader who follows the feed misses none that commits late.
CREATE INDEX notices_fed ON notices (tx);

-- `PAYOUT_SETTLED` of a payout is `payout.settled`; a status that is new needs no line here.
CREATE FUNCTION notice_type(kind text, status text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT kind || '.' || lower(regexp_replace(status, '^' || upper(kind) || '_', ''));
$$;

-- Whatever writes a version writes its notice: there is no other way to make one, or to miss one.
-- Behind a predecessor that failed it waits as long as that one; the order itself is kept by
-- whoever leases, so a predecessor that is delivered meanwhile costs nothing.
CREATE FUNCTION notice_of_version() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO notices (
        payment_id, sequence, brand, type, created_at, tx, state, next_at, until, attempts
    )
    SELECT NEW.payment_id, NEW.version, p.brand, notice_type(p.kind, NEW.status),
        NEW.recorded_at, pg_current_xact_id()::text::bigint, 'waiting',
        coalesce(
            (SELECT n.next_at FROM notices n
             WHERE n.payment_id = NEW.payment_id AND n.sequence = NEW.version - 1),
            now()
        ),
        now() + interval '3 days', 0
    FROM payments p WHERE p.id = NEW.payment_id;
    RETURN NULL;
END $$;

CREATE TRIGGER told AFTER INSERT ON payment_events
    FOR EACH ROW EXECUTE FUNCTION notice_of_version();

-- What happened before there were notices is kept too, so that no payment's numbers have a gap.
INSERT INTO notices (
    payment_id, sequence, brand, type, created_at, tx, state, next_at, until, attempts
)
SELECT e.payment_id, e.version, p.brand, notice_type(p.kind, e.status), e.recorded_at,
    pg_current_xact_id()::text::bigint, 'kept', NULL, now(), 0
FROM payment_events e JOIN payments p ON p.id = e.payment_id;

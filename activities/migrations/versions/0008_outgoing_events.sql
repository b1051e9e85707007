-- Facts out: one event for each version of each payment, delivered in order, kept for replay.

CREATE TABLE outgoing_events (
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
CREATE INDEX outgoing_events_due ON outgoing_events (brand, next_at) WHERE next_at IS NOT NULL;
-- By transaction, so that a reader who follows the feed misses none that commits late.
CREATE INDEX outgoing_events_fed ON outgoing_events (tx);
-- Events come in the order of their time, so that a summary of each page is index enough; and the
-- marks of delivery, which change often, cost it nothing.
CREATE INDEX outgoing_events_by_time ON outgoing_events USING brin (created_at) WITH (autosummarize = on);

CREATE OR REPLACE FUNCTION outgoing_event_of_version() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE TRIGGER outgoing AFTER INSERT ON payment_events
    FOR EACH ROW EXECUTE FUNCTION outgoing_event_of_version();

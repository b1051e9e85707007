-- What came in, and what must go out.
--
-- An event about a payment that is still unknown may wait for it, for as long as somebody looks
-- again and again; after a set time it must have a case, which a person may since have resolved.
-- It is a case about this event, or about the run that would have heard it: no other excuses it.

-- with
events AS (
    SELECT i.*, p.id IS NOT NULL AS known,
        EXISTS (SELECT FROM cases c WHERE c.payment_id = i.payment_id
            AND (c.kind = 'run_lost' OR starts_with(c.key, i.psp || ':' || i.event_id || ':')))
            AS has_case,
        i.delivered_at IS NULL AND coalesce(i.parked, '') = '' AS open
    FROM inbox_events i LEFT JOIN payments p ON p.id = i.payment_id
), late AS (
    SELECT * FROM events
    WHERE open AND NOT has_case AND received_at <= now() - :patience AND (
        known OR received_at <= now() - :waiting
        OR next_at <= now() - greatest(:patience, interval '2 minutes'))
), heads AS (
    SELECT DISTINCT ON (payment_id) * FROM outgoing_events WHERE state = 'waiting'
    ORDER BY payment_id, sequence
)

-- I7: Every verified event is delivered, put aside with a reason, has a case, or is young
-- compared
SELECT format('%s events, %s delivered, %s put aside, %s under way, %s wait for their payment',
    count(*), count(delivered_at), count(parked), count(*) FILTER (WHERE open AND known),
    count(*) FILTER (WHERE open AND NOT known))
FROM events
-- wrong
SELECT format('%s %s for %s: received %s, %s attempts', psp, event_id, payment_id, received_at,
    attempts)
FROM late

-- I7: Every delivered event is about a payment there is
-- compared
SELECT format('%s delivered', count(delivered_at)) FROM events
-- wrong
SELECT format('%s %s: delivered to %s, which is no payment', psp, event_id, payment_id)
FROM events WHERE delivered_at IS NOT NULL AND NOT known

-- I9: Every version of a payment has its outgoing event
-- compared
SELECT format('%s outgoing events, %s delivered, %s given up, %s kept', count(*), count(delivered_at),
    count(*) FILTER (WHERE state = 'gave_up'), count(*) FILTER (WHERE state = 'kept'))
FROM outgoing_events
-- wrong
SELECT format('%s version %s: outgoing event %s', coalesce(e.payment_id, n.payment_id),
    coalesce(e.version::text, 'none'), coalesce(n.sequence::text, 'none'))
FROM payment_events e
FULL JOIN outgoing_events n ON n.payment_id = e.payment_id AND n.sequence = e.version
WHERE e.payment_id IS NULL OR n.payment_id IS NULL

-- I9: No outgoing event that is due lies idle, none waits beyond its time
-- compared
SELECT format('%s wait, of %s payments, the oldest since %s', count(*), count(DISTINCT payment_id),
    coalesce(min(created_at)::text, 'never'))
FROM outgoing_events WHERE state = 'waiting'
-- wrong
SELECT format('%s outgoing event %s of %s: due since %s, %s attempts', payment_id, sequence, brand, next_at,
    attempts)
FROM heads
WHERE (next_at <= now() - :patience AND coalesce(leased_until, next_at) <= now() - :patience)
    OR until <= now() - :patience - interval '2 hours'

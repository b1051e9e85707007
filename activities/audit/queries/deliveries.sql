-- What came in.

-- I7: Every verified event is delivered, put aside with a reason, has a case, or is young
-- compared
SELECT format('%s events, %s delivered, %s put aside, %s under way', count(*), count(delivered_at),
    count(parked), count(*) FILTER (WHERE delivered_at IS NULL AND parked IS NULL))
FROM inbox_events
-- wrong
SELECT format('%s %s for %s: received %s, %s attempts', psp, event_id, payment_id, received_at,
    attempts)
FROM inbox_events i
WHERE delivered_at IS NULL AND coalesce(parked, '') = '' AND received_at <= now() - :patience
    AND NOT EXISTS (SELECT FROM cases c WHERE c.payment_id = i.payment_id)

-- I7: Every delivered event is about a payment there is
-- compared
SELECT format('%s delivered', count(delivered_at)) FROM inbox_events
-- wrong
SELECT format('%s %s: delivered to %s, which is no payment', psp, event_id, payment_id)
FROM inbox_events i WHERE delivered_at IS NOT NULL
    AND NOT EXISTS (SELECT FROM payments p WHERE p.id = i.payment_id)

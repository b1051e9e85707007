-- The ledger against the registry, and the registry against its own history.
--
-- A payment that is not over is under way: only what is final must have come out even. No case
-- excuses anything here: both sides are ours, and are written in one statement.

-- with
money AS (
    SELECT payment_id,
        coalesce(sum(amount_minor) FILTER (WHERE kind = 'credit'), 0) AS credited,
        coalesce(sum(amount_minor) FILTER (WHERE kind = 'capture_hold'), 0) AS taken,
        coalesce(sum(CASE kind WHEN 'claw_back' THEN amount_minor ELSE -amount_minor END)
            FILTER (WHERE kind IN ('claw_back', 'restore', 'receivable')), 0) AS clawed,
        coalesce(sum(amount_minor) FILTER (WHERE kind = 'hold'), 0)
            - coalesce(sum(amount_minor) FILTER (WHERE kind IN ('capture_hold', 'release')), 0)
            AS held
    FROM transfers GROUP BY payment_id
), gone AS (
    -- What left at the PSP without us, less what came back: a refund that failed is none.
    SELECT p.id, coalesce(sum(minor) FILTER (WHERE operation = 'refund' AND NOT p.facts
            -> 'reversals' @> jsonb_build_array(jsonb_build_object(
                'operation', 'refund_failed', 'psp_ref', psp_ref))), 0)
        + greatest(0, coalesce(sum(minor) FILTER (WHERE operation = 'chargeback'), 0)
            - coalesce(sum(minor) FILTER (WHERE operation = 'chargeback_reversed'), 0)) AS minor
    FROM payments p, jsonb_array_elements(
        CASE jsonb_typeof(p.facts -> 'reversals') WHEN 'array' THEN p.facts -> 'reversals'
            ELSE '[]' END) AS r,
    LATERAL (SELECT r ->> 'operation' AS operation, r ->> 'psp_ref' AS psp_ref,
        (r -> 'amount' ->> 'minor_units')::bigint AS minor) AS each_reversal
    GROUP BY p.id
), each AS (
    SELECT p.*, coalesce(m.credited, 0) AS credited, coalesce(m.taken, 0) AS taken,
        coalesce(m.clawed, 0) AS clawed, coalesce(m.held, 0) AS held,
        coalesce((p.facts -> 'captured' ->> 'minor_units')::bigint, 0) AS captured,
        coalesce(g.minor, 0) AS gone
    FROM payments p LEFT JOIN money m ON m.payment_id = p.id LEFT JOIN gone g ON g.id = p.id
)

-- I3: A deposit is credited with what was captured
-- compared
SELECT format('%s deposits credited %s %s, %s under way', count(*), sum(credited), currency,
    count(*) FILTER (WHERE NOT final))
FROM each WHERE kind = 'deposit' GROUP BY currency ORDER BY currency
-- wrong
SELECT format('%s (%s): captured %s, credited %s %s', id, status, captured, credited, currency)
FROM each WHERE kind = 'deposit' AND final AND credited <> captured

-- I3: What left at the PSP without us was taken back, and the deposit says so
-- compared
SELECT format('%s deposits are reversed, %s %s taken back', count(*) FILTER (WHERE gone <> 0),
    sum(clawed), currency)
FROM each WHERE kind = 'deposit' GROUP BY currency ORDER BY currency
-- wrong
SELECT format('%s (%s): %s left without us, %s taken back %s', id, status, gone, clawed, currency)
FROM each WHERE kind = 'deposit' AND (clawed <> gone OR clawed NOT BETWEEN 0 AND credited
    OR final AND (status = 'REVERSED') <> (gone <> 0))

-- I3: A payout or refund takes its money exactly when it is done
-- compared
SELECT format('%s %ss took %s %s, %s under way', count(*), kind, sum(taken + clawed - credited),
    currency,
    count(*) FILTER (WHERE NOT final))
FROM each WHERE kind <> 'deposit' GROUP BY kind, currency ORDER BY kind, currency
-- wrong
SELECT format('%s (%s) of %s %s: took %s', id, status, amount_minor, currency,
    taken + clawed - credited)
FROM each WHERE kind <> 'deposit' AND final AND taken + clawed - credited <>
    CASE WHEN status IN ('PAYOUT_SETTLED', 'REFUND_PROCESSED') THEN amount_minor ELSE 0 END

-- I3: A payment that is over holds nothing
-- compared
SELECT format('%s %s held', sum(held), currency) FROM each GROUP BY currency ORDER BY currency
-- wrong
SELECT format('%s (%s): still holds %s %s', id, status, held, currency)
FROM each WHERE final AND held <> 0

-- I3: Money moves for payments alone, of their player, in their currency
-- compared
SELECT format('%s transfers', count(*)) FROM transfers
-- wrong
SELECT format('transfer %s (%s) of %s / %s in %s: %s', t.id, t.key, t.brand, t.player_id,
    t.currency, CASE WHEN p.id IS NULL THEN 'no such payment'
        ELSE format('a payment of %s / %s in %s', p.brand, p.player_id, p.currency) END)
FROM transfers t LEFT JOIN payments p ON p.id = t.payment_id
WHERE t.brand IS NOT NULL AND p.id IS NULL
    OR t.brand IS NOT NULL AND (t.brand, t.player_id, t.currency) IS DISTINCT FROM (p.brand, p.player_id, p.currency)

-- I5: What is credited or taken never exceeds what was asked for
-- compared
SELECT format('%s payments', count(*)) FROM payments
-- wrong
SELECT format('%s: asked for %s %s, credited %s, taken %s, held %s', id, amount_minor, currency,
    credited, taken + clawed, held)
FROM each WHERE CASE kind WHEN 'deposit' THEN greatest(credited, taken + held)
    ELSE greatest(taken + held, taken + clawed - credited + held, credited - taken - clawed) END
    > amount_minor

-- I5: Refunds of a deposit never exceed its credit, and are held against it
-- compared
SELECT format('%s refunds', count(*)) FROM payments WHERE kind = 'refund'
-- wrong
SELECT format('%s: credited %s %s, refunds took and hold %s', d.id, d.credited, d.currency,
    sum(r.taken + r.clawed - r.credited + r.held))
FROM each d JOIN each r ON r.intent_id = d.id AND r.kind = 'refund'
GROUP BY d.id, d.credited, d.currency
HAVING sum(r.taken + r.clawed - r.credited + r.held) > d.credited
UNION ALL
SELECT format('%s: held against nothing', h.key)
FROM transfers h JOIN payments r ON r.id = h.payment_id
WHERE h.kind = 'hold' AND r.kind = 'refund' AND h.against IS NULL

-- I6: A wallet key is of its payment, and is either done or refused
-- compared
SELECT format('%s keys done, %s refused', (SELECT count(*) FROM transfers),
    (SELECT count(*) FROM wallet_refusals))
-- wrong
SELECT format('%s moved money of payment %s', key, payment_id)
FROM transfers WHERE split_part(key, ':', 1) <> payment_id
UNION ALL
SELECT format('%s was done as transfer %s and refused: %s', t.key, t.id, r.reason)
FROM transfers t JOIN wallet_refusals r USING (key)

-- I6: A deposit is credited once, a payout or refund taken once
-- compared
SELECT format('%s payments moved money', count(DISTINCT payment_id)) FROM transfers
-- wrong
SELECT format('%s: %s transfers of kind %s: %s', t.payment_id, count(*), t.kind,
    string_agg(t.key, ', ' ORDER BY t.id))
FROM transfers t LEFT JOIN payments p ON p.id = t.payment_id
WHERE t.kind IN ('credit', 'capture_hold', 'hold')
GROUP BY t.payment_id, t.kind, p.kind, p.facts
-- A payout or refund is given back as often as it came back.
HAVING count(*) > CASE WHEN t.kind = 'credit' AND p.kind <> 'deposit'
    THEN coalesce(jsonb_array_length(p.facts -> 'returns'), 0) ELSE 1 END

-- I6: An idempotency key has its effect, a payment its key
-- compared
SELECT format('%s keys, %s payments', count(*), count(DISTINCT p.id))
FROM idempotency_keys k LEFT JOIN payments p ON p.id = k.resource_id
-- wrong
SELECT format('key %s of %s: there is no payment %s', left(k.key, 40), k.brand, k.resource_id)
FROM idempotency_keys k WHERE k.resource_id ~ '^(in|po|re)_'
    AND NOT EXISTS (SELECT FROM payments p WHERE p.id = k.resource_id)
UNION ALL
SELECT format('%s was opened under no key', p.id) FROM payments p
WHERE NOT EXISTS (SELECT FROM idempotency_keys k WHERE k.resource_id = p.id)

-- I9: What happened to a payment is numbered without a gap
-- compared
SELECT format('%s events of %s payments', count(*), count(DISTINCT payment_id)) FROM payment_events
-- wrong
SELECT format('%s at version %s: %s events from %s to %s', coalesce(p.id, e.payment_id), p.version,
    count(e.version), min(e.version), max(e.version))
FROM payments p FULL JOIN payment_events e ON e.payment_id = p.id
GROUP BY p.id, e.payment_id
HAVING p.id IS NULL OR count(e.version) <> p.version OR max(e.version) <> p.version
    OR min(e.version) <> 1

-- I11: A payment says what its last event says
-- compared
SELECT format('%s payments', count(*)) FROM payments
-- wrong
SELECT format('%s: %s (final: %s), its event %s: %s (final: %s)', p.id, p.status, p.final,
    e.version, e.status, e.final)
FROM payments p JOIN payment_events e ON e.payment_id = p.id AND e.version = p.version
WHERE (p.status, p.final, p.facts) IS DISTINCT FROM (e.status, e.final, e.facts)

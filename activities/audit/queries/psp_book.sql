-- Our ledger against the PSP's own book.
--
-- The book is read after the snapshot of our database was taken, so it knows at least as much.
-- Ours may lag behind it by entries that are young; `steps` is what the book came to after each
-- of its entries, and when it went on from there.
--
-- An open case excuses what it is about and nothing else: by its operation it says in which
-- direction the two books may differ, and by at most its money at risk. What was paid out or
-- refunded twice is gone: no case excuses it.

-- with
book AS (
    SELECT sequence, operation, reference, amount, currency, at,
        split_part(reference, ':', 1) AS payment_id,
        'psp:' || :psp || ':' || merchant_account AS account
    FROM jsonb_to_recordset(:journal) AS line (sequence bigint, operation text, reference text,
        merchant_account text, amount bigint, currency text, outcome text, at timestamptz)
    WHERE outcome = 'approved'
), moved AS (
    SELECT *, CASE WHEN operation IN ('capture', 'refund_failed', 'chargeback_reversed')
        THEN amount ELSE -amount END AS gained
    FROM book WHERE operation IN ('capture', 'refund', 'payout', 'refund_failed', 'chargeback',
        'chargeback_reversed')
), held AS (
    SELECT account, payment_id, currency, max(at) AS last_at,
        sum(CASE operation WHEN 'authorization' THEN amount ELSE -amount END) AS amount
    FROM book WHERE operation IN ('authorization', 'capture', 'void')
    GROUP BY account, payment_id, currency
), limits AS (
    SELECT coalesce(p.intent_id, b.payment_id) AS intent, b.currency,
        coalesce(sum(amount) FILTER (WHERE operation = 'authorization'), 0) AS authorized,
        coalesce(sum(amount) FILTER (WHERE operation = 'capture'), 0) AS captured,
        coalesce(sum(CASE operation WHEN 'refund' THEN amount ELSE -amount END)
            FILTER (WHERE operation IN ('refund', 'refund_failed')), 0) AS refunded
    FROM book b LEFT JOIN payments p ON p.id = b.payment_id
    WHERE operation IN ('authorization', 'capture', 'refund', 'refund_failed')
    GROUP BY coalesce(p.intent_id, b.payment_id), b.currency
), steps AS (
    SELECT account, payment_id, currency, sum(gained) OVER w AS reached,
        lead(at) OVER w AS went_on_at
    FROM moved WINDOW w AS (PARTITION BY account, payment_id, currency ORDER BY sequence)
    UNION ALL
    SELECT account, payment_id, currency, 0, min(at) FROM moved
    GROUP BY account, payment_id, currency
), theirs AS (
    SELECT account, payment_id, currency, sum(gained) AS amount
    FROM moved GROUP BY account, payment_id, currency
), ours AS (
    SELECT a.name AS account, coalesce(t.payment_id, 'no transfer') AS payment_id, a.currency,
        -sum(e.amount_minor) AS amount
    FROM entries e JOIN accounts a ON a.id = e.account_id
    LEFT JOIN transfers t ON t.id = e.transfer_id
    -- What was settled is in the ledger alone: the book tells what moved, and not when it was paid.
    WHERE a.purpose = 'house' AND starts_with(a.name, 'psp:' || :psp || ':')
        AND (t.id IS NULL OR t.payment_id IS NOT NULL)
    GROUP BY a.name, t.payment_id, a.currency
), both_books AS (
    SELECT account, payment_id, currency, coalesce(theirs.amount, 0) AS theirs,
        coalesce(ours.amount, 0) AS ours
    FROM theirs FULL JOIN ours USING (account, payment_id, currency)
), known AS (
    -- What each open case is about; what the inbox opened is about its event.
    SELECT c.payment_id, c.currency, c.money_at_risk_minor AS risk,
        CASE WHEN c.kind <> 'run_lost' THEN coalesce(c.facts ->> 'operation',
            e.event ->> 'operation') WHEN p.kind = 'deposit' THEN 'capture' ELSE 'payout' END
            AS operation,
        coalesce(c.facts ->> 'reply', e.event -> 'reply' ->> 'kind', 'in doubt') AS reply,
        coalesce(c.facts ->> 'sale', '') = 'true' AS sale
    FROM cases c LEFT JOIN payments p ON p.id = c.payment_id
    LEFT JOIN inbox_events e ON e.payment_id = c.payment_id
        AND starts_with(c.key, e.psp || ':' || e.event_id || ':')
    WHERE c.state = 'open'
        AND NOT (c.kind = 'double' AND c.facts ->> 'operation' IN ('payout', 'refund'))
        -- What it says is gone is booked.
        AND NOT (c.kind = 'money_gone' AND coalesce(p.facts -> 'reversals' @> jsonb_build_array(
            jsonb_build_object('psp_ref', c.facts ->> 'psp_ref')), false))
), excused AS (
    SELECT payment_id, currency,
        sum(risk) FILTER (WHERE operation IN ('authorize', 'capture', 'chargeback_reversed')
            AND reply IN ('approved', 'in doubt')
            OR operation = 'void' AND sale
            OR operation IN ('payout', 'refund') AND reply = 'declined') AS more,
        sum(risk) FILTER (WHERE operation IN ('payout', 'refund', 'chargeback')
            AND reply IN ('approved', 'in doubt')
            OR operation = 'capture' AND reply = 'declined') AS less,
        sum(risk) FILTER (WHERE operation IN ('authorize', 'void')) AS held
    FROM known GROUP BY payment_id, currency
), judged AS (
    SELECT b.account, b.payment_id, b.currency, b.theirs, b.ours, b.theirs - b.ours AS difference,
        coalesce(bool_or(s.went_on_at > now() - :patience), false) AS young,
        coalesce(CASE WHEN b.theirs > b.ours THEN x.more ELSE x.less END, 0)
            >= abs(b.theirs - b.ours) AS has_case
    FROM both_books b LEFT JOIN steps s ON s.account = b.account AND s.payment_id = b.payment_id
        AND s.currency = b.currency AND s.reached = b.ours
    LEFT JOIN excused x ON x.payment_id = b.payment_id AND x.currency = b.currency
    GROUP BY b.account, b.payment_id, b.currency, b.theirs, b.ours, x.more, x.less
)

-- I3: What the PSP took and gave for a payment is what the ledger says
-- compared
SELECT format('%s payments, %s %s, %s under way, %s with a case', count(*), sum(theirs), currency,
    count(*) FILTER (WHERE difference <> 0 AND young AND NOT has_case),
    count(*) FILTER (WHERE difference <> 0 AND has_case))
FROM judged GROUP BY currency ORDER BY currency
-- wrong
SELECT format('%s at %s: the PSP has %s, the ledger %s %s', payment_id, account, theirs, ours,
    currency)
FROM judged WHERE difference <> 0 AND NOT young AND NOT has_case

-- I4: What a merchant account owes us is what its clearing account says
-- compared
SELECT format('%s %s %s, %s of it under way', account, sum(theirs), currency,
    coalesce(sum(difference) FILTER (WHERE young OR has_case), 0))
FROM judged GROUP BY account, currency ORDER BY account, currency
-- wrong
SELECT format('%s: the PSP has %s, the ledger %s %s, under way %s', account, sum(theirs), sum(ours),
    currency, coalesce(sum(difference) FILTER (WHERE young OR has_case), 0))
FROM judged GROUP BY account, currency
HAVING sum(difference) FILTER (WHERE NOT young AND NOT has_case) <> 0

-- I4: Nothing stays held at the PSP for a payment that is over
-- compared
SELECT format('%s %s held', sum(amount), currency) FROM held GROUP BY currency ORDER BY currency
-- wrong
SELECT format('%s (%s) at %s: %s %s held', h.payment_id, p.status, h.account, h.amount, h.currency)
FROM held h JOIN payments p ON p.id = h.payment_id
LEFT JOIN excused x ON x.payment_id = h.payment_id AND x.currency = h.currency
WHERE abs(h.amount) > coalesce(x.held, 0) AND p.final AND h.last_at <= now() - :patience

-- I5: The PSP captured at most what it had authorized, refunded at most what it captured
-- compared
SELECT format('%s authorized, %s captured, %s refunded %s', sum(authorized), sum(captured),
    sum(refunded), currency)
FROM limits GROUP BY currency ORDER BY currency
-- wrong
SELECT format('%s: authorized %s, captured %s, refunded %s %s', intent, authorized, captured,
    refunded, currency)
FROM limits WHERE captured > authorized OR refunded > captured

-- I6: One key moved money once at the PSP
--
-- What others did there has no key of ours: it stands under that of the authorization. A capture
-- that was done twice may have a case, or have been refunded by order of one.
-- compared
SELECT format('%s keys', count(DISTINCT (account, reference))) FROM moved
-- wrong
SELECT format('%s at %s: %s times, %s %s', m.reference, m.account, count(*), sum(m.amount),
    m.currency)
FROM moved m
WHERE m.operation = 'capture'
    OR m.operation IN ('payout', 'refund') AND split_part(m.reference, ':', 2)
        NOT IN ('authorize', 'sale')
GROUP BY m.reference, m.account, m.operation, m.currency, m.payment_id
HAVING count(*) > 1 AND sum(m.amount) - max(m.amount) > CASE WHEN m.operation = 'capture' THEN
    coalesce((SELECT sum(r.amount) FROM moved r WHERE r.operation = 'refund'
        AND r.payment_id = m.payment_id AND r.currency = m.currency
        AND starts_with(split_part(r.reference, ':', 2), 'case-')), 0)
    + coalesce((SELECT x.more FROM excused x WHERE x.payment_id = m.payment_id
        AND x.currency = m.currency), 0) ELSE 0 END

-- The ledger against itself.

-- I1: Every currency sums to zero
-- compared
SELECT format('%s %s moved by %s entries', a.currency,
    sum(e.amount_minor) FILTER (WHERE e.amount_minor > 0), count(*))
FROM entries e JOIN accounts a ON a.id = e.account_id
GROUP BY a.currency ORDER BY a.currency
-- wrong
SELECT format('%s sums to %s', coalesce(a.currency, 'what is on no account'), sum(e.amount_minor))
FROM entries e LEFT JOIN accounts a ON a.id = e.account_id
GROUP BY a.currency HAVING sum(e.amount_minor) <> 0 OR a.currency IS NULL

-- I1: Every transfer has two sides that are its amount
--
-- The player's side of what is clawed back or restored may be two: what was there, what is owed. A
-- conversion has two in each of its currencies.
-- compared
SELECT format('%s transfers', count(*)) FROM transfers
-- wrong
SELECT format('transfer %s (%s) of %s: %s entries, from %s to %s',
    coalesce(t.id, e.transfer_id), t.key, t.amount_minor, count(e.id), min(e.amount_minor),
    max(e.amount_minor))
FROM transfers t FULL JOIN entries e ON e.transfer_id = t.id
GROUP BY t.id, e.transfer_id
HAVING t.id IS NULL OR sum(e.amount_minor) <> 0
    OR greatest(max(e.amount_minor), -min(e.amount_minor))
        <> greatest(abs(t.amount_minor), abs(coalesce(t.counter_minor, 0)))
    OR NOT (count(e.id) = 3 AND t.kind IN ('claw_back', 'restore')
        OR count(e.id) = CASE WHEN t.counter_currency IS NULL THEN 2 ELSE 4 END)

-- I1: Every entry is in the currency of its transfer
-- compared
SELECT format('%s entries', count(*)) FROM entries
-- wrong
SELECT format('entry %s: %s %s, of transfer %s in %s', e.id, a.name, a.currency, t.id, t.currency)
FROM entries e JOIN transfers t ON t.id = e.transfer_id LEFT JOIN accounts a ON a.id = e.account_id
WHERE a.currency IS DISTINCT FROM t.currency
    AND (t.counter_currency IS NULL OR a.currency IS DISTINCT FROM t.counter_currency)

-- I2: Every balance is the sum of its entries, its version their number
-- compared
SELECT format('%s balances, %s entries', count(*), coalesce(sum(version), 0))
FROM accounts WHERE purpose <> 'house'
-- wrong
SELECT format('%s %s: balance %s, its entries %s; version %s, entries %s', a.name, a.currency,
    a.balance, coalesce(sum(e.amount_minor), 0), a.version, count(e.id))
FROM accounts a LEFT JOIN entries e ON e.account_id = a.id
WHERE a.purpose <> 'house' GROUP BY a.id
HAVING a.balance <> coalesce(sum(e.amount_minor), 0) OR a.version <> count(e.id)

-- I2: Every chain of balances is without a gap
-- compared
SELECT format('%s links of %s chains', count(*), count(DISTINCT account_id))
FROM entries WHERE version IS NOT NULL
-- wrong
SELECT format('%s %s: entry %s has version %s and leaves %s; expected %s and %s', a.name,
    a.currency, c.id, c.version, c.balance_after, c.place, c.before + c.amount_minor)
FROM (
    SELECT id, account_id, balance_after, amount_minor, version,
        lag(balance_after, 1, 0::bigint) OVER w AS before, row_number() OVER w AS place
    FROM entries WHERE version IS NOT NULL
    WINDOW w AS (PARTITION BY account_id ORDER BY version)
) c JOIN accounts a ON a.id = c.account_id
WHERE c.before + c.amount_minor <> c.balance_after OR c.version <> c.place

-- I2: No balance is, or ever was, below zero
-- compared
SELECT format('%s balances', count(*)) FROM accounts WHERE purpose <> 'house'
-- wrong
SELECT format('%s %s: balance %s', name, currency, balance) FROM accounts WHERE balance < 0
UNION ALL
SELECT format('%s %s: entry %s left %s', a.name, a.currency, e.id, e.balance_after)
FROM entries e JOIN accounts a ON a.id = e.account_id WHERE e.balance_after < 0

-- I2: What is held is the holds that are not resolved
-- compared
SELECT format('%s %s held', sum(balance), currency) FROM accounts
WHERE purpose = 'held' GROUP BY currency ORDER BY currency
-- wrong
SELECT format('%s %s: balance %s, unresolved holds %s', a.name, a.currency, a.balance,
    coalesce(p.amount, 0))
FROM accounts a LEFT JOIN (
    SELECT h.brand, h.player_id, h.currency, sum(h.amount_minor) AS amount FROM transfers h
    WHERE h.kind = 'hold' AND NOT EXISTS (SELECT FROM transfers r WHERE r.resolves = h.id)
    GROUP BY h.brand, h.player_id, h.currency
) p USING (brand, player_id, currency)
WHERE a.purpose = 'held' AND a.balance <> coalesce(p.amount, 0)

-- I2: What a player owes is what was clawed back and not there, and never less than nothing
-- compared
SELECT format('%s %s owed by %s players', -sum(e.amount_minor), a.currency, count(DISTINCT a.id))
FROM entries e JOIN accounts a ON a.id = e.account_id
WHERE starts_with(a.name, 'receivable:') GROUP BY a.currency ORDER BY a.currency
-- wrong
SELECT format('%s %s: less than nothing is owed: %s', a.name, a.currency, -sum(e.amount_minor))
FROM entries e JOIN accounts a ON a.id = e.account_id
WHERE starts_with(a.name, 'receivable:') GROUP BY a.id HAVING sum(e.amount_minor) > 0
UNION ALL
SELECT format('%s %s: moved by transfer %s (%s) of %s / %s', a.name, a.currency, t.id, t.key,
    t.brand, t.player_id)
FROM entries e JOIN accounts a ON a.id = e.account_id JOIN transfers t ON t.id = e.transfer_id
WHERE starts_with(a.name, 'receivable:') AND (t.kind NOT IN ('claw_back', 'restore', 'receivable')
    OR a.name <> format('receivable:%s:%s', t.brand, t.player_id))
UNION ALL
SELECT format('transfer %s (%s): %s left with the player, %s owed', t.id, t.key, mine.balance_after,
    -owed.amount_minor)
FROM transfers t JOIN entries owed ON owed.transfer_id = t.id
JOIN accounts a ON a.id = owed.account_id AND starts_with(a.name, 'receivable:')
JOIN entries mine ON mine.transfer_id = t.id AND mine.balance_after > 0
WHERE t.kind = 'claw_back'

-- I5: What is taken back of a credit never exceeds it
-- compared
SELECT format('%s holds against %s credits', count(*), count(DISTINCT against))
FROM transfers WHERE against IS NOT NULL
-- wrong
SELECT format('%s: credited %s %s, held or taken back %s', c.key, c.amount_minor, c.currency,
    max(m.taken))
FROM (
    -- What stood against the credit at each hold: what others had taken at the PSP by then counts,
    -- and what came back does not.
    SELECT credit, is_hold, sum(amount) OVER (PARTITION BY credit ORDER BY id) AS taken FROM (
        SELECT h.against AS credit, h.id, h.amount_minor AS amount, true AS is_hold
        FROM transfers h WHERE h.against IS NOT NULL
            AND NOT EXISTS (SELECT FROM transfers r WHERE r.resolves = h.id AND r.kind = 'release')
        UNION ALL
        SELECT c.id, t.id,
            CASE t.kind WHEN 'claw_back' THEN t.amount_minor ELSE -t.amount_minor END, false
        FROM transfers c JOIN transfers t USING (payment_id)
        WHERE c.kind = 'credit' AND t.kind IN ('claw_back', 'restore', 'receivable')
            AND EXISTS (SELECT FROM transfers h WHERE h.against = c.id)
        UNION ALL
        SELECT h.against, t.id,
            CASE t.kind WHEN 'claw_back' THEN t.amount_minor ELSE -t.amount_minor END, false
        FROM transfers h JOIN transfers t USING (payment_id)
        WHERE h.against IS NOT NULL AND t.kind IN ('credit', 'claw_back')
    ) AS moves
) AS m JOIN transfers c ON c.id = m.credit
WHERE m.is_hold GROUP BY c.id HAVING max(m.taken) > c.amount_minor
UNION ALL
SELECT format('%s: held against %s, which is no credit of that player', h.key, c.key)
FROM transfers h JOIN transfers c ON c.id = h.against
WHERE c.kind <> 'credit'
    OR (h.brand, h.player_id, h.currency) IS DISTINCT FROM (c.brand, c.player_id, c.currency)

-- What is expected of PSPs' reports against what moved at them in the ledger.
--
-- Each is opened in the transaction in which the money moves, so that nothing is ever under way.

-- with
expected AS (
    SELECT id, key, movement, payment_id, brand, psp, account, currency, amount_minor, transfer_id,
        true AS open
    FROM expectations
    UNION ALL
    SELECT expectation_id, key, movement, payment_id, brand, psp, account, currency, amount_minor,
        transfer_id, false
    FROM settled
), clearing AS (
    SELECT t.id AS transfer_id, t.key, t.payment_id, a.name, a.currency,
        -e.amount_minor AS amount_minor
    FROM entries e JOIN accounts a ON a.id = e.account_id JOIN transfers t ON t.id = e.transfer_id
    WHERE starts_with(a.name, 'psp:')
), at_risk AS (
    SELECT CASE what WHEN 'paid_not_settled' THEN 'psp:' || psp || ':' || account
            WHEN 'receivable' THEN 'receivable' WHEN 'debited_not_paid' THEN 'held'
            ELSE what || ':' || psp || ':' || account END AS name,
        currency, sum(amount_minor) AS amount_minor
    FROM money_at_risk WHERE what NOT IN ('authorised_not_captured', 'captured_not_credited')
    GROUP BY 1, 2
), booked AS (
    SELECT CASE WHEN starts_with(a.name, 'receivable:') THEN 'receivable' ELSE a.name END AS name,
        a.currency, -sum(e.amount_minor) AS amount_minor
    FROM entries e JOIN accounts a ON a.id = e.account_id
    WHERE split_part(a.name, ':', 1)
        IN ('psp', 'in_transit', 'reserve', 'carried', 'suspense', 'receivable')
    GROUP BY 1, 2
    UNION ALL
    SELECT 'held', currency, sum(balance) FROM accounts WHERE purpose = 'held' GROUP BY currency
)

-- I4: What moved at a PSP is expected in its report, or was settled
-- compared
SELECT format('%s movements open, %s settled', count(*) FILTER (WHERE open),
    count(*) FILTER (WHERE NOT open))
FROM expected
-- wrong
SELECT format('transfer %s (%s) moved %s %s at %s, expected %s', coalesce(c.transfer_id,
    e.transfer_id), coalesce(c.key, e.key), coalesce(c.amount_minor, 0), coalesce(c.currency,
    e.currency), coalesce(c.name, e.name), coalesce(e.amount_minor, 0))
FROM (SELECT * FROM clearing WHERE payment_id IS NOT NULL) c
FULL JOIN (
    SELECT transfer_id, format('psp:%s:%s', psp, account) AS name, currency, min(key) AS key,
        sum(amount_minor) AS amount_minor
    FROM expected WHERE transfer_id IS NOT NULL GROUP BY transfer_id, psp, account, currency
) e ON (e.transfer_id, e.name, e.currency) = (c.transfer_id, c.name, c.currency)
WHERE c.amount_minor IS DISTINCT FROM e.amount_minor

-- I4: What came and went without the wallet sums to zero
-- compared
SELECT format('%s movements of %s payments', count(*), count(DISTINCT payment_id))
FROM expected WHERE transfer_id IS NULL
-- wrong
SELECT format('%s at %s/%s: %s %s', payment_id, psp, account, sum(amount_minor), currency)
FROM expected WHERE transfer_id IS NULL GROUP BY payment_id, psp, account, currency
HAVING sum(amount_minor) <> 0

-- I4: What is expected of a PSP is what its clearing account says
--
-- What is settled leaves both in one transaction: to the bank, to fees, to what is carried on.
-- compared
SELECT format('psp:%s:%s %s %s', psp, account, sum(amount_minor), currency)
FROM expectations GROUP BY psp, account, currency ORDER BY psp, account, currency
-- wrong
SELECT format('%s: expected %s, cleared %s %s', coalesce(c.name, e.name),
    coalesce(e.amount_minor, 0), coalesce(c.amount_minor, 0), coalesce(c.currency, e.currency))
FROM (SELECT name, currency, sum(amount_minor) AS amount_minor FROM clearing GROUP BY 1, 2) c
FULL JOIN (
    SELECT format('psp:%s:%s', psp, account) AS name, currency, sum(amount_minor) AS amount_minor
    FROM expectations GROUP BY 1, 2
) e USING (name, currency)
WHERE coalesce(c.amount_minor, 0) <> coalesce(e.amount_minor, 0)

-- I4: What is expected is of a payment, in its currency, and is open or settled
-- compared
SELECT format('%s payments', count(DISTINCT payment_id)) FROM expected
-- wrong
SELECT format('%s %s: of %s %s in %s, %s', e.key, e.movement, e.brand, e.payment_id, e.currency,
    CASE WHEN p.id IS NULL THEN 'no such payment'
        ELSE format('a payment of %s in %s', p.brand, p.currency) END)
FROM expected e LEFT JOIN payments p ON p.id = e.payment_id
WHERE (e.brand, e.currency) IS DISTINCT FROM (p.brand, p.currency)
UNION ALL
SELECT format('%s %s: open and settled', key, movement)
FROM expected GROUP BY id, key, movement HAVING count(*) > 1

-- I4: Money at risk is what the accounts say
-- compared
SELECT format('%s %s %s', what, sum(amount_minor), currency)
FROM money_at_risk GROUP BY what, currency ORDER BY what, currency
-- wrong
SELECT format('%s: at risk %s, booked %s %s', name, coalesce(r.amount_minor, 0),
    coalesce(b.amount_minor, 0), currency)
FROM at_risk r FULL JOIN booked b USING (name, currency)
WHERE coalesce(r.amount_minor, 0) <> coalesce(b.amount_minor, 0)

-- What became of money at PSPs: settled, kept back, converted, charged for, at the bank.
--
-- An amount of the house's is signed from our side, and its two accounts move by it: the one that it
-- is about goes down, the other one up.

-- with
sides (kind, mine, other) AS (
    VALUES ('settlement', 'psp', 'in_transit'), ('fee', 'psp', 'fees'), ('fx', 'psp', 'fx'),
        ('reserve', 'psp', 'reserve'), ('carried', 'psp', 'carried'),
        ('suspense', 'psp', 'suspense'), ('bank_entry', 'bank', 'in_transit'),
        ('receivable', 'psp', 'receivable')
), moved AS (
    SELECT t.id, t.key, t.kind, t.amount_minor AS amount, t.currency, t.counter_minor,
        t.counter_currency, s.mine, s.other, e.amount_minor AS by_minor, a.name, a.currency AS in_currency,
        split_part(a.name, ':', 1) AS word, substr(a.name, strpos(a.name, ':') + 1) AS rest
    FROM transfers t JOIN entries e ON e.transfer_id = t.id JOIN accounts a ON a.id = e.account_id
    LEFT JOIN sides s ON s.kind = t.kind
    WHERE a.purpose = 'house'
)

-- I1: What the house moves sums to zero in every currency
-- compared
SELECT format('%s %s moved by %s transfers', in_currency, sum(by_minor) FILTER (WHERE by_minor > 0),
    count(DISTINCT id))
FROM moved WHERE mine IS NOT NULL GROUP BY in_currency ORDER BY in_currency
-- wrong
SELECT format('transfer %s (%s) sums to %s %s', id, key, sum(by_minor), in_currency)
FROM moved WHERE mine IS NOT NULL GROUP BY id, key, in_currency HAVING sum(by_minor) <> 0

-- I1: What is in transit, at the bank, kept back, charged or converted came by its own kind
-- compared
SELECT format('%s %s %s', word, -sum(by_minor), in_currency) FROM moved
WHERE word <> 'psp' GROUP BY word, in_currency ORDER BY word, in_currency
-- wrong
SELECT format('%s %s: moved by %s in transfer %s (%s), a %s of %s %s', name, in_currency, by_minor,
    id, key, kind, amount, currency)
FROM moved WHERE mine IS NOT NULL AND (word, by_minor, in_currency) NOT IN (
    (mine, -amount, currency), (other, amount, currency),
    (mine, -coalesce(counter_minor, amount), coalesce(counter_currency, currency)),
    (other, coalesce(counter_minor, amount), coalesce(counter_currency, currency)))
UNION ALL
SELECT format('%s %s: moved by transfer %s (%s), a %s', name, in_currency, id, key, kind)
FROM moved WHERE mine IS NULL AND word NOT IN ('psp', 'receivable', 'clearing')

-- I1: What is settled stays within its merchant account
-- compared
SELECT format('%s merchant accounts', count(DISTINCT rest)) FROM moved WHERE word = 'psp'
-- wrong
SELECT format('transfer %s (%s) is of %s', id, key, string_agg(DISTINCT rest, ' and of '))
FROM moved WHERE mine IS NOT NULL AND word NOT IN ('bank', 'receivable')
GROUP BY id, key HAVING count(DISTINCT rest) > 1

-- The movements at PSPs that no settlement line has confirmed yet, and those that one has. Minor
-- units, signed from our side: above zero the PSP owes us more.

-- The open ones alone: its size follows what is under way, never the years.
CREATE TABLE expectations (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key          text NOT NULL,
    movement     text NOT NULL CHECK (movement IN ('capture', 'refund', 'payout', 'return',
        'chargeback', 'chargeback_reversed')),
    number       smallint NOT NULL DEFAULT 1,
    payment_id   text NOT NULL,
    brand        text NOT NULL,
    psp          text NOT NULL,
    account      text NOT NULL,
    method       text NOT NULL,
    currency     text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    psp_ref      text,
    done_at      timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    transfer_id  bigint,
    match        uuid NOT NULL GENERATED ALWAYS AS
        (md5(psp || ' ' || account || ' ' || key || ' ' || movement)::uuid) STORED,
    UNIQUE (key, movement, number)
);
COMMENT ON COLUMN expectations.key IS
    'which the line carries: that of the instruction, of a sale that of its capture';
COMMENT ON COLUMN expectations.number IS
    'tells several movements under one key apart';
COMMENT ON COLUMN expectations.transfer_id IS
    'by which it is in the ledger; what came and went without the wallet has none, and sums to zero';
CREATE INDEX expectations_of_payment ON expectations (payment_id);

CREATE TABLE settled (
    expectation_id bigint PRIMARY KEY,
    key            text NOT NULL,
    movement       text NOT NULL,
    number         smallint NOT NULL,
    payment_id     text NOT NULL,
    brand          text NOT NULL,
    psp            text NOT NULL,
    account        text NOT NULL,
    method         text NOT NULL,
    currency       text NOT NULL,
    amount_minor   bigint NOT NULL,
    psp_ref        text,
    done_at        timestamptz NOT NULL,
    due_at         timestamptz NOT NULL,
    transfer_id    bigint,
    file_id        bigint NOT NULL,
    place          integer NOT NULL,
    settled_at     timestamptz NOT NULL
);
COMMENT ON TABLE settled IS
    'each with its line; a newer version of the file opens it again';
CREATE INDEX settled_of_payment ON settled (payment_id);
CREATE UNIQUE INDEX settled_by_line ON settled (file_id, place);

-- How long a movement waits for its line until it is missing, and a batch for the bank.
CREATE TABLE settlement_terms (
    psp        text NOT NULL,
    account    text NOT NULL,
    method     text NOT NULL,
    delay      interval NOT NULL CHECK (delay > '0'),
    bank_delay interval NOT NULL CHECK (bank_delay > '0'),
    PRIMARY KEY (psp, account, method)
);
COMMENT ON COLUMN settlement_terms.account IS 'empty: of every account that has none of its own';
COMMENT ON COLUMN settlement_terms.method IS 'empty: of every method that has none of its own';

-- What moved before there were expectations is expected as well: no line was ever compared with it.
INSERT INTO expectations (key, movement, number, payment_id, brand, psp, account, method, currency,
    amount_minor, psp_ref, done_at, due_at, transfer_id)
SELECT key, movement, row_number() OVER (PARTITION BY key, movement ORDER BY id), payment_id, brand,
    psp, account, method, currency, amount_minor, psp_ref, recorded_at,
    recorded_at + interval '3 days', id
FROM (
    SELECT t.id, t.payment_id, t.brand, t.currency, t.recorded_at, -e.amount_minor AS amount_minor,
        split_part(a.name, ':', 2) AS psp,
        substr(a.name, length(split_part(a.name, ':', 2)) + 6) AS account,
        coalesce(p.method, '') AS method,
        CASE
            WHEN step = 'credit' THEN t.payment_id || ':capture'
            WHEN step IN ('settle', 'return', 'claw-back') THEN coalesce((
                SELECT i.key FROM psp_instructions i
                WHERE i.payment_id = t.payment_id AND i.operation IN ('payout', 'refund')
                ORDER BY i.state = 'approved' DESC, i.asked_at DESC LIMIT 1), t.key)
            ELSE t.key
        END AS key,
        CASE
            WHEN t.kind = 'credit' AND step <> 'return' THEN 'capture'
            WHEN step IN ('refund', 'chargeback', 'chargeback_reversed') THEN step
            WHEN t.kind IN ('credit', 'restore') THEN 'return'
            WHEN starts_with(t.payment_id, 're_') THEN 'refund'
            ELSE 'payout'
        END AS movement,
        CASE
            WHEN step = 'credit' THEN p.facts ->> 'capture_ref'
            WHEN step IN ('settle', 'return', 'claw-back') THEN p.facts ->> 'psp_ref'
            ELSE nullif(split_part(t.key, ':', 3), '')
        END AS psp_ref
    FROM transfers t
    JOIN entries e ON e.transfer_id = t.id
    JOIN accounts a ON a.id = e.account_id AND starts_with(a.name, 'psp:')
    LEFT JOIN payments p ON p.id = t.payment_id
    CROSS JOIN LATERAL split_part(t.key, ':', 2) AS step
    WHERE t.payment_id IS NOT NULL
) AS moved;

-- Money that is neither here nor there, live: what it is about, and since when. Signed from our side:
-- above zero somebody owes it to us, but for what is set aside of a player's, which leaves us.
CREATE VIEW money_at_risk WITH (security_invoker = true) AS
WITH live AS (
    -- What is under way, and what a person looks at.
    SELECT p.id, p.brand FROM payments p WHERE NOT p.final
    UNION
    SELECT p.id, p.brand FROM cases c JOIN payments p ON p.id = c.payment_id
    WHERE c.state = 'open'
), approved AS (
    SELECT l.brand, i.*, coalesce((i.answer ->> 'captured')::boolean, false) AS sold
    FROM live l JOIN psp_instructions i ON i.payment_id = l.id
    WHERE i.state = 'approved' AND i.operation IN ('authorize', 'capture')
), house AS (
    SELECT split_part(a.name, ':', 1) AS what, a.name, a.currency, t.brand, e.id, e.recorded_at,
        coalesce(clearing.name, a.name) AS place, -e.amount_minor AS amount,
        -sum(e.amount_minor) OVER (PARTITION BY a.name, a.currency) AS total
    FROM transfers t
    JOIN entries e ON e.transfer_id = t.id
    JOIN accounts a ON a.id = e.account_id
    LEFT JOIN LATERAL (
        SELECT c.name FROM entries s JOIN accounts c ON c.id = s.account_id
        WHERE s.transfer_id = t.id AND starts_with(c.name, 'psp:') LIMIT 1
    ) AS clearing ON true
    WHERE t.kind NOT IN ('credit', 'debit', 'hold', 'capture_hold', 'release')
      AND split_part(a.name, ':', 1)
        IN ('in_transit', 'reserve', 'carried', 'suspense', 'receivable')
), items AS (
    SELECT 'authorised_not_captured' AS what, psp, account, brand, currency, answered_at AS since,
        amount_minor - coalesce((
            SELECT sum(CASE WHEN u.operation = 'void' AND NOT u.rest THEN a.amount_minor
                ELSE u.amount_minor END)
            FROM psp_instructions u WHERE u.payment_id = a.payment_id AND u.acts_on = a.key
                AND u.operation IN ('capture', 'void') AND u.state = 'approved'), 0) AS amount
    FROM approved a WHERE operation = 'authorize' AND NOT sold
    UNION ALL
    SELECT 'captured_not_credited', psp, account, brand, currency, answered_at, amount_minor
    FROM approved a
    WHERE (operation = 'capture' OR sold)
      AND NOT EXISTS (
        SELECT FROM transfers t WHERE t.payment_id = a.payment_id AND t.kind = 'credit')
      AND NOT EXISTS (
        SELECT FROM expectations e WHERE e.payment_id = a.payment_id AND e.transfer_id IS NULL
        UNION ALL
        SELECT FROM settled s WHERE s.payment_id = a.payment_id AND s.transfer_id IS NULL)
    UNION ALL
    SELECT 'debited_not_paid', i.psp, i.account, t.brand, t.currency, t.recorded_at, t.amount_minor
    FROM live l JOIN transfers t ON t.payment_id = l.id AND t.kind = 'hold'
    LEFT JOIN LATERAL (
        SELECT e.psp, e.account FROM psp_instructions e
        WHERE e.payment_id = l.id AND e.operation IN ('payout', 'refund')
          AND e.state IN ('asked', 'pending', 'approved')
        ORDER BY e.asked_at DESC LIMIT 1
    ) AS i ON true
    WHERE NOT EXISTS (SELECT FROM transfers r WHERE r.resolves = t.id)
    UNION ALL
    SELECT 'paid_not_settled', psp, account, brand, currency, done_at, amount_minor
    FROM expectations
    UNION ALL
    -- Of what is left of an account its last entries are what is left.
    SELECT what, split_part(place, ':', 2),
        substr(place, length(split_part(place, ':', 1) || split_part(place, ':', 2)) + 3), brand,
        currency, recorded_at, sign(total) * greatest(0, least(abs(amount),
            abs(total) - sum(abs(amount)) OVER newest_first + abs(amount)))
    FROM house WHERE sign(amount) = sign(total)
    WINDOW newest_first AS (PARTITION BY name, currency ORDER BY id DESC)
)
SELECT what, psp, account, brand, currency,
    CASE
        WHEN since > now() - interval '1 day' THEN 'under_1_day'
        WHEN since > now() - interval '3 days' THEN 'under_3_days'
        WHEN since > now() - interval '7 days' THEN 'under_7_days'
        WHEN since > now() - interval '30 days' THEN 'under_30_days'
        ELSE 'older'
    END AS age,
    count(*) AS items, sum(amount)::bigint AS amount_minor
FROM items
WHERE CASE WHEN what IN ('in_transit', 'reserve', 'carried', 'suspense', 'paid_not_settled',
    'receivable') THEN amount <> 0 ELSE amount > 0 END
GROUP BY 1, 2, 3, 4, 5, 6;

-- What the registry knows of the first attempt of each payment, beside the receipt that sent it
-- there (null where there is none); it may be a sale. The outcome is null as long as it is not
-- certain.
CREATE OR REPLACE VIEW routing_first_attempts WITH (security_invoker = true) AS
SELECT
    p.id AS payment_id, p.kind, p.brand, p.region, p.method, p.player_id, p.amount_minor,
    p.currency, p.created_at, p.facts -> 'attempts' AS attempts,
    r.at AS routed_at, r.policy, r.facts, r.receipt, r.first_psp, r.first_account, r.experiment,
    r.arm,
    (
        SELECT a.attempt ->> 'outcome'
        FROM jsonb_array_elements(p.facts -> 'attempts') AS a (attempt)
        WHERE a.attempt ->> 'key' IN (
            p.id || ':authorize:1', p.id || ':sale:1', p.id || ':payout:1')
          AND a.attempt #>> '{account,psp}' = r.first_psp
          AND a.attempt #>> '{account,id}' = r.first_account
        LIMIT 1
    ) AS outcome,
    c.at AS charged_back_at
FROM payments p
LEFT JOIN routing_receipts r ON r.payment_id = p.id AND r.number = 1
LEFT JOIN routing_chargebacks c ON c.payment_id = p.id
WHERE p.kind IN ('deposit', 'payout');

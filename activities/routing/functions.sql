-- A payment is routed once for each number: whoever comes second gets the route of the first.

-- Gives the route that counts: this one, or that of whoever was first. A twin in flight makes the
-- insert wait; the statement after it then sees what the twin wrote.
CREATE OR REPLACE FUNCTION routing_keep(kept jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    new routing_receipts := jsonb_populate_record(NULL::routing_receipts, kept);
BEGIN
    INSERT INTO routing_receipts SELECT new.* ON CONFLICT DO NOTHING;
    RETURN (
        SELECT r.route FROM routing_receipts r
        WHERE r.payment_id = new.payment_id AND r.number = new.number
    );
END $$;

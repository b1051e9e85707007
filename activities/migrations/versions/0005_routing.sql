-- Which PSP, merchant account or method takes new payments. Append-only: the latest row counts,
-- and the rows before it are the audit of who switched what, when and why.

CREATE TABLE routing_switches (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    brand      text NOT NULL,
    psp        text NOT NULL,
    account    text NOT NULL,
    method     text NOT NULL,
    enabled    boolean NOT NULL,
    reason     text NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX routing_switches_latest ON routing_switches (psp, account, method, brand, id);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON routing_switches
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_events
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

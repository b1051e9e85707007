-- What keeps the books append-only is in place.
--
-- Of a trigger's kind the bits are: 8 delete, 16 update, 32 truncate. Accounts are updated by the
-- wallet's functions, cases by theirs, and neither is ever deleted.

-- with
books (name, refuses) AS (
    VALUES ('entries', 56), ('transfers', 56), ('wallet_refusals', 56), ('payment_events', 56),
        ('routing_switches', 56), ('security_events', 56), ('case_events', 56),
        ('inbox_redeliveries', 56), ('actions', 56), ('accounts', 40), ('cases', 40)
), refused AS (
    SELECT books.name, books.refuses, coalesce(bit_or(t.tgtype::int) FILTER (
        WHERE t.tgenabled IN ('O', 'A') AND p.proname = 'append_only'
            AND p.prosrc ~ 'RAISE EXCEPTION'), 0) AS bits
    FROM books LEFT JOIN pg_trigger t ON t.tgrelid = to_regclass('public.' || books.name)
    LEFT JOIN pg_proc p ON p.oid = t.tgfoid GROUP BY books.name, books.refuses
), strangers AS (
    SELECT r.oid, r.rolname, c.oid AS book, c.relname FROM pg_roles r
    CROSS JOIN books JOIN pg_class c ON c.oid = to_regclass('public.' || books.name)
    WHERE NOT r.rolsuper AND r.rolname !~ '^pg_' AND NOT pg_has_role(r.oid, c.relowner, 'MEMBER')
)

-- I11: The triggers that refuse changes are there and are on
-- compared
SELECT format('%s tables', count(*)) FROM books
-- wrong
SELECT format('%s lets itself be changed: %s', name, concat_ws(', ',
    CASE WHEN refuses & 8 > bits & 8 THEN 'DELETE' END,
    CASE WHEN refuses & 16 > bits & 16 THEN 'UPDATE' END,
    CASE WHEN refuses & 32 > bits & 32 THEN 'TRUNCATE' END))
FROM refused WHERE bits & refuses <> refuses

-- I11: Nobody but the owner may write the books, or change what was noted
-- compared
SELECT format('%s roles, %s tables', count(DISTINCT rolname), count(DISTINCT relname))
FROM strangers
-- wrong
SELECT format('%s may %s %s', rolname, upper(may), relname)
FROM strangers CROSS JOIN unnest(ARRAY['insert', 'update', 'delete', 'truncate']) AS may
WHERE has_table_privilege(oid, book, may)
    AND NOT (relname IN ('routing_switches', 'security_events', 'cases') AND may = 'insert')

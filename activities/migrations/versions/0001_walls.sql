-- What comes before all tables.
--
-- A trigger needs its function at once, and functions come after tables (../functions.py): until
-- then one of its name stands in for it, which lets nothing pass. All of one transaction.

CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE OR REPLACE FUNCTION within_brands() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE OR REPLACE FUNCTION brand_is_foreign(the_brand text) RETURNS boolean LANGUAGE sql AS 'SELECT true';

-- Which functions the database has had, the present ones last, so that a process can tell whether
-- they are older or newer than its code.
CREATE TABLE functions_applied (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

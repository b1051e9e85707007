-- The days on which banks move money: those of TARGET, the Eurosystem's calendar.

CREATE OR REPLACE FUNCTION bank_easter(of_year integer) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    -- Gauss's rule, with its two exceptions, for 1900 to 2099.
    SELECT make_date(of_year, 3, 22) + d + e
        - CASE WHEN e = 6 AND (d = 29 OR d = 28 AND of_year % 19 > 10) THEN 7 ELSE 0 END
    FROM CAST((19 * (of_year % 19) + 24) % 30 AS integer) AS d,
        LATERAL CAST((2 * (of_year % 4) + 4 * (of_year % 7) + 6 * d + 5) % 7 AS integer) AS e
$$;

CREATE OR REPLACE FUNCTION bank_is_closed(the_day date) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT extract(isodow FROM the_day) > 5
        OR to_char(the_day, 'MM-DD') IN ('01-01', '05-01', '12-25', '12-26')
        OR the_day - bank_easter(extract(year FROM the_day)::integer) IN (-2, 1)
$$;

CREATE OR REPLACE FUNCTION bank_day_after(the_day date, days integer) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT the_day + n FROM generate_series(1, 2 * days + 10) AS n
    WHERE NOT bank_is_closed(the_day + n) ORDER BY n OFFSET days - 1 LIMIT 1
$$;

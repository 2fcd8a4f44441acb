-- One row per borrower and per loan from all sources that speak of it.
--
-- Grain    one row per external_id. Sources complete each other: of each field the earliest source in the mapping that says
--          something counts; attributes likewise, name by name.
-- Cost     things that are in one row only pass unaggregated.

-- name: find_borrowers_in_several_rows
CREATE UNLOGGED TABLE several_borrower AS
SELECT external_id FROM staged_borrower GROUP BY external_id HAVING count(*) > 1;

-- name: merge_borrowers
CREATE UNLOGGED TABLE new_borrower AS
SELECT
    external_id, full_name, birth_date, language, time_zone, jurisdiction, household, team, phone, email, address,
    coalesce(attributes, '{}') AS attributes
FROM staged_borrower AS s
WHERE NOT EXISTS (SELECT FROM several_borrower AS m WHERE m.external_id = s.external_id)
UNION ALL
SELECT
    external_id,
    (array_agg(full_name ORDER BY source) FILTER (WHERE full_name IS NOT NULL))[1],
    (array_agg(birth_date ORDER BY source) FILTER (WHERE birth_date IS NOT NULL))[1],
    (array_agg(language ORDER BY source) FILTER (WHERE language IS NOT NULL))[1],
    (array_agg(time_zone ORDER BY source) FILTER (WHERE time_zone IS NOT NULL))[1],
    (array_agg(jurisdiction ORDER BY source) FILTER (WHERE jurisdiction IS NOT NULL))[1],
    (array_agg(household ORDER BY source) FILTER (WHERE household IS NOT NULL))[1],
    (array_agg(team ORDER BY source) FILTER (WHERE team IS NOT NULL))[1],
    (array_agg(phone ORDER BY source) FILTER (WHERE phone IS NOT NULL))[1],
    (array_agg(email ORDER BY source) FILTER (WHERE email IS NOT NULL))[1],
    (array_agg(address ORDER BY source) FILTER (WHERE address IS NOT NULL))[1],
    coalesce(
        (
            SELECT jsonb_object_agg(pair.key, pair.value ORDER BY said.place DESC)
            FROM unnest(array_agg(s.attributes ORDER BY source)) WITH ORDINALITY AS said (attributes, place)
            CROSS JOIN jsonb_each(said.attributes) AS pair
        ),
        '{}'
    )
FROM staged_borrower AS s
JOIN several_borrower USING (external_id)
GROUP BY external_id;

-- name: find_loans_in_several_rows
CREATE UNLOGGED TABLE several_loan AS
SELECT external_id FROM staged_loan GROUP BY external_id HAVING count(*) > 1;

-- name: merge_loans
CREATE UNLOGGED TABLE new_loan AS
SELECT
    external_id, borrower, product, product_kind, bookkeeping, currency, principal_amount, credit_limit_amount,
    annual_interest_ratio, term_days, approved_on, approved_at, written_off_on, coalesce(attributes, '{}') AS attributes, booked_at
FROM staged_loan AS s
WHERE NOT EXISTS (SELECT FROM several_loan AS m WHERE m.external_id = s.external_id)
UNION ALL
SELECT
    external_id,
    (array_agg(borrower ORDER BY source))[1],
    (array_agg(product ORDER BY source))[1],
    (array_agg(product_kind ORDER BY source) FILTER (WHERE product_kind IS NOT NULL))[1],
    (array_agg(bookkeeping ORDER BY source) FILTER (WHERE bookkeeping IS NOT NULL))[1],
    (array_agg(currency ORDER BY source))[1],
    (array_agg(principal_amount ORDER BY source) FILTER (WHERE principal_amount IS NOT NULL))[1],
    (array_agg(credit_limit_amount ORDER BY source) FILTER (WHERE credit_limit_amount IS NOT NULL))[1],
    (array_agg(annual_interest_ratio ORDER BY source) FILTER (WHERE annual_interest_ratio IS NOT NULL))[1],
    (array_agg(term_days ORDER BY source) FILTER (WHERE term_days IS NOT NULL))[1],
    (array_agg(approved_on ORDER BY source))[1],
    (array_agg(approved_at ORDER BY source) FILTER (WHERE approved_at IS NOT NULL))[1],
    (array_agg(written_off_on ORDER BY source) FILTER (WHERE written_off_on IS NOT NULL))[1],
    coalesce(
        (
            SELECT jsonb_object_agg(pair.key, pair.value ORDER BY said.place DESC)
            FROM unnest(array_agg(s.attributes ORDER BY source)) WITH ORDINALITY AS said (attributes, place)
            CROSS JOIN jsonb_each(said.attributes) AS pair
        ),
        '{}'
    ),
    (array_agg(booked_at ORDER BY source) FILTER (WHERE booked_at IS NOT NULL))[1]
FROM staged_loan AS s
JOIN several_loan USING (external_id)
GROUP BY external_id;

-- name: index_loans
CREATE UNIQUE INDEX ON new_loan (external_id);

-- name: look_at_borrowers
ANALYZE new_borrower;

-- name: look_at_loans
ANALYZE new_loan;

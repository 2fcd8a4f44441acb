CREATE FUNCTION delinquency_as_of(day date, known timestamptz, loans bigint[] DEFAULT NULL)
RETURNS TABLE (
    loan_id bigint,
    as_of date,
    known_at timestamptz,
    days_past_due integer,
    bucket text,
    is_flagged boolean,
    instalments_past_due integer,
    oldest_unpaid_due_on date,
    overdue_amount numeric,
    overdue_principal_amount numeric,
    outstanding_principal_amount numeric,
    outstanding_amount numeric,
    paid_amount numeric,
    in_flight_amount numeric,
    last_paid_on date,
    last_paid_amount numeric,
    next_due_on date,
    next_due_amount numeric,
    is_placed boolean,
    is_bankrupt boolean,
    measured_on date
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT figure.*
    FROM (
        SELECT coalesce(loans, ARRAY(SELECT id FROM borrowers_loan ORDER BY id)) AS ids
    ) AS wanted
    CROSS JOIN LATERAL delinquency_of(
        wanted.ids,
        array_fill(day, ARRAY[cardinality(wanted.ids)]),
        array_fill(known, ARRAY[cardinality(wanted.ids)])
    ) AS figure
$$;

COMMENT ON FUNCTION delinquency_as_of(date, timestamptz, bigint[]) IS
    'delinquency_of for one day: all loans, or those of the array.';

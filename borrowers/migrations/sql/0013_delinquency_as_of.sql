-- delinquency_as_of: the figures of one day, of all loans or of those of the array.
--
-- Grain    one row per loan that was approved by the day and known at `known`.
-- How      plain loans by figures_by_plan, which reads one row per loan instead of every instalment; the others by
--          delinquency_of.
-- Cost     one pass over payments, schedules and loans for all, index range reads for a few.

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
    WITH by_plan AS MATERIALIZED (
        SELECT * FROM figures_by_plan(day, known, loans)
    )
    SELECT
        figure.loan_id, day, known, figure.days_past_due, figure.bucket, figure.is_flagged, figure.instalments_past_due,
        figure.oldest_unpaid_due_on, figure.overdue_amount, figure.overdue_principal_amount,
        figure.outstanding_principal_amount, figure.outstanding_amount, figure.paid_amount, 0::numeric,
        figure.last_paid_on, last_payment.amount, figure.next_due_on, figure.next_due_amount, false, false, NULL::date
    FROM by_plan AS figure
    LEFT JOIN borrowers_payment AS last_payment ON last_payment.id = figure.last_payment_id
    WHERE figure.is_plain
    UNION ALL
    SELECT figure.*
    FROM (
        SELECT coalesce(array_agg(loan_id), '{}') AS ids FROM by_plan WHERE NOT is_plain
    ) AS wanted
    CROSS JOIN LATERAL delinquency_of(
        wanted.ids,
        array_fill(day, ARRAY[cardinality(wanted.ids)]),
        array_fill(known, ARRAY[cardinality(wanted.ids)])
    ) AS figure
$$;

COMMENT ON FUNCTION delinquency_as_of(date, timestamptz, bigint[]) IS
    'The figures of one day: of all loans, or of those of the array.';

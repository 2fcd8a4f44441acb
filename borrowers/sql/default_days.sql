-- default_days_of: the regulatory counter of default, which stands beside days past due and is not the same.
--
-- Grain    one row per case (loan, day, known) as in delinquency_of. 0 where nothing material is overdue on the day; NULL for
--          loans kept by snapshots, whose days in between nobody knows.
-- Rule     consecutive days up to the day on which the overdue amount exceeded both the absolute amount, in the loan's own
--          currency, and a share of what was outstanding. 91 and more is default. The first such day counts as one, so that a
--          single unpaid instalment has as many default days as days past due.
-- Exact    what is overdue or outstanding changes only on the day of an entry, on a due day and on the day after it: these
--          days are asked of delinquency_of, all as known at `known`.
-- Cost     one delinquency_of for the cases, and for those with something material overdue one for each day of change.

CREATE FUNCTION default_days_of(
    loans bigint[],
    days date[],
    knowns timestamptz[],
    absolute_amount numeric DEFAULT 100,
    exposure_ratio numeric DEFAULT 0.01
)
RETURNS TABLE (loan_id bigint, as_of date, known_at timestamptz, default_days integer)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10000
SET plan_cache_mode = force_custom_plan
SET work_mem = '64MB'
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH standing AS MATERIALIZED (
        SELECT DISTINCT
            loan_id, as_of, known_at, measured_on,
            overdue_amount > absolute_amount AND overdue_amount > exposure_ratio * outstanding_amount AS is_material
        FROM delinquency_of(loans, days, knowns)
    ),
    late AS MATERIALIZED (
        SELECT standing.loan_id, standing.as_of, standing.known_at, loan.approved_on
        FROM standing
        JOIN borrowers_loan AS loan ON loan.id = standing.loan_id AND loan.bookkeeping = 'ledger'
        WHERE standing.is_material
    ),
    change AS MATERIALIZED (
        SELECT DISTINCT late.loan_id, late.as_of, late.known_at, changed.day
        FROM late
        CROSS JOIN LATERAL (
            SELECT late.approved_on AS day
            UNION ALL
            SELECT instalment.due_on + later
            FROM borrowers_instalment AS instalment
            CROSS JOIN generate_series(0, 1) AS later
            WHERE instalment.loan_id = late.loan_id
            UNION ALL
            SELECT effective_on FROM borrowers_scheduleversion AS schedule WHERE schedule.loan_id = late.loan_id
            UNION ALL
            SELECT effective_on FROM borrowers_payment AS payment WHERE payment.loan_id = late.loan_id
            UNION ALL
            SELECT charge.effective_on + later
            FROM borrowers_charge AS charge
            CROSS JOIN generate_series(0, 1) AS later
            WHERE charge.loan_id = late.loan_id
            UNION ALL
            SELECT stated_on FROM borrowers_statement AS statement WHERE statement.loan_id = late.loan_id
            UNION ALL
            SELECT statement.due_on + later
            FROM borrowers_statement AS statement
            CROSS JOIN generate_series(0, 1) AS later
            WHERE statement.loan_id = late.loan_id
        ) AS changed
        WHERE changed.day BETWEEN late.approved_on AND late.as_of
    ),
    earlier AS (
        SELECT
            figure.loan_id, figure.as_of AS day, figure.known_at,
            figure.overdue_amount > absolute_amount AND figure.overdue_amount > exposure_ratio * figure.outstanding_amount
                AS is_material
        FROM (
            SELECT array_agg(loan_id) AS loans, array_agg(day) AS days, array_agg(known_at) AS knowns
            FROM (SELECT DISTINCT loan_id, day, known_at FROM change) AS wanted
        ) AS wanted
        CROSS JOIN LATERAL delinquency_of(wanted.loans, wanted.days, wanted.knowns) AS figure
    ),
    streak AS (
        SELECT
            loan_id, as_of, known_at,
            min(day) FILTER (WHERE is_material AND day > coalesce(broken_on, '-infinity')) AS since
        FROM (
            SELECT
                change.loan_id, change.as_of, change.known_at, change.day, earlier.is_material,
                max(change.day) FILTER (WHERE NOT earlier.is_material)
                    OVER (PARTITION BY change.loan_id, change.as_of, change.known_at) AS broken_on
            FROM change
            JOIN earlier
                ON earlier.loan_id = change.loan_id AND earlier.day = change.day AND earlier.known_at = change.known_at
        ) AS seen
        GROUP BY loan_id, as_of, known_at
    )
    SELECT
        standing.loan_id, standing.as_of, standing.known_at,
        CASE
            WHEN loan.bookkeeping = 'snapshots' THEN NULL
            WHEN standing.is_material THEN standing.as_of - streak.since + 1
            ELSE 0
        END
    FROM standing
    JOIN borrowers_loan AS loan ON loan.id = standing.loan_id
    LEFT JOIN streak
        ON streak.loan_id = standing.loan_id
        AND streak.as_of = standing.as_of
        AND streak.known_at = standing.known_at;
END
$$;

COMMENT ON FUNCTION default_days_of(bigint[], date[], timestamptz[], numeric, numeric) IS
    'Consecutive days on which something material was overdue, one row per case (loan, day, known).';

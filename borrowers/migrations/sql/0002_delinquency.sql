-- delinquency_of: the one definition of days past due, buckets and balances.
--
-- Grain    one row per case (loan, day, known); a case is absent where the loan was approved after the day or booked after
--          `known`. The three arrays run side by side; the same loan may come on many days.
-- Clocks   an entry counts if effective_on <= day and booked_at <= known. Nothing else of the ledger is read, so nothing that
--          was learned after `known` can leak in. An instalment has the clocks of its schedule version. A write-off has one
--          clock only: the day it is dated.
-- Rules    Payments net of reversals settle the instalments of the schedule version in force (the highest one that counts),
--          oldest due first (due_on, number), inside one by fees, then interest, then principal. A version restates the whole
--          plan, so that all payments since the beginning settle it. A reversal counts from its own day.
--          An instalment is unpaid while its remainder exceeds the product's tolerance. Days past due run from the oldest
--          unpaid instalment due before the day. Overdue amounts are the remainders of unpaid instalments due before the day,
--          so that paying them makes the loan current; outstanding amounts are all remainders, within the tolerance or not.
-- Cost     Two index range reads per loan for a few loans, one pass over instalments and payments for many: the plan is
--          made for the arrays as they come (force_custom_plan), about a millisecond of planning. Linear in the number of
--          instalments and payments of the cases. Plain compilation (jit) costs more here than it gains.

CREATE FUNCTION bucket_of(days_past_due integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN days_past_due <= 0 THEN 'current'
        WHEN days_past_due <= 30 THEN '1-30'
        WHEN days_past_due <= 60 THEN '31-60'
        WHEN days_past_due <= 90 THEN '61-90'
        ELSE '91+'
    END
$$;

COMMENT ON FUNCTION bucket_of(integer) IS 'The edges of the buckets, in one place.';

CREATE FUNCTION delinquency_of(loans bigint[], days date[], knowns timestamptz[])
RETURNS TABLE (
    loan_id bigint,
    as_of date,
    known_at timestamptz,
    days_past_due integer,
    bucket text,
    instalments_past_due integer,
    oldest_unpaid_due_on date,
    overdue_amount numeric,
    overdue_principal_amount numeric,
    outstanding_principal_amount numeric,
    outstanding_amount numeric,
    paid_amount numeric,
    last_paid_on date,
    last_paid_amount numeric,
    next_due_on date,
    next_due_amount numeric
)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10000
SET plan_cache_mode = force_custom_plan
SET work_mem = '64MB'
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH asked AS (
        SELECT asked.n, loan.id AS loan_id, asked.as_of, asked.known_at, loan.written_off_on, product.tolerance_amount
        FROM unnest(loans, days, knowns) WITH ORDINALITY AS asked (loan_id, as_of, known_at, n)
        JOIN borrowers_loan AS loan
            ON loan.id = asked.loan_id AND loan.approved_on <= asked.as_of AND loan.booked_at <= asked.known_at
        JOIN borrowers_product AS product ON product.id = loan.product_id
    ),
    received AS (
        -- The last payment that still stands is found by one number made of its day and its id (ids stay below 2^40). Only
        -- loans with a reversal, which are few, have to look for payments that were taken back.
        SELECT
            asked.n,
            sum(payment.amount) AS amount,
            CASE
                WHEN NOT bool_or(payment.reverses_id IS NOT NULL)
                    THEN max(((payment.effective_on - DATE '1900-01-01')::bigint << 40) | payment.id)
                ELSE (
                    SELECT max(((standing.effective_on - DATE '1900-01-01')::bigint << 40) | standing.id)
                    FROM borrowers_payment AS standing
                    WHERE standing.loan_id = asked.loan_id
                        AND standing.effective_on <= asked.as_of
                        AND standing.booked_at <= asked.known_at
                        AND standing.reverses_id IS NULL
                        AND NOT EXISTS (
                            SELECT FROM borrowers_payment AS reversal
                            WHERE reversal.reverses_id = standing.id
                                AND reversal.effective_on <= asked.as_of
                                AND reversal.booked_at <= asked.known_at
                        )
                )
            END AS last_entry
        FROM asked
        JOIN borrowers_payment AS payment
            ON payment.loan_id = asked.loan_id
            AND payment.effective_on <= asked.as_of
            AND payment.booked_at <= asked.known_at
        GROUP BY asked.n, asked.loan_id, asked.as_of, asked.known_at
    ),
    in_force AS (
        SELECT DISTINCT ON (asked.n)
            asked.n, schedule.id, asked.as_of, asked.tolerance_amount, coalesce(received.amount, 0) AS received_amount
        FROM asked
        JOIN borrowers_scheduleversion AS schedule
            ON schedule.loan_id = asked.loan_id
            AND schedule.effective_on <= asked.as_of
            AND schedule.booked_at <= asked.known_at
        LEFT JOIN received ON received.n = asked.n
        ORDER BY asked.n, schedule.version DESC
    ),
    line AS (
        SELECT
            n, due_on, number, principal_amount, remainder_amount,
            remainder_amount > tolerance_amount AS is_unpaid,
            remainder_amount > tolerance_amount AND due_on < as_of AS is_past_due,
            remainder_amount > tolerance_amount AND due_on >= as_of AS is_to_come
        FROM (
            SELECT
                in_force.n, in_force.as_of, in_force.tolerance_amount,
                instalment.due_on, instalment.number, instalment.principal_amount,
                least(
                    instalment.principal_amount + instalment.interest_amount + instalment.fee_amount,
                    greatest(
                        0,
                        sum(instalment.principal_amount + instalment.interest_amount + instalment.fee_amount) OVER (
                            PARTITION BY in_force.n ORDER BY instalment.due_on, instalment.number
                            ROWS UNBOUNDED PRECEDING
                        ) - in_force.received_amount
                    )
                ) AS remainder_amount
            FROM in_force
            JOIN borrowers_instalment AS instalment ON instalment.schedule_id = in_force.id
        ) AS settled
    ),
    total AS (
        -- Principal is settled last inside an instalment, so what remains of it is the smaller of the two.
        SELECT
            n,
            min(due_on) FILTER (WHERE is_unpaid) AS oldest_unpaid_due_on,
            min(due_on) FILTER (WHERE is_to_come) AS next_due_on,
            count(*) FILTER (WHERE is_past_due) AS instalments_past_due,
            sum(remainder_amount) FILTER (WHERE is_past_due) AS overdue_amount,
            sum(least(principal_amount, remainder_amount)) FILTER (WHERE is_past_due) AS overdue_principal_amount,
            sum(least(principal_amount, remainder_amount)) AS outstanding_principal_amount,
            sum(remainder_amount) AS outstanding_amount,
            (array_agg(remainder_amount ORDER BY due_on, number) FILTER (WHERE is_to_come))[1] AS next_due_amount
        FROM line
        GROUP BY n
    ),
    figure AS (
        SELECT
            asked.*, total.*, received.amount AS received_amount, received.last_entry,
            total.n IS NOT NULL AND total.oldest_unpaid_due_on IS NULL AS is_paid_off,
            coalesce(greatest(asked.as_of - total.oldest_unpaid_due_on, 0), 0) AS days_past_due
        FROM asked
        LEFT JOIN total ON total.n = asked.n
        LEFT JOIN received ON received.n = asked.n
    )
    SELECT
        figure.loan_id,
        figure.as_of,
        figure.known_at,
        figure.days_past_due,
        CASE
            WHEN figure.written_off_on <= figure.as_of THEN 'written_off'
            WHEN figure.is_paid_off THEN 'paid_off'
            ELSE bucket_of(figure.days_past_due)
        END,
        coalesce(figure.instalments_past_due, 0)::integer,
        figure.oldest_unpaid_due_on,
        coalesce(figure.overdue_amount, 0),
        coalesce(figure.overdue_principal_amount, 0),
        coalesce(figure.outstanding_principal_amount, 0),
        coalesce(figure.outstanding_amount, 0),
        coalesce(figure.received_amount, 0),
        last_payment.effective_on,
        last_payment.amount,
        figure.next_due_on,
        figure.next_due_amount
    FROM figure
    LEFT JOIN borrowers_payment AS last_payment
        ON last_payment.id = figure.last_entry & ((1::bigint << 40) - 1);
END
$$;

COMMENT ON FUNCTION delinquency_of(bigint[], date[], timestamptz[]) IS
    'Days past due, bucket and balances, one row per case (loan, day, known).';

CREATE FUNCTION delinquency_as_of(day date, known timestamptz, loans bigint[] DEFAULT NULL)
RETURNS TABLE (
    loan_id bigint,
    as_of date,
    known_at timestamptz,
    days_past_due integer,
    bucket text,
    instalments_past_due integer,
    oldest_unpaid_due_on date,
    overdue_amount numeric,
    overdue_principal_amount numeric,
    outstanding_principal_amount numeric,
    outstanding_amount numeric,
    paid_amount numeric,
    last_paid_on date,
    last_paid_amount numeric,
    next_due_on date,
    next_due_amount numeric
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

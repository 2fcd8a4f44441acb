-- figures_by_plan: the figures of delinquency_of for plain loans, found in one row per loan.
--
-- Grain    one row per loan that was approved by the day and known at `known`: of the array, or all for NULL. Where
--          is_plain is false only loan_id is meant: such a loan is for delinquency_of, which stays the definition. The tests
--          hold both against the same slow ledger.
-- Plain    a loan with instalments whose product settles fees, interest, principal in this order, without charges and events,
--          whose known payments are all cleared and none reversed, and none of whose instalments is within the tolerance.
-- How      amounts due are kept as sums up to each instalment. With the received money r, the first sum above r + tolerance is
--          that of the oldest unpaid instalment j, the first above r that of the one partly paid l; m instalments were due
--          before the day.
-- Cost     one pass over the payments with one group per loan, one row per schedule, one per loan: parallel, because it is
--          plain SQL that is inlined into its caller. OFFSET 0 keeps each search from being made once per use.

CREATE FUNCTION figures_by_plan(day date, known timestamptz, loans bigint[])
RETURNS TABLE (
    loan_id bigint,
    is_plain boolean,
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
    last_payment_id bigint,
    last_paid_on date,
    next_due_on date,
    next_due_amount numeric
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
AS $$
    SELECT
        found.loan_id,
        found.is_plain,
        found.days,
        CASE WHEN found.j > found.n THEN 'paid_off' ELSE bucket_of(found.days) END,
        found.days > found.grace_days,
        greatest(found.m - found.j + 1, 0),
        found.due_on[found.j],
        CASE
            WHEN found.j <= found.m
                THEN found.due_cents[found.m] - greatest(found.r, coalesce(found.due_cents[found.j - 1], 0))
            ELSE 0
        END * 0.01,
        CASE
            WHEN found.j <= found.m
                THEN found.principal_cents[found.m] - found.principal_cents[found.j] + least(
                    found.principal_cents[found.j] - coalesce(found.principal_cents[found.j - 1], 0),
                    found.due_cents[found.j] - found.r
                )
            ELSE 0
        END * 0.01,
        CASE
            WHEN found.l <= found.n
                THEN found.principal_cents[found.n] - found.principal_cents[found.l] + least(
                    found.principal_cents[found.l] - coalesce(found.principal_cents[found.l - 1], 0),
                    found.due_cents[found.l] - found.r
                )
            ELSE 0
        END * 0.01,
        greatest(found.due_cents[found.n] - found.r, 0) * 0.01,
        found.received,
        found.last_entry & ((1::bigint << 40) - 1),
        DATE '1900-01-01' + (found.last_entry >> 40)::integer,
        found.due_on[found.q],
        (found.due_cents[found.q] - greatest(found.r, coalesce(found.due_cents[found.q - 1], 0))) * 0.01
    FROM (
        SELECT
            searched.*,
            greatest(searched.j, searched.m + 1) AS q,
            CASE WHEN searched.j <= searched.m THEN day - searched.due_on[searched.j] ELSE 0 END AS days
        FROM (
            SELECT
                whole.*,
                cardinality(whole.due_on) AS n,
                width_bucket(day - 1, whole.due_on) AS m,
                width_bucket(whole.r + whole.tolerance, whole.due_cents) + 1 AS j,
                width_bucket(whole.r, whole.due_cents) + 1 AS l
            FROM (
                SELECT
                    loan.id AS loan_id, product.grace_days,
                    coalesce(received.amount, 0) AS received,
                    (coalesce(received.amount, 0) * 100)::bigint AS r,
                    (product.tolerance_amount * 100)::bigint AS tolerance,
                    received.last_entry,
                    coalesce(
                        loan.bookkeeping = 'ledger'
                            AND product.kind = 'instalment'
                            AND product.settlement_order = 'fip'
                            AND NOT coalesce(received.has_steps, false)
                            AND odd.loan_id IS NULL
                            AND plan.smallest_cents > product.tolerance_amount * 100,
                        false
                    ) AS is_plain,
                    plan.due_on, plan.due_cents, plan.principal_cents
                FROM borrowers_loan AS loan
                JOIN borrowers_product AS product ON product.id = loan.product_id
                LEFT JOIN (
                    SELECT schedule.loan_id, max((schedule.version::bigint << 40) | schedule.id) AS latest
                    FROM borrowers_scheduleversion AS schedule
                    WHERE schedule.effective_on <= day
                        AND schedule.booked_at <= known
                        AND (loans IS NULL OR schedule.loan_id = ANY (loans))
                    GROUP BY schedule.loan_id
                ) AS in_force ON in_force.loan_id = loan.id
                LEFT JOIN borrowers_scheduleplan AS plan
                    ON plan.schedule_id = in_force.latest & ((1::bigint << 40) - 1)
                LEFT JOIN (
                    SELECT
                        payment.loan_id,
                        sum(payment.amount) AS amount,
                        max(((payment.effective_on - DATE '1900-01-01')::bigint << 40) | payment.id) AS last_entry,
                        bool_or(payment.reverses_id IS NOT NULL OR payment.status <> 'cleared') AS has_steps
                    FROM borrowers_payment AS payment
                    WHERE payment.effective_on <= day
                        AND payment.booked_at <= known
                        AND (loans IS NULL OR payment.loan_id = ANY (loans))
                    GROUP BY payment.loan_id
                ) AS received ON received.loan_id = loan.id
                LEFT JOIN (
                    SELECT charge.loan_id FROM borrowers_charge AS charge
                    WHERE loans IS NULL OR charge.loan_id = ANY (loans)
                    UNION
                    SELECT event.loan_id FROM borrowers_loanevent AS event
                    WHERE loans IS NULL OR event.loan_id = ANY (loans)
                ) AS odd ON odd.loan_id = loan.id
                WHERE loan.approved_on <= day
                    AND loan.booked_at <= known
                    AND (loans IS NULL OR loan.id = ANY (loans))
                OFFSET 0
            ) AS whole
            OFFSET 0
        ) AS searched
        OFFSET 0
    ) AS found
$$;

COMMENT ON FUNCTION figures_by_plan(date, timestamptz, bigint[]) IS
    'The figures of plain loans, found in one row per loan; the others are told by is_plain = false.';

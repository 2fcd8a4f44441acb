-- Cases and labels of the purpose "pays_30" for one observation day.
--
-- Grain    one row per loan that on the day was in arrears (91+ too) or had an instalment falling due within (day, last_day], as
--          it was known on that day; written-off loans are out, and those kept by snapshots, whose instalments nobody knows. With `only`, of
--          these loans alone.
-- Label    1 if payments net of reversals within (day, last_day] reach the greater of the product's tolerance and one instalment
--          (the oldest unpaid one, else the next due; never more than is outstanding), as known at `last_known`, the end of
--          the window.
-- Cost     one delinquency_as_of, one pass over the payments of the window.
WITH population AS MATERIALIZED (
    SELECT
        standing.loan_id, loan.borrower_id, standing.bucket, standing.outstanding_amount, product.tolerance_amount,
        coalesce(standing.oldest_unpaid_due_on, standing.next_due_on) AS due_on, borrower.is_simulated
    FROM delinquency_as_of(%(day)s, %(known)s) AS standing
    JOIN borrowers_loan AS loan ON loan.id = standing.loan_id
    JOIN borrowers_product AS product ON product.id = loan.product_id
    JOIN borrowers_borrower AS borrower ON borrower.id = loan.borrower_id
    WHERE is_owing(standing.bucket)
        AND standing.outstanding_amount > 0
        AND standing.measured_on IS NULL
        AND (%(only)s::bigint[] IS NULL OR standing.loan_id = ANY(%(only)s::bigint[]))
        AND (standing.days_past_due > 0 OR standing.next_due_on <= %(last_day)s)
),
in_force AS (
    SELECT DISTINCT ON (schedule.loan_id) schedule.loan_id, schedule.id
    FROM borrowers_scheduleversion AS schedule
    JOIN population ON population.loan_id = schedule.loan_id
    WHERE schedule.effective_on <= %(day)s AND schedule.booked_at <= %(known)s
    ORDER BY schedule.loan_id, schedule.version DESC
),
one_instalment AS (
    SELECT
        population.loan_id,
        sum(instalment.principal_amount + instalment.interest_amount + instalment.fee_amount) AS amount
    FROM population
    JOIN in_force ON in_force.loan_id = population.loan_id
    JOIN borrowers_instalment AS instalment
        ON instalment.schedule_id = in_force.id AND instalment.due_on = population.due_on
    GROUP BY population.loan_id
),
paid AS (
    SELECT payment.loan_id, sum(payment.amount) AS amount
    FROM borrowers_payment AS payment
    JOIN population ON population.loan_id = payment.loan_id
    WHERE payment.effective_on > %(day)s AND payment.effective_on <= %(last_day)s
        AND payment.booked_at <= %(last_known)s
        AND payment.status = 'cleared'
    GROUP BY payment.loan_id
)
SELECT
    population.loan_id,
    population.borrower_id,
    population.bucket AS segment,
    (
        coalesce(paid.amount, 0) > 0
        AND coalesce(paid.amount, 0)
            >= greatest(population.tolerance_amount, least(one_instalment.amount, population.outstanding_amount))
    )::integer AS label,
    population.is_simulated
FROM population
LEFT JOIN one_instalment ON one_instalment.loan_id = population.loan_id
LEFT JOIN paid ON paid.loan_id = population.loan_id
ORDER BY population.loan_id

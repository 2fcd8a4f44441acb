-- Cases and labels of the purpose "default" for one observation day.
--
-- Grain    one row per loan that on the day owed and was not yet 91+ days past due, as it was known on that day; with
--          `only`, of these loans alone, which a sample of large books asks for.
-- Label    bad if, within (day, last_day], the loan was 91+ days past due on any day, was written off, or got a distressed
--          restructure (a restructure or re-age agreed while it was in arrears); paid off is good. Judged by what was known at
--          `last_known`, the end of the window: what was learned later changes no label.
-- Exact    Days past due grow by one a day and fall, or jump, only with a payment, a reversal, a waiver or a new schedule. So
--          within the window they are highest on the day before such an entry or on the last day, and these are the days that
--          are asked of delinquency_of: some four per loan instead of one per day of the horizon. Those of a loan kept by
--          snapshots are asked on the day of each.
-- Leakage  none into features: labels look ahead by design, features come from loan_features for (loan, day, known).
-- Cost     one delinquency_as_of and one delinquency_of with about four cases a loan: some seconds per 100,000 loans.
WITH population AS MATERIALIZED (
    SELECT
        standing.loan_id, loan.borrower_id, standing.bucket, standing.days_past_due, borrower.is_simulated
    FROM delinquency_as_of(%(day)s, %(known)s) AS standing
    JOIN borrowers_loan AS loan ON loan.id = standing.loan_id
    JOIN borrowers_borrower AS borrower ON borrower.id = loan.borrower_id
    WHERE standing.bucket IN ('current', '1-30', '31-60', '61-90') 
        AND standing.outstanding_amount IS DISTINCT FROM 0
        AND (%(only)s::bigint[] IS NULL OR standing.loan_id = ANY(%(only)s::bigint[]))
),
schedule_change AS MATERIALIZED (
    SELECT schedule.loan_id, schedule.effective_on, schedule.reason IN ('restructure', 're_age') AS is_concession
    FROM borrowers_scheduleversion AS schedule
    JOIN population ON population.loan_id = schedule.loan_id
    WHERE schedule.effective_on > %(day)s AND schedule.effective_on <= %(last_day)s
        AND schedule.booked_at <= %(last_known)s
),
peak AS (
    SELECT payment.loan_id, payment.effective_on - 1 AS day
    FROM borrowers_payment AS payment
    JOIN population ON population.loan_id = payment.loan_id
    WHERE payment.effective_on > %(day)s + 1 AND payment.effective_on <= %(last_day)s
        AND payment.booked_at <= %(last_known)s
    UNION
    SELECT waiver.loan_id, waiver.effective_on - 1
    FROM borrowers_charge AS waiver
    JOIN population ON population.loan_id = waiver.loan_id
    WHERE waiver.waives_id IS NOT NULL
        AND waiver.effective_on > %(day)s + 1 AND waiver.effective_on <= %(last_day)s
        AND waiver.booked_at <= %(last_known)s
    UNION
    SELECT snapshot.loan_id, snapshot.as_of
    FROM borrowers_balancesnapshot AS snapshot
    JOIN population ON population.loan_id = snapshot.loan_id
    WHERE snapshot.as_of > %(day)s AND snapshot.as_of <= %(last_day)s AND snapshot.booked_at <= %(last_known)s
    UNION
    SELECT loan_id, effective_on - 1 FROM schedule_change WHERE effective_on > %(day)s + 1
    UNION
    SELECT loan_id, %(last_day)s::date FROM population
),
ahead AS MATERIALIZED (
    SELECT figure.loan_id, figure.as_of, figure.days_past_due
    FROM (SELECT array_agg(loan_id) AS loans, array_agg(day) AS days FROM peak) AS wanted
    CROSS JOIN LATERAL delinquency_of(
        wanted.loans, wanted.days, array_fill(%(last_known)s::timestamptz, ARRAY[cardinality(wanted.loans)])
    ) AS figure
    WHERE figure.days_past_due > 0
)
SELECT
    population.loan_id,
    population.borrower_id,
    population.bucket AS segment,
    (
        EXISTS (
            SELECT
            FROM borrowers_loanevent AS event
            WHERE event.loan_id = population.loan_id AND event.kind = 'written_off'
                AND event.effective_on > %(day)s AND event.effective_on <= %(last_day)s
                AND event.booked_at <= %(last_known)s
                AND NOT EXISTS (
                    SELECT FROM borrowers_loanevent AS revocation
                    WHERE revocation.revokes_id = event.id AND revocation.effective_on <= %(last_day)s
                        AND revocation.booked_at <= %(last_known)s
                )
        )
        OR EXISTS (SELECT FROM ahead WHERE ahead.loan_id = population.loan_id AND ahead.days_past_due >= 91)
        OR EXISTS (
            SELECT
            FROM schedule_change
            LEFT JOIN ahead ON ahead.loan_id = schedule_change.loan_id AND ahead.as_of = schedule_change.effective_on - 1
            WHERE schedule_change.loan_id = population.loan_id AND schedule_change.is_concession
                AND (
                    ahead.loan_id IS NOT NULL
                    OR (schedule_change.effective_on = %(day)s + 1 AND population.days_past_due > 0)
                )
        )
    )::integer AS label,
    population.is_simulated
FROM population
ORDER BY population.loan_id

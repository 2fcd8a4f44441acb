-- Where the loans of one month end stood at a later one.
-- Grain:   one row per currency, pair of month ends, band at the first and state at the second. A band is its place among the
--          bands (0 is current); a state is a band, paid_off, written_off, sold, closed, or left where no snapshot follows.
-- Fresh:   a loan kept by the lender's snapshots counts in the months in which it was told of; an old figure is no observation.
-- Base:    loans that owe at the first month end of a pair; pairs whose second month end was not kept are absent. The balance is
--          outstanding principal (a snapshot's balance where it has none) at the FIRST month end; NULL where no loan has one.
-- Cost:    two passes over the snapshots of the months asked for, joined by loan: loans x months.
-- Leakage: none: each snapshot holds what was known when its month ended.
WITH pair AS (
    SELECT from_day, to_day
    FROM unnest(%(from_days)s::date[], %(to_days)s::date[]) AS pair (from_day, to_day)
    WHERE EXISTS (SELECT FROM borrowers_monthendsnapshot AS kept WHERE kept.as_of = pair.to_day)
)
SELECT
    loan.currency,
    pair.from_day,
    pair.to_day,
    width_bucket(before.days_past_due, %(lower_edges)s::integer[]) AS band,
    CASE
        WHEN after.loan_id IS NULL OR after.bucket = 'unknown' THEN 'left'
        WHEN after.bucket IN ('written_off', 'sold', 'closed') THEN after.bucket
        WHEN after.measured_on < date_trunc('month', pair.to_day) THEN 'left'
        WHEN NOT is_owing(after.bucket) THEN after.bucket
        ELSE width_bucket(after.days_past_due, %(lower_edges)s::integer[])::text
    END AS state,
    count(*) AS n_loans,
    count(coalesce(before.outstanding_principal_amount, before.outstanding_amount)) AS n_with_amount,
    sum(coalesce(before.outstanding_principal_amount, before.outstanding_amount)) AS balance_amount
FROM pair
JOIN borrowers_monthendsnapshot AS before
    ON before.as_of = pair.from_day AND is_owing(before.bucket)
    AND (before.measured_on IS NULL OR before.measured_on >= date_trunc('month', pair.from_day))
JOIN loans_asked_for(%(currency)s, %(product)s, %(team)s, %(segment)s, %(segment_value)s) AS loan
    ON loan.id = before.loan_id
LEFT JOIN borrowers_monthendsnapshot AS after ON after.as_of = pair.to_day AND after.loan_id = before.loan_id
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 4, 5

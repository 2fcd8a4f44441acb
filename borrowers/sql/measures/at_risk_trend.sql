-- Portfolio at risk and arrears at month ends.
-- Grain:   one row per currency and month end.
-- Base:    gross outstanding principal of loans that owe at that month end; a snapshot's balance
--          where it has no principal. An amount is NULL where no loan has it.
-- Cost:    one pass over the snapshots of the months asked for, loans x months.
-- Leakage: none: each snapshot holds what was known when its month ended, so a payment booked later does not mend the past.
WITH standing AS (
    SELECT
        loan_id, as_of, days_past_due, overdue_principal_amount,
        coalesce(outstanding_principal_amount, outstanding_amount) AS principal_amount
    FROM borrowers_monthendsnapshot
    WHERE as_of > %(after)s AND as_of < %(before)s AND is_owing(bucket)
)
SELECT
    loan.currency,
    standing.as_of,
    count(*) - count(standing.principal_amount) AS n_without_amount,
    sum(standing.principal_amount) AS principal_amount,
    sum(standing.overdue_principal_amount) AS overdue_principal_amount,
    sum(CASE WHEN standing.days_past_due > 30 THEN standing.principal_amount ELSE 0 * standing.principal_amount END)
        AS over_30_amount,
    sum(CASE WHEN standing.days_past_due > 60 THEN standing.principal_amount ELSE 0 * standing.principal_amount END)
        AS over_60_amount,
    sum(CASE WHEN standing.days_past_due > 90 THEN standing.principal_amount ELSE 0 * standing.principal_amount END)
        AS over_90_amount
FROM standing
JOIN loans_asked_for(%(currency)s, %(product)s, %(team)s, %(segment)s, %(segment_value)s) AS loan
    ON loan.id = standing.loan_id
GROUP BY loan.currency, standing.as_of
ORDER BY loan.currency, standing.as_of
